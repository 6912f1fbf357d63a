//! `GET /api/v1/events`: changes as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use wafwatch_windows::time::EventTime;

use super::super::answer::{Answer, Refusal};
use super::super::feed::{Cursor, MAX_CHANGES, frame};
use super::super::parameters::Parameters;
use super::super::router::App;
use super::super::view::View;
use super::columns::Series;
use super::incidents::{Listed, listed};
use super::window_ms;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::changes::Revision;
use crate::store::sqlite::series::TimeRange;

/// Longest silence on a stream: what stands between would take it for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How soon a browser comes back after it lost the stream.
const HELLO: &str = ": wafwatch\nretry: 2000\n\n";
/// What is sent for want of anything else.
const STILL_HERE: &str = ":\n\n";

#[derive(Serialize)]
struct WindowsChanged {
    window_ms: i64,
    series: Vec<Series>,
}

#[derive(Serialize)]
struct IncidentsChanged {
    incidents: Vec<Listed>,
}

#[derive(Serialize)]
struct Reset {
    reason: ResetReason,
}

/// Why a browser has to ask for everything again.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum ResetReason {
    StoreReplaced,
    TooFarBehind,
    UnknownCursor,
}

/// Where a stream begins.
enum Start {
    Now,
    After(Cursor),
    /// Behind something that is no cursor of ours.
    Unknown,
}

/// One browser.
struct Follower {
    app: Arc<App>,
    changes: watch::Receiver<u64>,
    health: watch::Receiver<Option<Arc<str>>>,
    /// Where the browser is; nothing before the first look.
    at: Option<Cursor>,
    start: Start,
    waiting: VecDeque<String>,
    _place: OwnedSemaphorePermit,
}

pub(in crate::dashboard) async fn follow(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let parameters = Parameters::parse(query.as_deref(), &["after"])?;
    let last = headers.get("last-event-id");
    let last = last.map(|value| value.to_str().unwrap_or_default());
    let given = match last {
        Some(last) => Some(last),
        None => parameters.one("after")?,
    };
    let start = given.map_or(Start::Now, |text| {
        Cursor::parse(text).map_or(Start::Unknown, Start::After)
    });
    let place = Arc::clone(&app.streams).try_acquire_owned();
    let place = place.map_err(|_| {
        Refusal::TooMany("too many event streams are open: close another page of the dashboard")
    })?;
    let follower = Follower {
        changes: app.feed.changes.subscribe(),
        health: app.feed.health.subscribe(),
        at: None,
        start,
        waiting: VecDeque::from([HELLO.to_owned()]),
        app,
        _place: place,
    };
    let frames = stream::unfold(follower, |mut follower| async move {
        let frame = follower.next().await?;
        Some((Ok::<String, Infallible>(frame), follower))
    });
    let mut response = Response::new(Body::from_stream(frames));
    let content_type = HeaderValue::from_static("text/event-stream");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    Ok(response)
}

impl Follower {
    /// The next piece of the stream; nothing where the dashboard ends.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(frame) = self.waiting.pop_front() {
                return Some(frame);
            }
            let is_first = self.at.is_none();
            if is_first || self.changes.has_changed().ok()? {
                self.changes.mark_unchanged();
                self.look().await;
                continue;
            }
            tokio::select! {
                changed = self.changes.changed() => {
                    changed.ok()?;
                    self.changes.mark_changed();
                }
                changed = self.health.changed() => {
                    changed.ok()?;
                    let health = self.health.borrow_and_update().clone();
                    return health.map(|health| format!("event: health\ndata: {health}\n\n"));
                }
                () = tokio::time::sleep(KEEP_ALIVE) => return Some(STILL_HERE.to_owned()),
            }
        }
    }

    /// Reads what changed behind the cursor.
    async fn look(&mut self) {
        let app = Arc::clone(&self.app);
        let from = match (self.at.take(), &self.start) {
            (Some(at), _) => From::Followed(at),
            (None, Start::After(cursor)) => From::Given(cursor.clone()),
            (None, Start::Unknown) => From::Nowhere,
            (None, Start::Now) => From::Here,
        };
        let kept = from.clone();
        let looked = self
            .app
            .readers
            .read(move |store| store.snapshot(|store| Looked::at(&app.view, store, from)));
        match looked.await {
            Ok(Looked { at, frames }) => {
                self.waiting.extend(frames);
                self.at = Some(at);
            }
            Err(_) => {
                // What cannot be read now is looked at again with the next change; where it never could
                // be, a moment later.
                if let From::Followed(at) = kept {
                    self.at = Some(at);
                } else {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    self.waiting.push_back(STILL_HERE.to_owned());
                }
            }
        }
    }
}

/// Where a look begins.
#[derive(Debug, Clone)]
enum From {
    /// At what was told last.
    Followed(Cursor),
    /// At what the browser says.
    Given(Cursor),
    /// At something that is no cursor.
    Nowhere,
    /// At what there is.
    Here,
}

/// What changed, and where the store stands now.
struct Looked {
    at: Cursor,
    frames: Vec<String>,
}

impl Looked {
    fn at(view: &View, store: &SqliteStore, from: From) -> Result<Self, Refusal> {
        let at = Cursor::of(store)?;
        let (before, if_foreign) = match from {
            From::Here => {
                return Ok(Self {
                    at,
                    frames: Vec::new(),
                });
            }
            From::Nowhere => return Self::reset(at, ResetReason::UnknownCursor),
            From::Given(cursor) => (cursor, ResetReason::UnknownCursor),
            From::Followed(cursor) => (cursor, ResetReason::StoreReplaced),
        };
        let (old, new) = (before.revision, at.revision);
        let is_ahead = old.windows > new.windows || old.incidents > new.incidents;
        if before.store != at.store || is_ahead {
            return Self::reset(at, if_foreign);
        }
        let windows = store.changed_windows(old, new, MAX_CHANGES + 1)?;
        let incidents = store.changed_incidents(old, new, MAX_CHANGES + 1)?;
        if windows.len().max(incidents.len()) > MAX_CHANGES {
            return Self::reset(at, ResetReason::TooFarBehind);
        }
        let mut frames = Vec::new();
        if !windows.is_empty() {
            // A browser that has this and not yet the incidents goes on between the two.
            let here = Cursor {
                store: at.store.clone(),
                revision: Revision {
                    incidents: old.incidents,
                    ..new
                },
            };
            let data = Answer::of(&changed_windows(view, store, &windows)?)?;
            frames.push(frame("windows", Some(&here), &data));
        }
        if !incidents.is_empty() {
            let data = Answer::of(&changed_incidents(view, store, &incidents)?)?;
            frames.push(frame("incidents", Some(&at), &data));
        }
        Ok(Self { at, frames })
    }

    fn reset(at: Cursor, reason: ResetReason) -> Result<Self, Refusal> {
        let data = Answer::of(&Reset { reason })?;
        let frames = vec![frame("reset", Some(&at), &data)];
        Ok(Self { at, frames })
    }
}

fn changed_windows(
    view: &View,
    store: &SqliteStore,
    windows: &[(String, EventTime)],
) -> Result<WindowsChanged, Refusal> {
    let window_ms = window_ms(store)?;
    let mut series = Vec::new();
    for of_acl in windows.chunk_by(|(one, _), (next, _)| one == next) {
        let Some((acl, _)) = of_acl.first() else {
            continue;
        };
        let mut figures = Series::new(view.acl_id(acl));
        for (_, start) in of_acl {
            let window = TimeRange {
                from: *start,
                until: start.plus(1),
            };
            for bucket in store.buckets(acl, window, window_ms, 1)? {
                figures.push(&bucket);
            }
        }
        series.push(figures);
    }
    Ok(WindowsChanged { window_ms, series })
}

fn changed_incidents(
    view: &View,
    store: &SqliteStore,
    ids: &[String],
) -> Result<IncidentsChanged, Refusal> {
    let mut incidents = Vec::new();
    for id in ids {
        // A mark may speak of an incident that is kept no longer.
        let found = store.incidents_with_prefix(id)?.into_iter();
        let mut found = found.filter(|incident| incident.id == *id);
        if let Some(incident) = found.next() {
            incidents.push(listed(view, store, &incident)?);
        }
    }
    Ok(IncidentsChanged { incidents })
}
