//! Reads an object however often its stream breaks: on from where it stood, as long as it is the one
//! that was listed.

use std::io::{self, Read};
use std::time::Duration;

use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;

use super::Object;

/// Breaks without a byte between them.
const MAX_BREAKS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);
/// How long the next bytes are waited for.
const SILENCE: Duration = Duration::from_secs(30);

pub struct Body {
    object: Object,
    stream: Option<ByteStream>,
    /// Bytes that came and were not read.
    ready: Vec<u8>,
    read: usize,
    /// Bytes that came.
    position: u64,
    is_at_end: bool,
}

impl Body {
    pub fn of(object: Object) -> Self {
        Self {
            object,
            stream: None,
            ready: Vec::new(),
            read: 0,
            position: 0,
            is_at_end: false,
        }
    }

    /// Waits for the next bytes.
    fn refill(&mut self) -> io::Result<()> {
        let mut breaks = 0;
        loop {
            match self.next_bytes() {
                Ok(Some(bytes)) => {
                    self.position += bytes.len() as u64;
                    self.ready = bytes;
                    self.read = 0;
                    return Ok(());
                }
                Ok(None) => {
                    self.is_at_end = true;
                    return Ok(());
                }
                Err(error) if breaks >= MAX_BREAKS => return Err(error),
                Err(_) => {
                    self.stream = None;
                    breaks += 1;
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }

    fn next_bytes(&mut self) -> io::Result<Option<Vec<u8>>> {
        let access = std::sync::Arc::clone(&self.object.access);
        access.runtime.block_on(async {
            if self.stream.is_none() {
                self.stream = Some(self.begin().await?);
            }
            let stream = self.stream.as_mut().expect("it was just begun");
            match tokio::time::timeout(SILENCE, stream.next()).await {
                Ok(Some(Ok(bytes))) => Ok(Some(bytes.to_vec())),
                Ok(Some(Err(error))) => Err(io::Error::other(error)),
                Ok(None) => Ok(None),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            }
        })
    }

    async fn begin(&self) -> io::Result<ByteStream> {
        let access = &self.object.access;
        let mut get = access.client.get_object().bucket(&access.bucket);
        get = get.key(&self.object.key);
        if !self.object.version.is_empty() {
            get = get.if_match(&self.object.version);
        }
        if self.position > 0 {
            get = get.range(format!("bytes={}-", self.position));
        }
        let answer = get.send().await;
        let answer =
            answer.map_err(|error| io::Error::other(DisplayErrorContext(&error).to_string()))?;
        Ok(answer.body)
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.ready.len() && !self.is_at_end {
            self.refill()?;
        }
        let left = &self.ready[self.read..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.read += count;
        Ok(count)
    }
}
