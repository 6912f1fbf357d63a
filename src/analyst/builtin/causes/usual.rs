//! Whether what a rule blocks looks like the requests of every day.

use wafwatch_windows::summary::{Dimension, RuleProfile};

use crate::analyst::builtin::figures::{Figures, Known, share};

/// How usual the requests are that a rule blocked.
pub(super) struct Usual {
    /// Share of them for paths that were asked for before.
    pub known_paths: f64,
    /// Share of them from addresses that came before.
    pub known_addresses: f64,
    /// Addresses among the most blocked ones.
    pub addresses: usize,
    /// Share of the most blocked address.
    pub top_address: f64,
}

impl Usual {
    pub(super) fn of(figures: &Figures<'_>, rule: &RuleProfile) -> Self {
        let top = rule.addresses.first().map_or(0, |item| item.lower);
        Self {
            known_paths: figures.share_known_before(Dimension::Uri, &rule.uris),
            known_addresses: figures.share_known_before(Dimension::ClientAddress, &rule.addresses),
            addresses: rule.addresses.len(),
            top_address: share(top, rule.blocked.lower),
        }
    }

    /// Whether the same people as before ask for the same things as before.
    pub(super) fn is_everyday_traffic(&self, figures: &Figures<'_>) -> bool {
        keeps_its_volume(figures)
            && self.known_paths >= 0.8
            && self.known_addresses >= 0.5
            && self.addresses >= 3
            && self.top_address <= 0.5
    }
}

/// Whether about as many requests arrive as before.
pub(super) fn keeps_its_volume(figures: &Figures<'_>) -> bool {
    let usual = figures
        .growth()
        .is_some_and(|growth| (0.5..=1.5).contains(&growth));
    usual && figures.before.known == Known::Mix
}
