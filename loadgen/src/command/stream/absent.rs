//! A build that knows no streams.

use anyhow::bail;

use super::arguments::StreamTarget;
use super::feed::Feed;
use super::measure::Measures;
use super::probe::Ledger;
use super::progress::Progress;
use super::tempo::Schedule;

/// Says which build knows them.
pub fn all(
    _: &mut Feed,
    target: &StreamTarget,
    _: Schedule,
    _: &mut Progress,
    _: Option<&Ledger>,
) -> anyhow::Result<Measures> {
    bail!(
        "cannot send to {}: this loadgen was built without streams; build it with --features aws",
        target.name
    );
}
