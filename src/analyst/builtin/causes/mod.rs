//! The causes that the built-in analyst knows, each family in a file of its own.
//!
//! A rule is a function from [`Figures`] to an optional [`Hypothesis`]. It says nothing where the
//! evidence lacks what it needs. The weights in it are judgements, written where they are used:
//! what a cause must show, what makes it likelier, and the most that its kind of evidence can say.
//! Content (which rules matched, which paths were asked for) may say more than volume can, so that
//! an attack from one address is told by what it tried rather than by how much it sent.

use super::figures::Figures;
use super::hypothesis::Hypothesis;

mod bots;
mod credentials;
mod crowd;
mod flood;
mod outage;
mod rule_change;
mod scanner;
mod signatures;
mod usual;

/// A rule that may explain evidence.
pub(super) type Rule = fn(&Figures<'_>) -> Option<Hypothesis>;

/// Every rule. Among equally confident ones the earlier wins.
pub(super) const RULES: [Rule; 11] = [
    outage::outage_or_logging_gap,
    signatures::known_bad_inputs,
    signatures::injection_attempts,
    signatures::admin_probing,
    credentials::credential_stuffing,
    scanner::scanner,
    rule_change::rule_began_to_block,
    bots::bot_surge,
    flood::single_source,
    flood::distributed,
    crowd::benign_crowd,
];

/// Whether `text` contains one of `fragments`, which are lower case.
fn contains_any(text: &str, fragments: &[&str]) -> bool {
    let lower = text.to_ascii_lowercase();
    fragments.iter().any(|fragment| lower.contains(fragment))
}
