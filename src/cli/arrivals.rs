//! What `watch` takes arrivals from: files, standard input or a stream.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Receiver;

use super::arguments::WatchArguments;
use super::exit::UsageError;
use super::session::{self, Session};
use super::setup;
use crate::config::Settings;
use crate::host::followed::{Arrival, FollowSettings, follow};
use crate::source::SourceError;
use crate::store::Store;

/// Schemes that name something else than a file.
const STREAM: &str = "kinesis://";
const BUCKET: &str = "s3://";

/// What is watched, for people.
pub(super) fn names(arguments: &WatchArguments) -> String {
    match &arguments.source {
        Some(source) => source.clone(),
        None => arguments.inputs.join(", "),
    }
}

/// Begins to read.
pub(super) fn arrivals(
    arguments: &WatchArguments,
    settings: &Settings,
    session: &mut Session,
    interrupt: &Arc<AtomicBool>,
) -> anyhow::Result<Receiver<Arrival>> {
    if let Some(source) = &arguments.source {
        return stream::arrivals(source, arguments.from, session);
    }
    refuse_remote(&arguments.inputs)?;
    let checkpoints = session.pipeline.store().checkpoints()?;
    let follow_settings = FollowSettings {
        block: setup::block_limits(settings),
        run: session::run_name(setup::now()),
    };
    let arrivals = follow(&arguments.inputs, &checkpoints, &follow_settings, interrupt);
    Ok(arrivals.map_err(usage)?)
}

fn refuse_remote(inputs: &[String]) -> Result<(), UsageError> {
    for input in inputs {
        let advice = if input.starts_with(STREAM) {
            "name a stream with --source"
        } else if input.starts_with(BUCKET) {
            "use `replay` for what is in a bucket"
        } else {
            continue;
        };
        let input = input.clone();
        return Err(usage(SourceError::WrongCommand { input, advice }));
    }
    Ok(())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is made to be passed to map_err"
)]
fn usage(error: SourceError) -> UsageError {
    UsageError(error.to_string())
}

#[cfg(not(feature = "aws"))]
mod stream {
    use std::sync::mpsc::Receiver;

    use super::super::arguments::StreamStart;
    use super::{Arrival, Session, SourceError, usage};

    pub(super) fn arrivals(
        source: &str,
        _from: StreamStart,
        _session: &mut Session,
    ) -> anyhow::Result<Receiver<Arrival>> {
        let input = source.to_owned();
        Err(usage(SourceError::WithoutAws { input }).into())
    }
}

#[cfg(feature = "aws")]
mod stream {
    use std::collections::hash_map::RandomState;
    use std::hash::{BuildHasher, Hasher};
    use std::sync::mpsc::Receiver;

    use wafwatch_windows::time::EventTime;

    use super::super::arguments::StreamStart;
    use super::super::{note, setup};
    use super::{Arrival, Session, SourceError, Store, usage};
    use crate::host::streamed::{OpenStream, start_time};
    use crate::source::kinesis::{ReadSettings, Start};

    /// Begins to read all shards, after the store has kept since when.
    pub(super) fn arrivals(
        source: &str,
        from: StreamStart,
        session: &mut Session,
    ) -> anyhow::Result<Receiver<Arrival>> {
        let stream = OpenStream::open(source).map_err(|error| match error {
            SourceError::NotAStream { .. } => usage(error).into(),
            error => anyhow::Error::new(error),
        })?;
        let checkpoints = session.pipeline.store().checkpoints()?;
        let asked = match from {
            StreamStart::TrimHorizon => Start::Oldest,
            StreamStart::Latest => Start::Newest,
            StreamStart::At(time) => Start::At(time),
        };
        let start = stream.start(&checkpoints, asked);
        let (checkpoint, input) = stream.start_checkpoint();
        if !checkpoints.iter().any(|(shard, _)| *shard == checkpoint) {
            let time = start_time(start, setup::now());
            session.pipeline.note_start(&checkpoint, &input, time);
            // Commits the start alone: no window is due at the beginning of time.
            session.pipeline.flush(EventTime(i64::MIN))?;
        }
        let settings = ReadSettings {
            start,
            clock: setup::now,
            tell: note,
            seed: RandomState::new().build_hasher().finish(),
        };
        Ok(stream.follow(checkpoints, settings))
    }
}
