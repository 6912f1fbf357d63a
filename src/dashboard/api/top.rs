//! `GET /api/v1/top`

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use serde::Serialize;
use wafwatch_windows::range::MergedLists;
use wafwatch_windows::summary::{CountBounds, Dimension, DistinctCount, TopItem};

use super::super::answer::{Answer, Refusal};
use super::super::parameters::Parameters;
use super::super::router::{Answered, App};
use super::super::view::{Value, View};
use super::baseline::{self, Asked, BaselineKind};
use super::filter::{self, Filtered};
use super::values::{Span, Values};
use super::window_ms;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::series::TimeRange;

const USUAL: usize = 10;
const MOST: usize = 100;
/// Windows that an answer rests on, over all Web ACLs; as many again for the baseline.
const MOST_WINDOWS: usize = 2_000;

#[derive(Serialize)]
struct Top {
    range: Span,
    is_cut: bool,
    baseline: Option<Span>,
    baseline_kind: BaselineKind,
    baselines: Vec<BaselineKind>,
    distinct_addresses: Option<DistinctCount>,
    filter: Option<ShownFilter>,
    lists: Vec<List>,
}

#[derive(Serialize)]
struct ShownFilter {
    dimension: Dimension,
    key: String,
    total: CountBounds,
    blocked: Option<CountBounds>,
    allowed: Option<CountBounds>,
    profiled_windows: u64,
}

#[derive(Serialize)]
struct List {
    dimension: Dimension,
    items: Vec<Item>,
    unlisted: u64,
    weight: Option<u64>,
    is_exact: bool,
}

#[derive(Serialize)]
struct Item {
    key: String,
    lower: u64,
    upper: u64,
    baseline: Option<CountBounds>,
    change: Option<f64>,
    is_change_certain: Option<bool>,
    filter: Option<String>,
}

/// What a request asks for.
struct Question {
    parameters: Parameters,
    dimensions: Vec<Dimension>,
    limit: usize,
    asked: Asked,
    filter: Option<Value>,
}

pub(in crate::dashboard) async fn list(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Answered {
    let known = [
        "acl",
        "from",
        "until",
        "dimension",
        "limit",
        "baseline",
        "filter",
    ];
    let parameters = Parameters::parse(query.as_deref(), &known)?;
    parameters.times()?;
    let asked = parameters.word("baseline", &baseline::WORDS)?;
    let filter = parameters.one("filter")?;
    let question = Question {
        dimensions: parameters.dimensions()?,
        limit: parameters.limit("limit", USUAL, MOST)?,
        asked: asked.unwrap_or(Asked::Auto),
        filter: filter.map(|handle| app.view.value(handle)).transpose()?,
        parameters,
    };
    let readers = Arc::clone(&app.readers);
    readers
        .read(move |store| store.snapshot(|store| answer(&app.view, &question, store)))
        .await
}

fn answer(view: &View, question: &Question, store: &SqliteStore) -> Answered {
    let acls = view.acls(&question.parameters, store)?;
    let acls = acls.as_deref();
    let (range, is_cut) = range(&question.parameters, store, acls)?;
    let read = |range| {
        let filter = question.filter.as_ref();
        Values::read(store, acls, range, &question.dimensions, filter)
    };
    let values = read(range)?;
    let baselines = baseline::stored(store, acls, range)?;
    let baseline_kind = baseline::chosen(question.asked, &baselines);
    let compared = match baseline_kind.of(range) {
        Some(stretch) => {
            let (stretch, _) = newest(store, acls, stretch)?;
            Some((stretch, read(stretch)?))
        }
        None => None,
    };
    let compared = compared.as_ref();
    let comparison = Comparison {
        view,
        limit: question.limit,
        windows: values.windows,
        baseline: compared.map(|(_, values)| values),
        is_filtered: question.filter.is_some(),
    };
    let lists = values
        .lists
        .iter()
        .map(|(dimension, list)| comparison.list(*dimension, list));
    Answer::of(&Top {
        lists: lists.collect(),
        range: values.span(range),
        is_cut,
        baseline: compared.map(|(stretch, values)| values.span(*stretch)),
        baseline_kind,
        baselines,
        distinct_addresses: values.distinct,
        filter: values
            .filtered
            .as_ref()
            .map(|filtered| ShownFilter::of(view, filtered)),
    })
}

/// The range to answer, and whether it is less than was asked for. Without times: the newest window with
/// requests.
fn range(
    parameters: &Parameters,
    store: &SqliteStore,
    acls: Option<&[String]>,
) -> Result<(TimeRange, bool), Refusal> {
    let window_ms = window_ms(store)?;
    let (from, until) = parameters.times()?;
    let range = if from.is_none() && until.is_none() {
        let start = store.newest_start_with_requests(acls)?.unwrap_or_default();
        TimeRange {
            from: start,
            until: start.plus(window_ms),
        }
    } else {
        let all = store.first_and_last()?.unwrap_or(TimeRange {
            from: Default::default(),
            until: Default::default(),
        });
        let all = TimeRange {
            until: all.until.plus(window_ms),
            ..all
        };
        parameters.range_within(all)?
    };
    if range.from >= range.until {
        return Err(Refusal::BadRequest(format!(
            "there is nothing between {} and {}: the store holds other times, see /api/v1/acls",
            range.from.0, range.until.0
        )));
    }
    newest(store, acls, range)
}

/// The newest part of a range that an answer may rest on, and whether that is less than all of it.
fn newest(
    store: &SqliteStore,
    acls: Option<&[String]>,
    range: TimeRange,
) -> Result<(TimeRange, bool), Refusal> {
    let from = store.beginning_of_newest(acls, range, MOST_WINDOWS)?;
    let is_cut = from > range.from;
    Ok((TimeRange { from, ..range }, is_cut))
}

struct Comparison<'a> {
    view: &'a View,
    limit: usize,
    windows: u64,
    baseline: Option<&'a Values>,
    is_filtered: bool,
}

impl Comparison<'_> {
    fn list(&self, dimension: Dimension, list: &MergedLists<'_>) -> List {
        let (items, unlisted) = list.top(self.limit);
        List {
            dimension,
            unlisted,
            weight: (!self.is_filtered).then(|| list.weight()),
            is_exact: items.iter().all(|item| item.lower == item.upper),
            items: items
                .into_iter()
                .map(|item| self.item(dimension, item))
                .collect(),
        }
    }

    fn item(&self, dimension: Dimension, item: TopItem) -> Item {
        let before = self.baseline.map(|values| {
            let list = values.lists.get(&dimension);
            let bounds = list.map(|list| list.bounds(&item.key));
            (bounds.unwrap_or_default(), values.windows)
        });
        let change = before.map(|(bounds, windows)| {
            Change::between((item.bounds(), self.windows), (bounds, windows))
        });
        let is_kept = filter::is_kept(dimension);
        Item {
            filter: is_kept.then(|| self.view.handle(dimension, &item.key)),
            key: self.view.text(&item.key),
            lower: item.lower,
            upper: item.upper,
            baseline: before.map(|(bounds, _)| bounds),
            change: change.map(|change| change.per_window),
            is_change_certain: change.map(|change| change.is_certain),
        }
    }
}

/// How a value's requests per window changed.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Change {
    per_window: f64,
    is_certain: bool,
}

impl Change {
    fn between(now: (CountBounds, u64), before: (CountBounds, u64)) -> Self {
        let rates = |(bounds, windows): (CountBounds, u64)| {
            let windows = windows.max(1) as f64;
            (bounds.lower as f64 / windows, bounds.upper as f64 / windows)
        };
        let (now, before) = (rates(now), rates(before));
        Self {
            per_window: now.0 - before.0,
            is_certain: now.0 > before.1 || now.1 < before.0,
        }
    }
}

impl ShownFilter {
    fn of(view: &View, filtered: &Filtered) -> Self {
        Self {
            dimension: filtered.dimension(),
            key: view.text(filtered.key()),
            total: filtered.total,
            blocked: filtered.outcomes.map(|(blocked, _)| blocked),
            allowed: filtered.outcomes.map(|(_, allowed)| allowed),
            profiled_windows: filtered.profiled_windows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_certain_where_bounds_do_not_meet() {
        let bounds = |lower, upper| CountBounds { lower, upper };
        let change = Change::between((bounds(90, 100), 10), (bounds(20, 60), 10));
        assert_eq!((change.per_window, change.is_certain), (7.0, true));
        let change = Change::between((bounds(90, 100), 10), (bounds(20, 95), 10));
        assert!(!change.is_certain);
        let change = Change::between((bounds(0, 3), 1), (bounds(4, 9), 1));
        assert!(change.is_certain && change.per_window < 0.0);
        let change = Change::between((bounds(0, 0), 0), (bounds(0, 0), 0));
        assert_eq!((change.per_window, change.is_certain), (0.0, false));
    }
}
