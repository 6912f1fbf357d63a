//! Reads one object as a stream, however often the stream breaks.
//!
//! After a break reading goes on with the byte behind the last one that came, on condition that the
//! object is still the one that was listed. Memory holds what the network handed over last.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use tokio::runtime::Handle;
use tokio::sync::oneshot::Sender;
use tokio::time::{sleep, timeout};
use wafwatch_windows::time::EventTime;

use crate::account::{Backoff, Failure};
use crate::archive::{Listed, Location};
use crate::source::Object;

/// How long the next bytes are waited for.
const SILENCE: Duration = Duration::from_secs(30);
/// Breaks without a byte between them after which reading gives up.
const MAX_BREAKS: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How long before the time of its name few of an object's records lie.
const EARLIER_MS: i64 = 5 * 60_000;

/// What the objects of one listing share.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) client: Client,
    pub(super) runtime: Handle,
    /// Keeps the runtime going until the last of them is dropped.
    pub(super) _driver: Arc<Sender<()>>,
    pub(super) seed: u64,
}

/// An object in a bucket.
#[derive(Debug)]
pub(super) struct S3Object {
    access: Access,
    bucket: String,
    listed: Listed,
    name: String,
}

impl S3Object {
    pub(super) fn new(access: Access, location: &Location, listed: Listed) -> Self {
        Self {
            name: format!("s3://{}/{}", location.bucket, listed.key),
            bucket: location.bucket.clone(),
            access,
            listed,
        }
    }
}

impl Object for S3Object {
    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> &str {
        &self.listed.etag
    }

    fn bytes(&self) -> u64 {
        self.listed.bytes
    }

    fn first(&self) -> Option<EventTime> {
        self.listed.span.map(|span| span.start.minus(EARLIER_MS))
    }

    fn read_from(&self, position: u64) -> io::Result<Box<dyn Read + Send>> {
        let access = self.access.clone();
        Ok(Box::new(ObjectReader {
            backoff: Backoff::new(FIRST_WAIT, LONGEST_WAIT, access.seed ^ self.listed.bytes),
            access,
            bucket: self.bucket.clone(),
            listed: self.listed.clone(),
            position,
            body: None,
            portion: io::Cursor::default(),
        }))
    }
}

struct ObjectReader {
    access: Access,
    bucket: String,
    listed: Listed,
    /// Behind the last byte that came.
    position: u64,
    body: Option<ByteStream>,
    /// What came and was not handed out.
    portion: io::Cursor<Vec<u8>>,
    backoff: Backoff,
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.portion.read(buffer)?;
            if read > 0 || buffer.is_empty() || self.position >= self.listed.bytes {
                return Ok(read);
            }
            let runtime = self.access.runtime.clone();
            let portion = runtime.block_on(self.next())?;
            self.position += portion.len() as u64;
            self.portion = io::Cursor::new(portion);
        }
    }
}

impl ObjectReader {
    /// The next bytes, over as many breaks as it takes.
    async fn next(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let failure = match self.try_next().await {
                Ok(portion) => {
                    self.backoff.reset();
                    return Ok(portion);
                }
                Err(failure) => failure,
            };
            self.body = None;
            let is_last = self.backoff.failures() + 1 >= MAX_BREAKS;
            match failure {
                Break::Final(reason) => return Err(io::Error::other(reason)),
                Break::Passing(reason) if is_last => return Err(io::Error::other(reason)),
                Break::Passing(_) => sleep(self.backoff.fail()).await,
            }
        }
    }

    async fn try_next(&mut self) -> Result<Vec<u8>, Break> {
        let body = match &mut self.body {
            Some(body) => body,
            None => {
                let opened = self.open().await?;
                self.body.insert(opened)
            }
        };
        match timeout(SILENCE, body.next()).await {
            Ok(Some(Ok(portion))) => Ok(portion.into()),
            Ok(Some(Err(error))) => Err(Break::Passing(format!("the stream broke: {error}"))),
            Ok(None) => Err(Break::Passing("the stream ended before the object".into())),
            Err(_) => Err(Break::Passing("nothing came for a while".into())),
        }
    }

    /// The rest of the object, if it is still the same.
    async fn open(&self) -> Result<ByteStream, Break> {
        let position = self.position;
        let range = (position > 0).then(|| format!("bytes={position}-"));
        let etag = Some(self.listed.etag.clone()).filter(|etag| !etag.is_empty());
        let answer = self
            .access
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(&self.listed.key)
            .set_range(range)
            .set_if_match(etag)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.body),
            Err(error) => {
                let failure = Failure::of(&error);
                if failure.code == "PreconditionFailed" {
                    return Err(Break::Final("it was changed since it was listed".into()));
                }
                // The client has tried several times already.
                Err(Break::Final(failure.to_string()))
            }
        }
    }
}

/// Why no bytes came.
enum Break {
    /// Worth another try.
    Passing(String),
    Final(String),
}

impl fmt::Debug for ObjectReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ObjectReader")
            .field("key", &self.listed.key)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
