//! Few addresses try very many paths, or paths that nobody but a scanner asks for.
//!
//! How many distinct paths an address asked for is not kept. But if its most frequent path
//! occurred at most `u` times in `n` requests, it asked for at least `n / u` distinct ones.

use wafwatch_windows::summary::{AddressProfile, Dimension};

use super::contains_any;
use crate::analyst::Cause;
use crate::analyst::builtin::figures::{Figures, ratio, share};
use crate::analyst::builtin::hypothesis::{Effect, Hypothesis, confidence};
use crate::analyst::builtin::words::{counted, listed, percent, shown};

/// An address that asked for fewer distinct paths is a scanner only by what it probed.
const LEAST_PATHS: u64 = 20;
/// Different probes, requests for them, and their part of what the address asked for and of all that is unusual: a few
/// are the noise of every public site, and must not name what happens beside them.
const LEAST_PROBES: usize = 3;
const LEAST_PROBING: u64 = 20;
const LEAST_PROBING_SHARE: f64 = 0.1;
/// Scans come from few addresses.
const FEW_ADDRESSES: usize = 5;
/// Paths that only a scanner asks for, in lower case.
const PROBED: &[&str] = &[
    "/.env",
    "/.git",
    "/.aws",
    "/.ssh",
    "/.svn",
    "/.ds_store",
    "/wp-",
    "phpinfo",
    "/cgi-bin",
    "/actuator",
    "/vendor/",
    ".bak",
    ".sql",
    ".zip",
    ".tar",
    "backup",
    "/server-status",
    "/config.",
    "/etc/passwd",
    "/boaform",
    "/hnap1",
    "/owa/",
    "xmlrpc",
];

/// An address with the distinct paths that it asked for, at least.
struct Scan<'e> {
    profile: &'e AddressProfile,
    paths: u64,
    /// Requests for paths that only a scanner asks for, as far as they are listed.
    probing: u64,
}

/// Few addresses ask for mostly distinct paths, or probe.
pub(super) fn scanner(figures: &Figures<'_>) -> Option<Hypothesis> {
    // Scans add requests: where they are missing, another thing happened.
    if figures.shortfall().is_some() {
        return None;
    }
    let profiles = figures.evidence.addresses.iter();
    let mut scans: Vec<Scan<'_>> = profiles
        .filter_map(|profile| scan(figures, profile))
        .collect();
    scans.sort_by_key(|scan| std::cmp::Reverse(scan.paths));
    if scans.is_empty() || scans.len() > FEW_ADDRESSES {
        return None;
    }
    let requests: u64 = scans.iter().map(|scan| scan.profile.total.lower).sum();
    let blocked: u64 = scans.iter().map(|scan| scan.profile.blocked.lower).sum();
    let paths: u64 = scans.iter().map(|scan| scan.paths).sum();
    let distinct = share(paths, requests);
    let explained = ratio(requests as f64, figures.unusual());
    let probed = figures.matching(Dimension::Uri, |uri| contains_any(uri, PROBED));
    let probing: u64 = scans.iter().map(|scan| scan.probing).sum();
    let telling = distinct.max(share(probing, requests));
    let mut score = 0.3 + 0.25 * telling + 0.25 * explained;
    if probed.during as f64 >= 3.0 * probed.expected.max(1.0) {
        score += 0.1;
    }
    let names = scans.iter().map(|scan| scan.profile.address.as_str());
    let names = listed(names, FEW_ADDRESSES);
    let mut reason = format!(
        "{names} asked for at least {} in {}, {} of what is beyond the usual",
        counted(paths, "distinct path"),
        counted(requests, "request"),
        percent(explained),
    );
    if !probed.names.is_empty() {
        reason.push_str(&format!(
            ", among them {}",
            listed(probed.names.iter().copied(), 4)
        ));
    }
    reason.push_str(&format!(
        "; {} of its requests were blocked.",
        percent(share(blocked, requests))
    ));
    let agents = scans
        .iter()
        .flat_map(|scan| &scan.profile.user_agents)
        .next();
    let mut actions = vec![
        format!(
            "check whether {names} is a scan that you ordered; if not, add it to an IP set that a \
             block rule references, with an expiry"
        ),
        "add a rate-based rule with a scope-down statement on the paths that do not exist, or on \
         the labels of the known bad inputs group"
            .to_owned(),
        "make sure that none of the probed files exists on the origin".to_owned(),
    ];
    if let Some(agent) = agents {
        actions.push(format!(
            "if the user agent is not used by anybody else, match it in Count first: {}",
            shown(&agent.key)
        ));
    }
    Some(Hypothesis {
        cause: Cause::Scanner,
        confidence: confidence(score, 0.92),
        reason,
        effect: Effect::Attack {
            stopped: share(blocked, requests),
        },
        actions,
    })
}

fn scan<'e>(figures: &Figures<'e>, profile: &'e AddressProfile) -> Option<Scan<'e>> {
    let most_frequent = profile.uris.iter().map(|uri| uri.upper).max()?;
    let total = profile.total.lower;
    let is_usual = |before: f64, during: u64| before * figures.windows >= during as f64 / 3.0;
    if is_usual(
        figures.rate_before(Dimension::ClientAddress, &profile.address),
        total,
    ) {
        return None;
    }
    let listed = profile.uris.iter().filter(|uri| uri.lower > 0);
    let paths = total.div_ceil(most_frequent.max(1));
    let paths = paths.max(listed.clone().count() as u64);
    // What visitors of this site ask for is no probe here.
    let probes = listed.filter(|uri| {
        let before = figures.rate_before(Dimension::Uri, &uri.key);
        contains_any(&uri.key, PROBED) && !is_usual(before, uri.lower)
    });
    let probing = probes.clone().map(|uri| uri.lower).sum();
    let is_probing = probes.count() >= LEAST_PROBES
        && probing >= LEAST_PROBING
        && share(probing, total) >= LEAST_PROBING_SHARE
        && ratio(probing as f64, figures.unusual()) >= LEAST_PROBING_SHARE;
    let is_scan = is_probing || (paths >= LEAST_PATHS && share(paths, total) >= 0.2);
    is_scan.then_some(Scan {
        profile,
        paths,
        probing,
    })
}

#[cfg(test)]
#[path = "scanner_tests.rs"]
mod tests;
