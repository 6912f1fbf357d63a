//! Closed windows: figures for people, and everything in a compressed summary.
//!
//! A summary whose texts compress badly, as an attacker's do, may be larger than an item: what does
//! not fit goes into further items, which name the revision that they belong to.

use std::ops::ControlFlow;

use jiff::Timestamp;
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::{EventTime, Window};

use super::items::{Attributes, Item, Stored};
use super::keys::{self, Key};
use super::packing;
use super::read::{Order, Range};
use super::transact::{Condition, Writes};
use super::{Amendment, CommitNumbers, DynamoStore, StoredWindow};
use crate::store::{ClosedWindow, StoreError};

/// The attribute that counts a window's amendments, which each amendment is conditional on.
const REVISION: &str = "revision";
/// Bytes of a packed summary that go into one item; the rest of the item is small.
const PIECE_BYTES: usize = 300_000;
/// How often a window is read again that was amended between two of its items.
const READS: usize = 5;
/// What is said of windows that no detector has seen.
const NEVER_SCORED: &str = "never_scored";

/// What a detector said of a window, kept as it was when the window is amended.
struct Verdict(serde_json::Value);

impl Verdict {
    fn of(closed: &ClosedWindow) -> Self {
        Self(serde_json::json!({
            "stage": closed.stage,
            "findings": closed.findings,
            "forecast": closed.forecast,
        }))
    }

    fn never_scored() -> Self {
        Self(serde_json::json!({ "stage": NEVER_SCORED, "findings": [] }))
    }
}

/// Adds a window that closes.
pub(super) fn add_closed(
    writes: &mut Writes,
    closed: &ClosedWindow,
    consumed: &CommitNumbers,
    now: EventTime,
    days: u32,
) {
    let verdict = Verdict::of(closed);
    let window = Written {
        summary: &closed.summary,
        revision: 0,
        consumed,
        verdict: &verdict,
    };
    // The ACL's version guards it.
    add(writes, &window, Condition::Any, now, days);
}

struct Written<'a> {
    summary: &'a Summary,
    revision: u64,
    consumed: &'a CommitNumbers,
    verdict: &'a Verdict,
}

fn add(writes: &mut Writes, window: &Written<'_>, condition: Condition, now: EventTime, days: u32) {
    let summary = window.summary;
    let (acl, start) = (&summary.acl, summary.window.start);
    let what = format!("the window of {acl} at {}", utc(start));
    let packed = packing::json(summary);
    let mut pieces = packed.chunks(PIECE_BYTES);
    let count = pieces.len();
    let counters = &summary.counters;
    let item = Item::new(Key::window(acl, start))
        // For people; what is read is `summary`.
        .text("start", utc(start))
        .text("end", utc(summary.window.end))
        .flag("complete", summary.completeness == Completeness::Complete)
        .number("total", counters.total)
        .number("allowed", counters.allowed)
        .number("blocked", counters.blocked)
        .number("counted", counters.counted)
        .number("captcha", counters.captcha)
        .number("challenge", counters.challenge)
        .number("other", counters.other)
        .number(
            "distinct_addresses",
            summary.distinct_addresses.estimate.round(),
        )
        .number("late", summary.late)
        .number(REVISION, window.revision)
        .compact("consumed", window.consumed)
        .json("verdict", &window.verdict.0)
        .number("pieces", count)
        .bytes("summary", pieces.next().unwrap_or_default().to_vec())
        .expiring(now, days);
    writes.put(item, condition, &what);
    for (number, piece) in pieces.enumerate() {
        let item = Item::new(Key::window_piece(acl, start, number + 1))
            .number(REVISION, window.revision)
            .bytes("summary", piece.to_vec())
            .expiring(now, days);
        writes.put(item, Condition::Any, &what);
    }
}

impl DynamoStore {
    /// One closed window.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn window(
        &self,
        acl: &str,
        window: Window,
    ) -> Result<Option<StoredWindow>, StoreError> {
        for _ in 0..READS {
            let Some(item) = self.get(Key::window(acl, window.start)).await? else {
                return Ok(None);
            };
            if let Some(window) = self.whole(acl, window.start, &item).await? {
                return Ok(Some(window));
            }
        }
        Err(StoreError::Conflict {
            what: format!(
                "the window of {acl} at {} kept being changed",
                utc(window.start)
            ),
        })
    }

    /// Closed windows of `acl` that start in `[from, until)`, oldest first, at most `limit`, the
    /// newest where there are more.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn windows_between(
        &self,
        acl: &str,
        from: EventTime,
        until: EventTime,
        limit: usize,
    ) -> Result<Vec<Summary>, StoreError> {
        if from >= until || limit == 0 {
            return Ok(Vec::new());
        }
        let range = Range::Between(keys::window_sort(from), keys::window_sort(until.minus(1)));
        let mut items: Vec<Attributes> = Vec::new();
        let visit = |page: Vec<Attributes>| {
            items.extend(page);
            if items.len() < limit {
                return ControlFlow::Continue(());
            }
            ControlFlow::Break(())
        };
        let partition = keys::of_acl(acl);
        self.visit(&partition, range, Order::Descending, Some(limit), visit)
            .await?;
        items.truncate(limit);
        let mut summaries = Vec::with_capacity(items.len());
        for item in items.iter().rev() {
            summaries.push(self.summary(acl, item).await?);
        }
        Ok(summaries)
    }

    async fn summary(&self, acl: &str, item: &Attributes) -> Result<Summary, StoreError> {
        let start = start_of(item)?;
        if let Some(window) = self.whole(acl, start, item).await? {
            return Ok(window.summary);
        }
        // Amended between the reads.
        let window = Window { start, end: start };
        let stored = self.window(acl, window).await?;
        stored
            .map(|window| window.summary)
            .ok_or_else(|| Stored::new("window", item).damaged("pieces", "are gone"))
    }

    /// The window of an item, with what stands in others; `None` where those belong to another
    /// revision.
    async fn whole(
        &self,
        acl: &str,
        start: EventTime,
        item: &Attributes,
    ) -> Result<Option<StoredWindow>, StoreError> {
        let stored = Stored::new("window", item);
        let revision: u64 = stored.number(REVISION)?;
        let count: usize = stored.number("pieces")?;
        let first = stored.bytes("summary")?;
        let summary = if count <= 1 {
            packing::from_json(first)
        } else {
            let range = Range::Prefix(keys::window_pieces_prefix(start));
            let items = self.items(&keys::of_acl(acl), range).await?;
            let mut packed = first.to_vec();
            let mut found = 1;
            // An earlier revision may have had more pieces than this one.
            for item in items.iter().take(count - 1) {
                let piece = Stored::new("piece of a window", item);
                if piece.number::<u64>(REVISION)? != revision {
                    return Ok(None);
                }
                packed.extend_from_slice(piece.bytes("summary")?);
                found += 1;
            }
            if found != count {
                return Err(stored.damaged("pieces", format!("says {count}, {found} are there")));
            }
            packing::from_json(&packed)
        };
        Ok(Some(StoredWindow {
            summary: summary.map_err(|reason| stored.damaged("summary", reason))?,
            revision,
            consumed: stored.compact("consumed")?,
        }))
    }

    /// Amends a closed window: its figures are replaced, what a detector said of it stays.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where its revision is not the expected one.
    /// [`StoreError::TooLarge`] where a summary is beyond all measure. Otherwise when the table
    /// cannot be read or written.
    pub async fn amend(&self, amendment: &Amendment) -> Result<(), StoreError> {
        let summary = &amendment.summary;
        let verdict = match amendment.expected_revision {
            None => Verdict::never_scored(),
            Some(_) => self.verdict(&summary.acl, summary.window).await?,
        };
        let expected = amendment.expected_revision;
        let window = Written {
            summary,
            revision: expected.map_or(0, |revision| revision + 1),
            consumed: &amendment.consumed,
            verdict: &verdict,
        };
        let mut writes = Writes::default();
        let condition = Condition::counter(REVISION, expected);
        add(
            &mut writes,
            &window,
            condition,
            amendment.now,
            self.retention_days,
        );
        self.transact(writes).await
    }

    /// It never changes once it is there, so that reading it first is no race.
    async fn verdict(&self, acl: &str, window: Window) -> Result<Verdict, StoreError> {
        let Some(item) = self.get(Key::window(acl, window.start)).await? else {
            return Ok(Verdict::never_scored());
        };
        Stored::new("window", &item).json("verdict").map(Verdict)
    }
}

fn start_of(item: &Attributes) -> Result<EventTime, StoreError> {
    let stored = Stored::new("window", item);
    let sort = stored.text(keys::SORT)?;
    let start = sort.strip_prefix("WINDOW#").and_then(keys::parse_padded);
    start.ok_or_else(|| stored.damaged(keys::SORT, "names no window"))
}

/// A time as people read it.
fn utc(time: EventTime) -> String {
    Timestamp::from_millisecond(time.0).map_or_else(|_| time.0.to_string(), |time| time.to_string())
}
