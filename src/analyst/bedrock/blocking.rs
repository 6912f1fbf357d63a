//! The same for threads without a runtime.

use std::io;

use aws_config::SdkConfig;
use tokio::runtime::Runtime;
use wafwatch_windows::time::EventTime;

use super::{Bedrock, BedrockSettings};
use crate::account;
use crate::analyst::{Analyst, Assessment};
use crate::investigate::Evidence;

/// Brings its own runtime and clock.
#[derive(Debug)]
pub struct BlockingBedrock {
    bedrock: Bedrock,
    runtime: Runtime,
    clock: fn() -> EventTime,
}

impl BlockingBedrock {
    /// An analyst in the account that the environment gives.
    ///
    /// # Errors
    ///
    /// When the system gives no event queue to wait on.
    pub fn connect(settings: BedrockSettings, clock: fn() -> EventTime) -> io::Result<Self> {
        let (runtime, config) = account::connect_blocking()?;
        Ok(Self {
            bedrock: Bedrock::new(&config, settings),
            runtime,
            clock,
        })
    }

    /// An analyst in the account of `config`.
    ///
    /// # Errors
    ///
    /// When the system gives no event queue to wait on.
    pub fn over(
        config: &SdkConfig,
        settings: BedrockSettings,
        clock: fn() -> EventTime,
    ) -> io::Result<Self> {
        Ok(Self {
            bedrock: Bedrock::new(config, settings),
            runtime: account::own_runtime()?,
            clock,
        })
    }
}

impl Analyst for BlockingBedrock {
    /// Waits for the model; must not be called from an asynchronous task.
    fn assess(&self, evidence: &Evidence) -> Assessment {
        let now = (self.clock)();
        self.runtime.block_on(self.bedrock.explain(evidence, now))
    }
}
