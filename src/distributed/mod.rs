//! The one-way path from a stream's shards to closed windows, for many functions at once: the twin of
//! [`crate::pipeline`] over a table that all of them share.
//!
//! Nobody owns a shard, a window or an ACL here. Every write is conditional on what it was made from,
//! so that of two who do the same work one is refused, reads again and finds it done.
//!
//! [`count`] turns a batch of one shard into commits; [`advance`] moves time on where nothing comes
//! ([`idle`]) and closes what is due ([`settle`](settle())).

pub mod count;
pub mod idle;
pub mod pack;
pub mod settle;
pub mod stream;
pub mod view;

use tokio::time::Instant;
use wafwatch_windows::close::Due;
use wafwatch_windows::time::{EventTime, Window};
use wafwatch_windows::watermark::Low;

pub use idle::{Found, IdleError, Moment, refresh, unknown_shard};
pub use settle::{Round, Settled, settle};
pub use stream::{Ahead, KinesisStream, ListedShard, Stream, StreamError};
pub use view::View;

use crate::pipeline::PipelineSettings;
use crate::store::StoreError;
use crate::store::dynamodb::DynamoStore;

/// What a call of [`advance`] depends on beside table and stream.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// How far behind the clock a shard in which nothing lies is taken to be complete, in
    /// milliseconds.
    pub idle_delay_ms: i64,
    /// Wall clock.
    pub now: EventTime,
    /// When nothing new is begun any more.
    pub until: Instant,
    /// Draws the jitter between attempts of several who meet.
    pub seed: u64,
}

/// What a call of [`advance`] did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Advanced {
    /// Windows that closed or were amended.
    pub settled: Settled,
    /// What was found out about shards.
    pub found: Found,
    /// Web ACLs whose windows go on closing.
    pub active_acls: u64,
}

/// Moves time on where nothing comes, and closes what is due by then.
///
/// The stream is asked only where a window's time has come. Where it cannot be asked, windows close
/// when they have waited longest.
///
/// # Errors
///
/// When the table cannot be used; what is done then stays.
pub async fn advance(
    store: &DynamoStore,
    stream: &impl Stream,
    settings: &PipelineSettings,
    turn: Turn,
    is_asked: impl FnMut(&str) -> bool,
) -> Result<Advanced, StoreError> {
    let mut view = View::read(store).await?;
    let heads = view.heads.values();
    let mut advanced = Advanced {
        active_acls: heads.filter(|head| head.empty_budget > 0).count() as u64,
        ..Advanced::default()
    };
    let size = settings.close.window_size;
    let policy = settings.close_policy;
    let Some(oldest) = view.oldest_waiting(size) else {
        return Ok(advanced);
    };
    let moment = Moment {
        now: turn.now,
        horizon: turn.now.minus(turn.idle_delay_ms),
        wanted: view::wanted(policy, size, turn.now.minus(turn.idle_delay_ms)),
        until: turn.until,
    };
    let mut low = view.low();
    let has_its_time =
        |window: Window| window.end.plus(i64::from(policy.lateness_ms)) <= moment.horizon;
    if has_its_time(oldest) || policy.due(oldest, low, turn.now) != Due::NotYet {
        match refresh(store, stream, &mut view, moment, is_asked).await {
            Ok(found) => {
                advanced.found = found;
                low = view.low();
            }
            Err(IdleError::Store(error)) => return Err(error),
            Err(IdleError::Stream(error)) => {
                // Shards may be there that nobody knows: only the longest wait closes windows.
                advanced.found.failed = Some(error.to_string());
                low = Low::Unknown;
            }
        }
    }
    let round = Round {
        low,
        now: turn.now,
        until: turn.until,
        seed: turn.seed,
    };
    advanced.settled = settle(store, settings, view, round).await?;
    Ok(advanced)
}
