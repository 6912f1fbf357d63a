//! What one shard counted of one window of one Web ACL.

use std::sync::Arc;

use crate::counters::Counters;
use crate::distinct::DistinctSketch;
use crate::key::{KeyRef, Text};
use crate::record::{Action, Record};
use crate::sample::{AddressSample, SAMPLE};
use crate::settings::SketchSettings;
use crate::sketch::FrequentSketch;
use crate::summary::Dimension;
use crate::text::{Hashes, Outcome, TextCache};

/// Two properties whose combinations are counted, for the profiles.
///
/// The `Rule*` ones count blocked requests only, under their terminating rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pair {
    AddressUri,
    AddressRule,
    AddressCountry,
    AddressUserAgent,
    AddressLabel,
    AddressOutcome,
    RuleUri,
    RuleAddress,
    RuleCountry,
}

pub(crate) const DIMENSIONS: usize = Dimension::ALL.len();
pub(crate) const PAIRS: usize = 9;

/// Counters, distinct addresses and sketches of a set of records.
///
/// Merging is a commutative monoid whose identity is [`Partial::new`]; see the crate's
/// documentation for what is exact and what is bounded.
#[derive(Debug, Clone)]
pub struct Partial {
    pub(crate) hashes: Arc<Hashes>,
    pub(crate) counters: Counters,
    pub(crate) distinct_addresses: DistinctSketch,
    pub(crate) address_sample: AddressSample,
    /// By the position in [`Dimension::ALL`].
    pub(crate) dimensions: [FrequentSketch; DIMENSIONS],
    /// Blocked requests by terminating rule.
    pub(crate) blocked_rules: FrequentSketch,
    /// By the order of [`Pair`].
    pub(crate) pairs: [FrequentSketch; PAIRS],
}

impl Partial {
    /// A partial of no records.
    #[must_use]
    pub fn new(settings: &SketchSettings) -> Self {
        Self::with_hashes(settings, Arc::new(Hashes::new(settings)))
    }

    pub(crate) fn with_hashes(settings: &SketchSettings, hashes: Arc<Hashes>) -> Self {
        let dimension = || FrequentSketch::new(settings.dimension_map_size);
        Self {
            hashes,
            counters: Counters::default(),
            distinct_addresses: DistinctSketch::new(),
            address_sample: AddressSample::default(),
            dimensions: std::array::from_fn(|_| dimension()),
            blocked_rules: dimension(),
            pairs: std::array::from_fn(|_| FrequentSketch::new(settings.pair_map_size)),
        }
    }

    /// Counts one record.
    ///
    /// For a stream, [`Accumulator`](crate::accumulator::Accumulator) or [`Self::observe_with`]
    /// is several times faster: they reuse texts from record to record.
    pub fn observe(&mut self, record: &Record<'_>) {
        let mut texts = TextCache::of_one(Arc::clone(&self.hashes));
        self.observe_with(record, &mut texts);
    }

    /// Counts one record with the texts of `cache`, which must be of the same settings, and
    /// returns by how many bytes the partial grew.
    pub fn observe_with(&mut self, record: &Record<'_>, cache: &mut TextCache) -> isize {
        self.counters.observe(record);
        let mut tally = Tally {
            partial: self,
            cache,
            address: None,
            blocked_rule: None,
            grown: 0,
        };
        tally.record(record);
        tally.grown
    }

    /// Adds what `other` counted.
    ///
    /// Both must have been made with the same settings.
    pub fn merge(&mut self, other: &Self) {
        self.counters.merge(&other.counters);
        self.distinct_addresses.merge(&other.distinct_addresses);
        self.address_sample.merge(&other.address_sample);
        for (mine, theirs) in self.sketches_mut().zip(other.sketches()) {
            mine.merge(theirs);
        }
    }

    /// The exact counters.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// About how many bytes the partial takes in memory. Texts that sketches share count in each
    /// of them, so the truth is rather below.
    #[must_use]
    pub fn estimated_bytes(&self) -> usize {
        let sketches: usize = self.sketches().map(FrequentSketch::estimated_bytes).sum();
        size_of::<Self>() + DistinctSketch::MAX_BYTES + size_of::<[u32; SAMPLE]>() + sketches
    }

    pub(crate) fn dimension(&self, dimension: Dimension) -> &FrequentSketch {
        &self.dimensions[dimension as usize]
    }

    pub(crate) fn pair(&self, pair: Pair) -> &FrequentSketch {
        &self.pairs[pair as usize]
    }

    /// All sketches in the order of the encoding.
    pub(crate) fn sketches(&self) -> impl Iterator<Item = &FrequentSketch> {
        let single = self.dimensions.iter().chain([&self.blocked_rules]);
        single.chain(&self.pairs)
    }

    pub(crate) fn sketches_mut(&mut self) -> impl Iterator<Item = &mut FrequentSketch> {
        let single = self.dimensions.iter_mut().chain([&mut self.blocked_rules]);
        single.chain(&mut self.pairs)
    }
}

/// One record on its way into the sketches of a partial.
struct Tally<'p, 'c> {
    partial: &'p mut Partial,
    cache: &'c mut TextCache,
    address: Option<Text>,
    /// The terminating rule, if it blocked.
    blocked_rule: Option<Text>,
    grown: isize,
}

impl Tally<'_, '_> {
    fn record(&mut self, record: &Record<'_>) {
        let blocked = record.action == Action::Block;
        if let Some(address) = record.client_address {
            self.address(address);
            self.outcomes(record);
        }
        if let Some(rule) = record.rule {
            self.value(Dimension::Rule, rule, Some(Pair::AddressRule), None);
            if blocked {
                self.blocked_rule(rule);
            }
        }
        if let Some(rule) = record.inner_rule {
            self.value(Dimension::Rule, rule, Some(Pair::AddressRule), None);
        }
        for rule in record.counted_rules.iter() {
            self.value(Dimension::CountedRule, rule, None, None);
        }
        if let Some(uri) = record.uri {
            let pair = Some(Pair::AddressUri);
            self.value(Dimension::Uri, uri, pair, Some(Pair::RuleUri));
            if blocked {
                self.value(Dimension::BlockedUri, uri, None, None);
            }
        }
        if let Some(country) = record.country {
            let pair = Some(Pair::AddressCountry);
            self.value(Dimension::Country, country, pair, Some(Pair::RuleCountry));
            if blocked {
                self.value(Dimension::BlockedCountry, country, None, None);
            }
        }
        if let Some(agent) = record.user_agent {
            let pair = Some(Pair::AddressUserAgent);
            self.value(Dimension::UserAgent, agent, pair, None);
        }
        for label in record.labels.iter() {
            self.value(Dimension::Label, label, Some(Pair::AddressLabel), None);
        }
        let plain = [
            (Dimension::Host, record.host),
            (Dimension::Method, record.method),
            (Dimension::Ja3, record.ja3),
            (Dimension::Ja4, record.ja4),
            (Dimension::HttpSource, record.http_source),
        ];
        for (dimension, value) in plain {
            if let Some(value) = value {
                self.value(dimension, value, None, None);
            }
        }
        if let Action::Other(name) = record.action {
            self.value(Dimension::OtherAction, name, None, None);
        }
    }

    fn address(&mut self, address: &str) {
        let dimension = Dimension::ClientAddress;
        let text = self.cache.intern(dimension, address).clone();
        let distinct = self.partial.hashes.distinct(&text.text);
        self.partial.distinct_addresses.observe(distinct);
        self.partial.address_sample.observe(distinct);
        let sketch = &mut self.partial.dimensions[dimension as usize];
        self.grown += sketch.count(KeyRef::single(&text), 1);
        self.address = Some(text);
    }

    fn outcomes(&mut self, record: &Record<'_>) {
        let outcome = match record.action {
            Action::Allow => Outcome::Allowed,
            Action::Block => Outcome::Blocked,
            Action::Captcha => Outcome::Captcha,
            Action::Challenge => Outcome::Challenge,
            Action::Other(_) => Outcome::Other,
        };
        let counted = record.counted.then_some(Outcome::Counted);
        let Some(address) = &self.address else {
            return;
        };
        for outcome in [Some(outcome), counted].into_iter().flatten() {
            let key = KeyRef::pair(address, self.cache.hashes().outcome(outcome));
            self.grown += self.partial.pairs[Pair::AddressOutcome as usize].count(key, 1);
        }
    }

    fn blocked_rule(&mut self, rule: &str) {
        let text = self.cache.intern(Dimension::Rule, rule).clone();
        self.grown += self.partial.blocked_rules.count(KeyRef::single(&text), 1);
        if let Some(address) = &self.address {
            let key = KeyRef::pair(&text, address);
            self.grown += self.partial.pairs[Pair::RuleAddress as usize].count(key, 1);
        }
        self.blocked_rule = Some(text);
    }

    /// Counts a value under `dimension`, with the address under `of_address`, and with the rule
    /// that blocked the request under `of_rule`.
    #[inline]
    fn value(
        &mut self,
        dimension: Dimension,
        value: &str,
        of_address: Option<Pair>,
        of_rule: Option<Pair>,
    ) {
        let text = self.cache.intern(dimension, value);
        let partial = &mut *self.partial;
        self.grown += partial.dimensions[dimension as usize].count(KeyRef::single(text), 1);
        if let (Some(pair), Some(address)) = (of_address, &self.address) {
            self.grown += partial.pairs[pair as usize].count(KeyRef::pair(address, text), 1);
        }
        if let (Some(pair), Some(rule)) = (of_rule, &self.blocked_rule) {
            self.grown += partial.pairs[pair as usize].count(KeyRef::pair(rule, text), 1);
        }
    }
}
