//! Kinesis in this process.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};

use aws_config::SdkConfig;
use ferrokinesis::store::StoreOptions;
use tokio::sync::oneshot;

use crate::{EmulatorError, sdk_config};

/// An in-memory Kinesis on a thread of its own, which ends when it is dropped.
///
/// Streams are created, resharded and deleted nearly at once. It stands outside any test's
/// asynchronous runtime, so that several may use it.
#[derive(Debug)]
pub struct Kinesis {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Kinesis {
    /// Starts one in which up to 200 shards may be open.
    ///
    /// # Errors
    ///
    /// When there is no free port or thread.
    pub fn start() -> Result<Self, EmulatorError> {
        Self::start_with(StoreOptions {
            create_stream_ms: 1,
            delete_stream_ms: 1,
            update_stream_ms: 1,
            shard_limit: 200,
            aws_region: crate::REGION.to_owned(),
            ..StoreOptions::default()
        })
    }

    /// Starts one with other options: delays, limits, throttling of writes.
    ///
    /// # Errors
    ///
    /// When there is no free port or thread.
    pub fn start_with(options: StoreOptions) -> Result<Self, EmulatorError> {
        Self::serve(options).map_err(|source| EmulatorError::Start {
            emulator: "ferrokinesis",
            source,
        })
    }

    fn serve(options: StoreOptions) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("kinesis emulator".into())
            .spawn(move || {
                runtime.block_on(async {
                    let listener = tokio::net::TcpListener::from_std(listener)
                        .expect("the listener does not block");
                    let (app, _store) = ferrokinesis::create_app(options);
                    tokio::select! {
                        served = axum::serve(listener, app) => served.expect("serving does not end"),
                        _ = stopped => {}
                    }
                });
            })?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it answers.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A configuration for clients of it; see [`sdk_config`].
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        sdk_config(&self.endpoint())
    }
}

impl Drop for Kinesis {
    fn drop(&mut self) {
        // Either way the thread ends.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_kinesis::Client;
    use aws_sdk_kinesis::primitives::Blob;

    use super::*;

    #[tokio::test]
    async fn a_stream_takes_records_and_shards() {
        let kinesis = Kinesis::start().expect("starts");
        let client = Client::new(&kinesis.sdk_config());
        let create = client.create_stream().stream_name("logs").shard_count(2);
        create.send().await.expect("creates");
        loop {
            let stream = client.describe_stream_summary().stream_name("logs").send();
            let summary = stream.await.expect("is there").stream_description_summary;
            if summary.expect("described").stream_status.as_str() == "ACTIVE" {
                break;
            }
        }
        let put = client.put_record().stream_name("logs");
        let put = put.partition_key("k").data(Blob::new("record"));
        let put = put.send().await.expect("puts");
        assert!(!put.sequence_number.is_empty());
        let shards = client.list_shards().stream_name("logs").send().await;
        assert_eq!(shards.expect("lists").shards().len(), 2);
    }
}
