//! Many attempts against a login path.

use wafwatch_windows::summary::Dimension;

use super::contains_any;
use crate::analyst::Cause;
use crate::analyst::builtin::figures::{Figures, ratio, share};
use crate::analyst::builtin::hypothesis::{Effect, Hypothesis, confidence};
use crate::analyst::builtin::words::{listed, mean, percent};

const LEAST_EXCESS: f64 = 20.0;
/// Parts of login paths, in lower case.
const LOGIN: &[&str] = &[
    "login", "log-in", "logon", "signin", "sign-in", "sign_in", "/auth", "oauth", "/session",
    "/token", "password", "/sso",
];
/// Parts of the names of rules and labels that see stolen or guessed credentials.
const TAKEOVER: &[&str] = &["atpruleset", "managed:aws:atp", "acfpruleset"];

/// Requests for login paths rose, and with them the share of POST.
pub(super) fn credential_stuffing(figures: &Figures<'_>) -> Option<Hypothesis> {
    let logins = figures.matching(Dimension::Uri, |uri| contains_any(uri, LOGIN));
    let excess = logins.excess();
    let login_share = share(logins.during, figures.during.total);
    let share_before = ratio(logins.expected / figures.windows, figures.before.total);
    let has_risen = logins.during as f64 >= 3.0 * logins.expected
        && figures.share_rose(logins.during, logins.expected);
    if excess < LEAST_EXCESS || !has_risen {
        return None;
    }
    let posts = figures.matching(Dimension::Method, |method| {
        method.eq_ignore_ascii_case("POST")
    });
    let post_share = share(posts.during, figures.during.total);
    let post_share_before = ratio(posts.expected / figures.windows, figures.before.total);
    let posts_explain_logins = posts.excess() >= 0.5 * excess;
    let takeover_rules = figures.matching(Dimension::Rule, |rule| contains_any(rule, TAKEOVER));
    let takeover_labels = figures.matching(Dimension::Label, |label| contains_any(label, TAKEOVER));
    let explained = ratio(excess, figures.unusual());
    let mut score = 0.3 + 0.35 * explained;
    if posts_explain_logins && post_share > post_share_before {
        score += 0.2;
    } else {
        score -= 0.15;
    }
    if takeover_rules.excess() + takeover_labels.excess() > 0.0 {
        score += 0.1;
    }
    let blocked = figures.matching(Dimension::BlockedUri, |uri| contains_any(uri, LOGIN));
    let stopped = share(blocked.during, logins.during);
    let reason = format!(
        "{} requests for {} (usually {} per window): {} of all, usually {}; POST makes up {}, \
         usually {}; about {} addresses take part; {} were blocked.",
        logins.during,
        listed(logins.names.iter().copied(), 3),
        mean(logins.expected / figures.windows),
        percent(login_share),
        percent(share_before),
        percent(post_share),
        percent(post_share_before),
        mean(figures.distinct_addresses),
        percent(stopped),
    );
    let paths = listed(logins.names.iter().copied(), 3);
    let actions = vec![
        format!(
            "look at failed and successful logins of the application during this time: {paths}"
        ),
        format!("add a rate-based rule with a scope-down statement on {paths} and method POST"),
        "consider CAPTCHA or Challenge on the login form, and the account takeover prevention \
         rule group (AWSManagedRulesATPRuleSet)"
            .to_owned(),
        "reset the password of accounts that were logged into from the addresses of this report"
            .to_owned(),
    ];
    Some(Hypothesis {
        cause: Cause::CredentialStuffing,
        confidence: confidence(score, 0.93),
        reason,
        effect: Effect::Attack { stopped },
        actions,
    })
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
