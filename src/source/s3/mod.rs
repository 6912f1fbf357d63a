//! Buckets: the objects that can hold a range of time, each read as a stream.
//!
//! [`Bucket::inputs`] lists no more of a bucket than it must and gives [`Input`]s, which are read, resumed
//! and told apart like files. Readers are ordinary blocking ones; the calls behind them run on one
//! thread, which ends with the last of them.

mod object;

use std::sync::Arc;
use std::thread;

use tokio::sync::oneshot;
use wafwatch_windows::time::EventTime;

use self::object::{Access, S3Object};
use super::{Input, SourceError};
use crate::account;
use crate::archive::{Extent, Location, objects};

/// Access to buckets.
#[derive(Debug, Clone)]
pub struct Bucket {
    access: Access,
}

impl Bucket {
    /// Access with the credentials and the region that the AWS tools would use. `seed` draws the jitter
    /// of waits.
    ///
    /// # Errors
    ///
    /// When the system has no thread or socket left.
    pub fn connect(seed: u64) -> Result<Self, SourceError> {
        let connected = account::connect_blocking();
        let (runtime, config) = connected.map_err(|reason| SourceError::Remote {
            action: "reach",
            input: "s3://".to_owned(),
            reason: reason.to_string(),
            advice: "",
        })?;
        let handle = runtime.handle().clone();
        let (driver, ended) = oneshot::channel();
        thread::spawn(move || runtime.block_on(ended));
        Ok(Self {
            access: Access {
                client: aws_sdk_s3::Client::new(&config),
                runtime: handle,
                _driver: Arc::new(driver),
                seed,
            },
        })
    }

    /// The objects at `input`, `s3://BUCKET/PREFIX`, that can hold records of `[from, until)`, in the
    /// order of their times.
    ///
    /// # Errors
    ///
    /// [`SourceError`] when the name cannot be one, the bucket cannot be listed, or nothing in it can
    /// hold such records.
    pub fn inputs(
        &self,
        input: &str,
        from: EventTime,
        until: EventTime,
    ) -> Result<Vec<Input>, SourceError> {
        let location = Location::parse(input).ok_or_else(|| SourceError::NotABucket {
            input: input.to_owned(),
        })?;
        let listing = objects(&self.access.client, &location, from, until, Extent::ALL);
        let listed = self.access.runtime.block_on(listing);
        let listed = listed.map_err(|failure| SourceError::remote("list", input, &failure))?;
        if listed.is_empty() {
            return Err(SourceError::NoObject {
                input: input.to_owned(),
            });
        }
        let object = |listed| S3Object::new(self.access.clone(), &location, listed);
        let objects = listed.into_iter().map(object);
        Ok(objects
            .map(|object| Input::of_object(Arc::new(object)))
            .collect())
    }
}
