//! What goes with one value, as far as windows keep pairs.
//!
//! A summary keeps, for its top addresses, their paths, rules, countries, agents and labels, and for the
//! rules that blocked most, what they blocked. That can be read from either end:
//!
//! | the value | lists |
//! | --- | --- |
//! | an address | its paths, rules, countries, agents, labels |
//! | a rule | the paths, addresses, countries that it blocked |
//! | a path, country, agent, label | the addresses whose profiles list it |
//! | a blocked path or country | the rules whose profiles list it |
//!
//! What a profile does not tell is bounded all the same: a pair occurred at most as often as either of
//! its values did, and a value that a profile's list lacks at most as often as the least upper bound in
//! that list. So the bounds stay true in windows that hold no profile of the value at all.

use std::borrow::Cow;
use std::collections::BTreeMap;

use wafwatch_windows::range::MergedLists;
use wafwatch_windows::summary::{
    AddressProfile, CountBounds, Dimension, RuleProfile, Summary, TopItem,
};

/// What goes with one value over a range.
pub(super) struct Filtered {
    dimension: Dimension,
    key: String,
    lists: BTreeMap<Dimension, MergedLists<'static>>,
    pub total: CountBounds,
    /// Blocked and allowed, of an address.
    pub outcomes: Option<(CountBounds, CountBounds)>,
    /// Windows that keep a profile that speaks of the value.
    pub profiled_windows: u64,
}

/// Dimensions whose values can be asked for.
pub(super) fn is_kept(dimension: Dimension) -> bool {
    !answers(dimension).is_empty()
}

/// The dimensions that answer a question for a value of `dimension`.
fn answers(dimension: Dimension) -> &'static [Dimension] {
    match dimension {
        Dimension::ClientAddress => &[
            Dimension::Rule,
            Dimension::Uri,
            Dimension::Country,
            Dimension::UserAgent,
            Dimension::Label,
        ],
        Dimension::Rule => &[
            Dimension::ClientAddress,
            Dimension::BlockedUri,
            Dimension::BlockedCountry,
        ],
        Dimension::Uri | Dimension::Country | Dimension::UserAgent | Dimension::Label => {
            &[Dimension::ClientAddress]
        }
        Dimension::BlockedUri | Dimension::BlockedCountry => &[Dimension::Rule],
        _ => &[],
    }
}

impl Filtered {
    pub(super) fn new(dimension: Dimension, key: String) -> Self {
        Self {
            dimension,
            key,
            lists: BTreeMap::new(),
            total: CountBounds::default(),
            outcomes: (dimension == Dimension::ClientAddress).then(Default::default),
            profiled_windows: 0,
        }
    }

    pub(super) fn dimension(&self) -> Dimension {
        self.dimension
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn take_lists(
        &mut self,
        dimensions: &[Dimension],
    ) -> BTreeMap<Dimension, MergedLists<'static>> {
        let mut lists = std::mem::take(&mut self.lists);
        lists.retain(|dimension, list| dimensions.contains(dimension) && !list.is_empty());
        lists
    }

    /// Adds what one window tells of the value.
    pub(super) fn add(&mut self, summary: Summary) {
        let known = summary.top.get(&self.dimension).map(|list| {
            let item = list.items.iter().find(|item| item.key == self.key);
            item.map_or_else(
                || CountBounds::at_most(list.largest_unlisted()),
                TopItem::bounds,
            )
        });
        let known = known.unwrap_or_default();
        match self.dimension {
            Dimension::ClientAddress => self.add_address(summary, known),
            Dimension::Rule => self.add_rule(summary, known),
            Dimension::BlockedUri | Dimension::BlockedCountry => self.add_rules(summary, known),
            _ => self.add_addresses(summary, known),
        }
    }

    fn add_address(&mut self, summary: Summary, known: CountBounds) {
        let mut profiles = summary.addresses.into_iter();
        let Some(profile) = profiles.find(|profile| profile.address == self.key) else {
            let unknown = CountBounds::at_most(known.upper);
            return self.add_nothing(known, (unknown, unknown));
        };
        self.profiled_windows += 1;
        let total = profile.total;
        self.add_total(total, (profile.blocked, profile.allowed));
        for (dimension, items) in [
            (Dimension::Rule, profile.rules),
            (Dimension::Uri, profile.uris),
            (Dimension::Country, profile.countries),
            (Dimension::UserAgent, profile.user_agents),
            (Dimension::Label, profile.labels),
        ] {
            self.add_profile(dimension, items, total.upper);
        }
    }

    fn add_rule(&mut self, summary: Summary, known: CountBounds) {
        let mut profiles = summary.rules.into_iter();
        let Some(profile) = profiles.find(|profile| profile.rule == self.key) else {
            return self.add_nothing(known, Default::default());
        };
        self.profiled_windows += 1;
        let blocked = profile.blocked;
        self.add_total(blocked, Default::default());
        for (dimension, items) in [
            (Dimension::ClientAddress, profile.addresses),
            (Dimension::BlockedUri, profile.uris),
            (Dimension::BlockedCountry, profile.countries),
        ] {
            self.add_profile(dimension, items, blocked.upper);
        }
    }

    fn add_addresses(&mut self, summary: Summary, known: CountBounds) {
        let dimension = self.dimension;
        let profiles = summary.addresses.into_iter();
        let pairs = profiles.filter_map(|profile| {
            let bounds = listed(items_of_address(&profile, dimension), &self.key)?;
            Some((Cow::Owned(profile.address), bounds))
        });
        self.add_pairs(Dimension::ClientAddress, pairs.collect(), known);
    }

    fn add_rules(&mut self, summary: Summary, known: CountBounds) {
        let dimension = self.dimension;
        let profiles = summary.rules.into_iter();
        let pairs = profiles.filter_map(|profile| {
            let bounds = listed(items_of_rule(&profile, dimension), &self.key)?;
            Some((Cow::Owned(profile.rule), bounds))
        });
        self.add_pairs(Dimension::Rule, pairs.collect(), known);
    }

    fn add_pairs(
        &mut self,
        dimension: Dimension,
        pairs: Vec<(Cow<'static, str>, CountBounds)>,
        known: CountBounds,
    ) {
        self.profiled_windows += u64::from(!pairs.is_empty());
        self.total = self.total.plus(known);
        let list = self.lists.entry(dimension).or_default();
        list.add(pairs, known.upper);
    }

    fn add_profile(&mut self, dimension: Dimension, items: Vec<TopItem>, most: u64) {
        // A list that is not full may be all there is, but does not say so.
        let floor = items.iter().map(|item| item.upper).min();
        let unlisted = floor.unwrap_or(0).min(most);
        let items = items.into_iter().map(|item| {
            let bounds = item.bounds();
            (Cow::Owned(item.key), bounds)
        });
        self.lists
            .entry(dimension)
            .or_default()
            .add(items, unlisted);
    }

    fn add_nothing(&mut self, known: CountBounds, outcomes: (CountBounds, CountBounds)) {
        self.add_total(known, outcomes);
        for dimension in answers(self.dimension) {
            let list = self.lists.entry(*dimension).or_default();
            list.add([], known.upper);
        }
    }

    fn add_total(&mut self, total: CountBounds, (blocked, allowed): (CountBounds, CountBounds)) {
        self.total = self.total.plus(total);
        if let Some(outcomes) = &mut self.outcomes {
            *outcomes = (outcomes.0.plus(blocked), outcomes.1.plus(allowed));
        }
    }
}

fn items_of_address(profile: &AddressProfile, dimension: Dimension) -> &[TopItem] {
    match dimension {
        Dimension::Uri => &profile.uris,
        Dimension::Country => &profile.countries,
        Dimension::UserAgent => &profile.user_agents,
        Dimension::Label => &profile.labels,
        _ => &[],
    }
}

fn items_of_rule(profile: &RuleProfile, dimension: Dimension) -> &[TopItem] {
    match dimension {
        Dimension::BlockedUri => &profile.uris,
        Dimension::BlockedCountry => &profile.countries,
        _ => &[],
    }
}

fn listed(items: &[TopItem], key: &str) -> Option<CountBounds> {
    let item = items.iter().find(|item| item.key == key);
    item.map(TopItem::bounds)
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
