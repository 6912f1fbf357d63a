//! The values of a range: merged lists of every dimension, or what goes with one value.

use std::collections::BTreeMap;

use serde::Serialize;
use wafwatch_windows::counters::Counters;
use wafwatch_windows::range::MergedLists;
use wafwatch_windows::summary::{Completeness, Dimension, DistinctCount, Summary};

use super::super::answer::Refusal;
use super::super::view::Value;
use super::counts::Counts;
use super::filter::Filtered;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::series::TimeRange;

/// What the windows of a range hold.
#[derive(Default)]
pub(super) struct Values {
    pub lists: BTreeMap<Dimension, MergedLists<'static>>,
    pub windows: u64,
    pub incomplete: u64,
    pub counters: Counters,
    pub late: u64,
    /// Of a single window.
    pub distinct: Option<DistinctCount>,
    pub filtered: Option<Filtered>,
}

/// A stretch of time and what it holds.
#[derive(Serialize)]
pub(super) struct Span {
    from: i64,
    until: i64,
    windows: u64,
    incomplete: u64,
    counters: SpanCounters,
}

#[derive(Serialize)]
struct SpanCounters {
    #[serde(flatten)]
    counts: Counts,
    late: u64,
}

impl Values {
    /// Reads the windows of `acls` (`None` for all) that start in `range`; only `dimensions` are merged.
    pub(super) fn read(
        store: &SqliteStore,
        acls: Option<&[String]>,
        range: TimeRange,
        dimensions: &[Dimension],
        filter: Option<&Value>,
    ) -> Result<Self, Refusal> {
        let mut values = Self {
            filtered: filter.map(|(dimension, key)| Filtered::new(*dimension, key.clone())),
            ..Self::default()
        };
        store.for_each_summary(acls, range, &mut |summary| values.add(summary, dimensions))?;
        if let Some(filtered) = &mut values.filtered {
            values.lists = filtered.take_lists(dimensions);
        }
        Ok(values)
    }

    fn add(&mut self, summary: Summary, dimensions: &[Dimension]) {
        self.windows += 1;
        self.incomplete += u64::from(summary.completeness == Completeness::Incomplete);
        self.counters.merge(&summary.counters);
        self.late = self.late.saturating_add(summary.late);
        // Estimates of several windows say nothing about both: addresses come again.
        self.distinct = (self.windows == 1).then_some(summary.distinct_addresses);
        if let Some(filtered) = &mut self.filtered {
            filtered.add(summary);
            return;
        }
        for (dimension, list) in summary.top {
            if dimensions.contains(&dimension) {
                self.lists.entry(dimension).or_default().add_list(list);
            }
        }
    }

    pub(super) fn span(&self, range: TimeRange) -> Span {
        Span {
            from: range.from.0,
            until: range.until.0,
            windows: self.windows,
            incomplete: self.incomplete,
            counters: SpanCounters {
                counts: Counts::of(&self.counters),
                late: self.late,
            },
        }
    }
}
