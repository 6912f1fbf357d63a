//! Does once a minute what no batch brings about: closes windows of streams in which nothing comes,
//! and takes up events that wait in the outbox.

use std::time::Duration;

use aws_config::SdkConfig;
use tokio::time::Instant;
use wafwatch_windows::time::EventTime;

use super::deployment::deployment;
use super::done::Done;
use super::investigator::Investigator;
use super::settings::CloserSettings;
use crate::distributed::{KinesisStream, Stream, Turn, advance};
use crate::notify::configured::ConfiguredError;
use crate::pipeline::PipelineSettings;
use crate::store::StoreError;
use crate::store::dynamodb::DynamoStore;

/// What is left of a call's time for the answer.
const MARGIN: Duration = Duration::from_secs(5);
/// The part of a call's time that closing may take, so that the outbox has its turn.
const CLOSING_SHARE: f64 = 0.6;

/// A closer that cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum CloserError {
    /// The table cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A channel's settings cannot work.
    #[error(transparent)]
    Channel(#[from] ConfiguredError),
}

/// Closes what nobody else closes.
#[derive(Clone)]
pub struct Closer<S> {
    /// The table.
    pub store: DynamoStore,
    /// The stream.
    pub stream: S,
    /// How windows are closed.
    pub pipeline: PipelineSettings,
    /// How far behind the clock an idle shard is taken to be complete, in milliseconds.
    pub idle_delay_ms: i64,
    /// Draws jitter; another one for each process.
    pub seed: u64,
    /// Delivers what waits.
    pub investigator: Investigator,
}

impl Closer<KinesisStream> {
    /// The closer that a function's settings ask for, in the account of `config`. `draw` gives
    /// random numbers: the first is the deployment's seed, where it has none yet.
    ///
    /// # Errors
    ///
    /// When the deployment's seed cannot be read or a channel's settings cannot work.
    pub async fn connect(
        settings: CloserSettings,
        config: &SdkConfig,
        variable: &dyn Fn(&str) -> Option<String>,
        draw: fn() -> u64,
    ) -> Result<Self, CloserError> {
        let idle_delay = settings.settings.windows.idle_delay_seconds;
        let investigator =
            Investigator::of_settings(&settings.settings, &settings.table, config, variable)?;
        let (table, calendar) = (settings.table, settings.calendar);
        let (store, pipeline) =
            deployment(settings.settings, calendar, table, config, draw).await?;
        Ok(Self {
            store,
            stream: KinesisStream::new(config, settings.stream),
            pipeline,
            idle_delay_ms: i64::from(idle_delay) * 1_000,
            seed: draw(),
            investigator,
        })
    }
}

impl<S: Stream> Closer<S> {
    /// Closes what is due and delivers what waits, within the time until `deadline`, the end of the
    /// call. `now` is the wall clock.
    pub async fn handle(&self, now: EventTime, deadline: Instant) -> Done {
        let began = Instant::now();
        let until = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        let time = until.saturating_duration_since(began);
        let turn = Turn {
            idle_delay_ms: self.idle_delay_ms,
            now,
            until: began + time.mul_f64(CLOSING_SHARE),
            seed: self.seed,
        };
        let mut done = Done::default();
        match advance(&self.store, &self.stream, &self.pipeline, turn, |_| true).await {
            Ok(advanced) => done.take(advanced, now),
            Err(error) => done.problems.push(format!("no window is closed: {error}")),
        }
        match self.investigator.sweep(now, deadline).await {
            Ok(investigated) => {
                investigated.add_to(&mut done.health);
                done.models.extend(investigated.models);
                done.problems.extend(investigated.problems);
            }
            Err(error) => done
                .problems
                .push(format!("no event is delivered: {error}")),
        }
        done
    }
}
