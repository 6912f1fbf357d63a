//! Automated clients, told by labels, challenges, user agents or fingerprints.

use wafwatch_windows::summary::Dimension;

use super::contains_any;
use crate::analyst::Cause;
use crate::analyst::builtin::figures::{Figures, Known, Matching, ratio, share};
use crate::analyst::builtin::hypothesis::{Effect, Hypothesis, confidence};
use crate::analyst::builtin::words::{listed, mean, percent, shown};

const LEAST_EXCESS: f64 = 20.0;
const LEAST_GROWTH: f64 = 1.5;
/// Of a crowd of people each one is challenged once, mostly for one of several requests.
const MOSTLY_CHALLENGED: f64 = 0.7;
/// Parts of labels and rule names of bot control, in lower case.
const BOT_CONTROL: &[&str] = &["bot-control:", "botcontrol", "bot_control", "tgt_"];
/// Labels of bot control that speak for a client.
const GOOD_BOTS: &[&str] = &["bot:verified", "token:accepted"];
/// Parts of user agents of programs, in lower case.
const AUTOMATION: &[&str] = &[
    "curl/",
    "wget/",
    "python",
    "go-http-client",
    "java/",
    "okhttp",
    "libwww",
    "scrapy",
    "httpx",
    "aiohttp",
    "axios",
    "node-fetch",
    "headless",
    "selenium",
    "phantomjs",
    "puppeteer",
    "playwright",
    "bot",
    "crawler",
    "spider",
];

/// The part of the excess that one kind of sign explains.
struct Sign {
    explained: f64,
    words: String,
}

/// Automated clients make up what is beyond the usual.
pub(super) fn bot_surge(figures: &Figures<'_>) -> Option<Hypothesis> {
    let has_grown = figures.growth()? >= LEAST_GROWTH && figures.excess() >= LEAST_EXCESS;
    if !has_grown {
        return None;
    }
    let agents = figures.matching(Dimension::UserAgent, |agent| {
        contains_any(agent, AUTOMATION)
    });
    let of_each_client = signs_of_each_client(figures);
    let clients = sign(figures, &agents, "programs name themselves");
    let fingerprint = dominating_fingerprint(figures);

    // Bot control and challenges are the strongest signs, a user agent the weakest: anybody may use curl.
    let strongest_sign = (0.4 * explained(&of_each_client))
        .max(0.25 * explained(&clients))
        .max(0.3 * explained(&fingerprint));
    if strongest_sign < 0.1 {
        return None;
    }
    let mut score = 0.3 + strongest_sign;
    let signs = of_each_client.into_iter().chain(clients).chain(fingerprint);
    let signs: Vec<Sign> = signs.collect();
    score += 0.08 * (signs.len() as f64 - 1.0);
    let busiest = figures.busiest_address().map_or(0.0, |(address, count)| {
        figures.address_excess(address, count)
    });
    if ratio(busiest, figures.excess()) >= 0.5 {
        // One client is a flood or a scan, not a surge of bots.
        score -= 0.2;
    }
    let words: Vec<&str> = signs.iter().map(|sign| sign.words.as_str()).collect();
    let reason = format!(
        "{} requests per window, usually {}: {}.",
        mean(figures.rate()),
        mean(figures.before.total),
        words.join("; "),
    );
    let paths: Vec<&str> = figures
        .values(Dimension::Uri)
        .take(3)
        .map(|value| value.key.as_str())
        .collect();
    let actions = vec![
        format!(
            "decide which of these clients are welcome (search engines, partners, monitors); what \
             they want most: {}",
            listed(paths, 3)
        ),
        "put AWSManagedRulesBotControlRuleSet to Challenge for the unwelcome categories, first \
         with a Count override and a scope-down statement on these paths"
            .to_owned(),
        "add a rate-based rule that aggregates on the JA4 fingerprint or the user agent instead of \
         the client IP"
            .to_owned(),
    ];
    Some(Hypothesis {
        cause: Cause::BotSurge,
        confidence: confidence(score, 0.88),
        reason,
        effect: Effect::Attack {
            stopped: figures.stopped(),
        },
        actions,
    })
}

/// The part of what is beyond the usual that bot control or challenges tell to be bots, client by client. What
/// takes many addresses for a flood or a crowd has to give way to it.
pub(super) fn told_to_be_bots(figures: &Figures<'_>) -> f64 {
    explained(&signs_of_each_client(figures))
}

fn signs_of_each_client(figures: &Figures<'_>) -> Vec<Sign> {
    let signs = [bot_control(figures), challenged(figures)];
    signs.into_iter().flatten().collect()
}

/// What the strongest of `signs` explains.
fn explained<'s>(signs: impl IntoIterator<Item = &'s Sign>) -> f64 {
    let explained = signs.into_iter().map(|sign| sign.explained);
    explained.fold(0.0, f64::max)
}

fn bot_control(figures: &Figures<'_>) -> Option<Sign> {
    let labels = figures.matching(Dimension::Label, |label| {
        contains_any(label, BOT_CONTROL) && !contains_any(label, GOOD_BOTS)
    });
    let rules = figures.matching(Dimension::Rule, |rule| contains_any(rule, BOT_CONTROL));
    sign(figures, &strongest(labels, rules), "bot control matched")
}

fn strongest<'e>(first: Matching<'e>, second: Matching<'e>) -> Matching<'e> {
    if second.excess() > first.excess() {
        return second;
    }
    first
}

/// The share of the excess that `matching` explains. A request may carry several labels, so their
/// sum is held at all of it.
fn sign(figures: &Figures<'_>, matching: &Matching<'_>, what: &str) -> Option<Sign> {
    let rose = figures.share_rose(matching.during, matching.expected);
    if matching.excess() < LEAST_EXCESS || !rose {
        return None;
    }
    let explained = ratio(matching.excess(), figures.excess());
    let words = format!(
        "{what}: {} explain {} of the excess (usually {} per window)",
        listed(matching.names.iter().copied(), 3),
        percent(explained),
        mean(matching.expected / figures.windows),
    );
    Some(Sign { explained, words })
}

/// Requests that were answered with a challenge or a CAPTCHA. Browsers pass when they load a page, and are not
/// asked again for minutes; clients of which most requests are challenged do not pass.
fn challenged(figures: &Figures<'_>) -> Option<Sign> {
    let during = figures.during.challenged();
    let before = figures.before.challenged;
    let excess = during as f64 - before * figures.windows;
    let now = share(during, figures.during.total);
    if excess < LEAST_EXCESS || now < MOSTLY_CHALLENGED {
        return None;
    }
    let explained = ratio(excess, figures.excess());
    let words = format!(
        "{} of all requests were answered with a challenge or a CAPTCHA (usually {}), which most browsers pass",
        percent(now),
        percent(ratio(before, figures.before.total)),
    );
    Some(Sign { explained, words })
}

/// One TLS fingerprint whose share of all requests rose by at least 40 points.
fn dominating_fingerprint(figures: &Figures<'_>) -> Option<Sign> {
    if figures.before.known != Known::Mix {
        return None;
    }
    let fingerprints = figures
        .values(Dimension::Ja4)
        .chain(figures.values(Dimension::Ja3));
    fingerprints
        .filter_map(|value| {
            let now = share(value.during, figures.during.total);
            let before = ratio(value.before_per_window, figures.before.total);
            let rise = now - before;
            (rise >= 0.4).then(|| Sign {
                explained: ratio(
                    value.during as f64 - figures.expected(value),
                    figures.excess(),
                ),
                words: format!(
                    "one TLS fingerprint makes up {} of all requests, usually {}: {}",
                    percent(now),
                    percent(before),
                    shown(&value.key)
                ),
            })
        })
        .max_by(|a, b| a.explained.total_cmp(&b.explained))
}

#[cfg(test)]
#[path = "bots_tests.rs"]
mod tests;
