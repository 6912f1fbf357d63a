//! `GET /api/v1/windows`

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use serde::Serialize;
use wafwatch_windows::time::EventTime;

use super::super::answer::{Answer, Refusal};
use super::super::feed::Cursor;
use super::super::parameters::Parameters;
use super::super::router::{Answered, App};
use super::super::view::MAX_ACLS;
use super::columns::Series;
use super::window_ms;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::series::TimeRange;

/// Buckets of one Web ACL where the request does not say.
const USUAL_POINTS: usize = 1_000;
const MOST_POINTS: usize = 2_000;
/// Buckets of an answer, over all Web ACLs.
const MOST_IN_ALL: usize = 100_000;

#[derive(Serialize)]
struct Windows {
    cursor: String,
    window_ms: i64,
    bucket_ms: i64,
    from: Option<i64>,
    until: Option<i64>,
    series: Vec<Series>,
}

pub(in crate::dashboard) async fn list(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Answered {
    let parameters = Parameters::parse(query.as_deref(), &["acl", "from", "until", "points"])?;
    parameters.times()?;
    let points = parameters.limit("points", USUAL_POINTS, MOST_POINTS)?;
    let readers = Arc::clone(&app.readers);
    readers
        .read(move |store| store.snapshot(|store| answer(&app, &parameters, points, store)))
        .await
}

fn answer(app: &App, parameters: &Parameters, points: usize, store: &SqliteStore) -> Answered {
    let window_ms = window_ms(store)?;
    let named = app.view.acls(parameters, store)?;
    let acls = match named {
        Some(acls) => acls,
        None => store.acls_with_windows(MAX_ACLS)?,
    };
    let points = points.min(MOST_IN_ALL / acls.len().max(1)).max(1);
    let mut windows = Windows {
        cursor: Cursor::of(store)?.to_string(),
        window_ms,
        bucket_ms: window_ms,
        from: None,
        until: None,
        series: Vec::new(),
    };
    let Some((range, bucket_ms)) = buckets(parameters, points, window_ms, store)? else {
        return Answer::of(&windows);
    };
    windows.bucket_ms = bucket_ms;
    windows.from = Some(range.from.0);
    windows.until = Some(range.until.0);
    for acl in acls {
        let mut series = Series::new(app.view.acl_id(&acl));
        // A range that begins within a bucket has one more.
        for bucket in store.buckets(&acl, range, bucket_ms, points + 1)? {
            series.push(&bucket);
        }
        if !series.is_empty() {
            windows.series.push(series);
        }
    }
    Answer::of(&windows)
}

/// The range to answer and the length of its buckets; nothing for a store without windows.
fn buckets(
    parameters: &Parameters,
    points: usize,
    window_ms: i64,
    store: &SqliteStore,
) -> Result<Option<(TimeRange, i64)>, Refusal> {
    let Some(stored) = store.first_and_last()? else {
        return Ok(None);
    };
    let end = stored.until.plus(window_ms);
    let (from, until) = parameters.times()?;
    // Outside of what is stored there is nothing to draw, and a range has to be as long as it looks.
    let until = until.map_or(end, |until| until.clamp(stored.from, end));
    let span = i64::try_from(points)
        .unwrap_or(i64::MAX)
        .saturating_mul(window_ms);
    let from = from.unwrap_or_else(|| until.minus(span));
    let from = from.clamp(stored.from, until);
    let length = until.0.saturating_sub(from.0);
    let windows = divided_up(length.max(1), window_ms);
    let per_bucket = divided_up(windows, i64::try_from(points).unwrap_or(i64::MAX));
    let bucket_ms = window_ms.saturating_mul(per_bucket.max(1));
    let aligned = from.0 - from.0.rem_euclid(bucket_ms);
    let range = TimeRange {
        from: EventTime(aligned),
        until,
    };
    Ok(Some((range, bucket_ms)))
}

/// Rounded up; both are positive.
fn divided_up(number: i64, divisor: i64) -> i64 {
    number / divisor + i64::from(number % divisor != 0)
}
