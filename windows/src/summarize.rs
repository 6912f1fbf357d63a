//! From a partial to the summary of a closed window.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::key::Key;
use crate::partial::{Pair, Partial};
use crate::settings::SketchSettings;
use crate::sketch::{Entry, FrequentSketch};
use crate::summary::{
    AddressProfile, Completeness, CountBounds, Dimension, RuleProfile, Summary, TopItem, TopList,
};
use crate::text::Outcome;
use crate::time::Window;

impl Partial {
    /// The summary of `window` of `acl`, if this partial has counted all of it.
    ///
    /// Equal counts are ordered by value, so the summary depends on nothing but what was counted.
    /// [`Summary::late`] is zero: a partial does not know when its records came.
    #[must_use]
    pub fn summarize(
        &self,
        acl: &str,
        window: Window,
        completeness: Completeness,
        settings: &SketchSettings,
    ) -> Summary {
        let mut summary = Summary::empty(acl, window, completeness);
        summary.counters = self.counters;
        summary.distinct_addresses = self.distinct_addresses.count();
        summary.address_sample = self.address_sample.clone();
        for dimension in Dimension::ALL {
            let sketch = self.dimension(dimension);
            if sketch.weight() > 0 {
                let list = top_list(sketch, settings.top_n);
                summary.top.insert(dimension, list);
            }
        }
        summary.watched_uris = watched(self.dimension(Dimension::Uri), &settings.watched_uris);
        summary.addresses = address_profiles(self, settings);
        summary.rules = rule_profiles(self, settings);
        summary
    }
}

fn top_list(sketch: &FrequentSketch, length: usize) -> TopList {
    let mut ranked = sketch.top(length.saturating_add(1));
    let first_unlisted = ranked.get(length).map_or(0, |entry| entry.count);
    ranked.truncate(length);
    let mut list = TopList {
        items: ranked
            .into_iter()
            .map(|entry| top_item(sketch, entry, Key::left))
            .collect(),
        error: 0,
        weight: sketch.weight(),
        unlisted: Some(sketch.bounds(first_unlisted).upper),
    };
    list.error = list.error_of_its_bounds();
    list
}

fn top_item(sketch: &FrequentSketch, entry: &Entry, part: fn(&Key) -> &str) -> TopItem {
    let CountBounds { lower, upper } = sketch.bounds(entry.count);
    TopItem {
        key: part(&entry.key).to_owned(),
        lower,
        upper,
    }
}

fn watched(sketch: &FrequentSketch, uris: &[String]) -> Vec<TopItem> {
    let counted = uris.iter().map(|uri| {
        let entry = sketch.iter().find(|entry| entry.key.left() == uri);
        let CountBounds { lower, upper } = sketch.bounds(entry.map_or(0, |entry| entry.count));
        TopItem::new(uri.clone(), lower, upper)
    });
    counted.collect()
}

/// The second texts of `pair` for each of `owners`, most frequent first.
fn values_of<'k>(
    partial: &'k Partial,
    pair: Pair,
    owners: &[&'k str],
    length: usize,
) -> Vec<Vec<TopItem>> {
    let sketch = partial.pair(pair);
    let positions: BTreeMap<&str, usize> = owners.iter().copied().zip(0..).collect();
    let mut of_owners: Vec<Vec<&Entry>> = vec![Vec::new(); owners.len()];
    for entry in sketch.iter() {
        if let Some(position) = positions.get(entry.key.left()) {
            of_owners[*position].push(entry);
        }
    }
    let most_frequent = of_owners.into_iter().map(|mut entries| {
        entries.sort_unstable_by(|one, two| one.order().cmp(&two.order()));
        let first = entries.into_iter().take(length);
        first
            .map(|entry| top_item(sketch, entry, Key::right))
            .collect()
    });
    most_frequent.collect()
}

/// What the outcome sketch keeps of an address.
#[derive(Debug, Clone, Copy, Default)]
struct Outcomes {
    allowed: u64,
    blocked: u64,
    counted: u64,
    /// CAPTCHA, challenge and unknown actions.
    others: u64,
}

impl Outcomes {
    fn add(&mut self, outcome: &str, count: u64) {
        let sum = match outcome {
            name if name == Outcome::Allowed.name() => &mut self.allowed,
            name if name == Outcome::Blocked.name() => &mut self.blocked,
            name if name == Outcome::Counted.name() => &mut self.counted,
            _ => &mut self.others,
        };
        *sum = sum.saturating_add(count);
    }

    /// Every request has exactly one final action, so what is certain of each adds up.
    fn total(self) -> u64 {
        self.allowed
            .saturating_add(self.blocked)
            .saturating_add(self.others)
    }
}

fn address_profiles(partial: &Partial, settings: &SketchSettings) -> Vec<AddressProfile> {
    let totals = partial.dimension(Dimension::ClientAddress);
    let outcomes = partial.pair(Pair::AddressOutcome);
    let mut known: BTreeMap<&str, (u64, Outcomes)> = BTreeMap::new();
    for entry in totals.iter() {
        known.entry(entry.key.left()).or_default().0 = entry.count;
    }
    for entry in outcomes.iter() {
        let of_address = &mut known.entry(entry.key.left()).or_default().1;
        of_address.add(entry.key.right(), entry.count);
    }
    let mut ranked: Vec<(&str, CountBounds, Outcomes)> = known
        .into_iter()
        .map(|(address, (kept, of_address))| {
            let mut total = totals.bounds(kept);
            total.lower = total.lower.max(of_address.total());
            (address, total, of_address)
        })
        .collect();
    ranked.sort_unstable_by_key(|(address, total, of_address)| {
        (Reverse((of_address.blocked, total.lower)), *address)
    });
    ranked.truncate(settings.profiled_addresses);

    let addresses: Vec<&str> = ranked.iter().map(|(address, ..)| *address).collect();
    let values =
        |pair| values_of(partial, pair, &addresses, settings.values_per_profile).into_iter();
    let mut uris = values(Pair::AddressUri);
    let mut rules = values(Pair::AddressRule);
    let mut countries = values(Pair::AddressCountry);
    let mut user_agents = values(Pair::AddressUserAgent);
    let mut labels = values(Pair::AddressLabel);
    let bounds_within = |total: CountBounds, kept: u64| {
        let CountBounds { lower, upper } = outcomes.bounds(kept);
        CountBounds {
            lower,
            upper: upper.min(total.upper),
        }
    };
    let profiles = ranked
        .iter()
        .map(|(address, total, of_address)| AddressProfile {
            address: (*address).to_owned(),
            total: *total,
            blocked: bounds_within(*total, of_address.blocked),
            allowed: bounds_within(*total, of_address.allowed),
            counted: bounds_within(*total, of_address.counted),
            uris: uris.next().unwrap_or_default(),
            rules: rules.next().unwrap_or_default(),
            countries: countries.next().unwrap_or_default(),
            user_agents: user_agents.next().unwrap_or_default(),
            labels: labels.next().unwrap_or_default(),
        });
    profiles.collect()
}

fn rule_profiles(partial: &Partial, settings: &SketchSettings) -> Vec<RuleProfile> {
    let blocked = &partial.blocked_rules;
    let ranked = blocked.top(settings.profiled_rules);
    let rules: Vec<&str> = ranked.iter().map(|entry| entry.key.left()).collect();
    let values = |pair| values_of(partial, pair, &rules, settings.values_per_profile).into_iter();
    let mut uris = values(Pair::RuleUri);
    let mut addresses = values(Pair::RuleAddress);
    let mut countries = values(Pair::RuleCountry);
    let profiles = ranked.iter().map(|entry| RuleProfile {
        rule: entry.key.left().to_owned(),
        blocked: blocked.bounds(entry.count),
        uris: uris.next().unwrap_or_default(),
        addresses: addresses.next().unwrap_or_default(),
        countries: countries.next().unwrap_or_default(),
    });
    profiles.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Action, Record};
    use crate::text_list::TextList;
    use crate::time::{EventTime, WindowSize};

    fn summary_of(records: &[Record<'_>], settings: &SketchSettings) -> Summary {
        let mut partial = Partial::new(settings);
        records.iter().for_each(|record| partial.observe(record));
        let window = WindowSize::DEFAULT.window_of(EventTime(0));
        partial.summarize("acl", window, Completeness::Complete, settings)
    }

    fn item(key: &str, count: u64) -> TopItem {
        TopItem::new(key, count, count)
    }

    fn attack<'a>(address: &'a str, uri: &'a str) -> Record<'a> {
        let mut record = Record::new(EventTime(0), "acl", Action::Block);
        record.client_address = Some(address);
        record.uri = Some(uri);
        record.country = Some("FR");
        record.user_agent = Some("curl/8.5.0");
        record.rule = Some("admin-protection");
        record.inner_rule = Some("admin-protection/path");
        record.labels = TextList::of(&["awswaf:managed:admin"]);
        record.counted = true;
        record.counted_rules = TextList::of(&["count-all"]);
        record
    }

    #[test]
    fn a_list_cut_to_nothing_says_how_much_it_lacks() {
        let records = [attack("192.0.2.1", "/admin"), attack("192.0.2.1", "/admin")];
        let settings = SketchSettings {
            top_n: 0,
            ..SketchSettings::default()
        };
        let summary = summary_of(&records, &settings);
        let uris = &summary.top[&Dimension::Uri];
        assert_eq!((uris.items.len(), uris.weight, uris.error), (0, 2, 2));
    }

    #[test]
    fn an_attack_is_told_in_full() {
        let mut visitor = Record::new(EventTime(0), "acl", Action::Allow);
        visitor.client_address = Some("192.0.2.9");
        visitor.rule = Some("Default_Action");
        let attacks = [
            attack("192.0.2.1", "/admin"),
            attack("192.0.2.1", "/admin"),
            attack("192.0.2.1", "/phpmyadmin"),
        ];
        let records: Vec<Record<'_>> = attacks
            .into_iter()
            .chain(std::iter::repeat_n(visitor, 5))
            .collect();
        let summary = summary_of(&records, &SketchSettings::default());

        assert_eq!((summary.counters.total, summary.counters.blocked), (8, 3));
        assert!((summary.distinct_addresses.estimate - 2.0).abs() < 0.01);
        let rules = [
            item("Default_Action", 5),
            item("admin-protection", 3),
            item("admin-protection/path", 3),
        ];
        assert_eq!(summary.top(Dimension::Rule), rules);
        let uris = [item("/admin", 2), item("/phpmyadmin", 1)];
        assert_eq!(summary.top(Dimension::BlockedUri), uris);
        assert_eq!(summary.top(Dimension::CountedRule), [item("count-all", 3)]);
        assert_eq!(summary.top(Dimension::BlockedCountry), [item("FR", 3)]);
        assert!(!summary.top.contains_key(&Dimension::OtherAction));

        let attacker = &summary.addresses[0];
        assert_eq!(attacker.address, "192.0.2.1");
        assert_eq!(
            (attacker.total, attacker.blocked),
            (CountBounds::exact(3), CountBounds::exact(3))
        );
        assert_eq!(
            (attacker.allowed, attacker.counted),
            (CountBounds::exact(0), CountBounds::exact(3))
        );
        assert_eq!(attacker.uris, uris);
        assert_eq!(attacker.rules, rules[1..]);
        assert_eq!(attacker.user_agents, [item("curl/8.5.0", 3)]);
        assert_eq!(attacker.labels, [item("awswaf:managed:admin", 3)]);
        assert_eq!(summary.addresses[1].allowed, CountBounds::exact(5));

        let [rule] = &summary.rules[..] else {
            panic!("one rule blocked: {:?}", summary.rules);
        };
        assert_eq!(
            (&*rule.rule, rule.blocked),
            ("admin-protection", CountBounds::exact(3))
        );
        assert_eq!(rule.uris, uris);
        assert_eq!(rule.addresses, [item("192.0.2.1", 3)]);
        assert_eq!(rule.countries, [item("FR", 3)]);
    }

    #[test]
    fn an_unknown_action_is_listed_by_name() {
        let record = Record::new(EventTime(0), "acl", Action::Other("TARPIT"));
        let summary = summary_of(&[record], &SketchSettings::default());
        assert_eq!(summary.top(Dimension::OtherAction), [item("TARPIT", 1)]);
    }

    #[test]
    fn lists_keep_to_their_lengths() {
        let settings = SketchSettings {
            top_n: 3,
            profiled_addresses: 2,
            values_per_profile: 1,
            ..SketchSettings::default()
        };
        let addresses: Vec<String> = (0..9).map(|number| format!("192.0.2.{number}")).collect();
        let records: Vec<Record<'_>> = addresses
            .iter()
            .flat_map(|address| [attack(address, "/a"), attack(address, "/b")])
            .collect();
        let summary = summary_of(&records, &settings);
        let listed = summary.top(Dimension::ClientAddress);
        let keys: Vec<&str> = listed.iter().map(|item| &*item.key).collect();
        assert_eq!(keys, ["192.0.2.0", "192.0.2.1", "192.0.2.2"]);
        assert_eq!(summary.addresses.len(), 2);
        assert_eq!(summary.addresses[1].uris, [item("/a", 1)]);
    }

    #[test]
    fn a_watched_path_is_told_however_few_its_requests_are() {
        let settings = SketchSettings {
            top_n: 1,
            watched_uris: vec!["/login".to_owned(), "/never".to_owned()],
            ..SketchSettings::default()
        };
        let records = ["/", "/", "/login"].map(|uri| attack("192.0.2.1", uri));
        let mut summary = summary_of(&records, &settings);
        assert_eq!(summary.top(Dimension::Uri), [item("/", 2)]);
        assert_eq!(summary.watched_uris, [item("/login", 1), item("/never", 0)]);

        let late = summary_of(&[attack("192.0.2.9", "/login")], &settings);
        summary.add_late(&late, settings.top_n);
        assert_eq!(summary.watched_uris, [item("/login", 2), item("/never", 0)]);
        let unwatched = SketchSettings::default();
        summary.add_late(&summary_of(&records, &unwatched), settings.top_n);
        assert_eq!(summary.watched_uris, [item("/login", 3), item("/never", 0)]);
    }

    #[test]
    fn an_empty_partial_is_an_empty_summary() {
        let summary = summary_of(&[], &SketchSettings::default());
        let window = WindowSize::DEFAULT.window_of(EventTime(0));
        assert_eq!(
            summary,
            Summary::empty("acl", window, Completeness::Complete)
        );
    }
}
