//! More people than usual who do what people usually do.

use wafwatch_windows::summary::Dimension;

use super::bots::told_to_be_bots;
use crate::analyst::Cause;
use crate::analyst::builtin::figures::{Figures, Known, ratio};
use crate::analyst::builtin::hypothesis::{Effect, Hypothesis, confidence};
use crate::analyst::builtin::mix;
use crate::analyst::builtin::words::{listed, mean, percent};
use crate::detect::Mix;

const LEAST_GROWTH: f64 = 1.5;
const LEAST_EXCESS: f64 = 20.0;

/// The volume is up; paths, countries, clients and actions mix as before; nobody stands out.
pub(super) fn benign_crowd(figures: &Figures<'_>) -> Option<Hypothesis> {
    let growth = figures.growth()?;
    if figures.before.known != Known::Mix || growth < LEAST_GROWTH {
        return None;
    }
    let busiest = figures.busiest_address().map_or(0, |(_, count)| count) as f64;
    let busiest_share = ratio(busiest, figures.during.total as f64);
    let address_growth = figures.distinct_addresses / figures.before.distinct_addresses.max(1.0);
    // People bring their own addresses: each sends about what a visitor usually sends.
    let per_address_growth = growth / address_growth.max(f64::MIN_POSITIVE);
    let blocked_rise = figures.blocked_share_rise();
    let is_crowd = figures.excess() >= LEAST_EXCESS
        && per_address_growth <= 2.0
        && busiest_share < 0.2
        && blocked_rise <= 0.05;
    if !is_crowd {
        return None;
    }
    let uris = mix::shift(figures, Dimension::Uri);
    let countries = mix::shift(figures, Dimension::Country);
    let user_agents = mix::shift(figures, Dimension::UserAgent);
    // A crowd may come for one page. Who they are must be what it was.
    let people = countries.unwrap_or(0.15).max(user_agents.unwrap_or(0.15));
    let pages = uris.unwrap_or(0.15);
    if people > 0.3 || pages > 0.7 {
        return None;
    }
    let (doubt, told) = detected(figures.evidence.event.incident.mix);
    let bots = told_to_be_bots(figures);
    let score =
        0.92 - doubt - 0.5 * bots - 1.2 * people - 0.5 * pages - 2.0 * blocked_rise.max(0.0);
    let moved = |shift: Option<f64>| shift.map_or("unknown".to_owned(), percent);
    let reason = format!(
        "{} requests per window from about {} addresses, usually {} from {}: volume grew {} times, \
         requests per address {} times; the mix moved by {} (paths), {} (countries) and {} (user \
         agents); {} were blocked, usually {}; the busiest address sent {}.{told}",
        mean(figures.rate()),
        mean(figures.distinct_addresses),
        mean(figures.before.total),
        mean(figures.before.distinct_addresses),
        mean(growth),
        mean(per_address_growth),
        moved(uris),
        moved(countries),
        moved(user_agents),
        percent(figures.during.blocked_ratio()),
        percent(figures.before.blocked_share),
        percent(busiest_share),
    );
    let top_uris: Vec<&str> = figures
        .values(Dimension::Uri)
        .take(3)
        .map(|value| value.key.as_str())
        .collect();
    let actions = vec![
        "no rule needs to change: ask whether a campaign, a release or a news item explains it"
            .to_owned(),
        format!(
            "watch the capacity and the latency of the origin, first for {}",
            listed(top_uris, 3)
        ),
        "check that no rate-based rule comes near its limit for shared addresses (offices, mobile \
         networks)"
            .to_owned(),
    ];
    Some(Hypothesis {
        cause: Cause::BenignCrowd,
        confidence: confidence(score, 0.92),
        reason,
        effect: Effect::Harmless,
        actions,
    })
}

/// The doubt that the detector's comparison raises, and how that is told. It knows how shares usually vary at this
/// hour, which the windows just before the incident cannot show; but it follows few paths, and neither countries
/// nor clients, so that an unchanged mix is no reason to be surer.
fn detected(mix: Mix) -> (f64, &'static str) {
    match mix {
        Mix::Unknown => (0.0, ""),
        Mix::Unchanged => (
            0.0,
            " The detector found the shares of blocked requests and of addresses as they usually vary.",
        ),
        Mix::Changed => (
            0.3,
            " The detector found other shares of blocked requests, addresses or paths than usual.",
        ),
    }
}

#[cfg(test)]
#[path = "crowd_tests.rs"]
mod tests;
