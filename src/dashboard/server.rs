//! Listens on a thread of its own, within bounds of connections, sizes and times.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, oneshot};

use super::patience::Patient;
use super::router::{self, App};
use super::{DashboardError, DashboardSettings, feed};

/// Connections at once; others wait in the system's queue.
const MAX_CONNECTIONS: usize = 128;
/// How long a request's head may take, and a connection may idle.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long a client may leave what it is sent unread.
const UNREAD_TIME: Duration = Duration::from_secs(30);
const MAX_HEADERS: usize = 64;
const MAX_HEAD_BYTES: usize = 64 << 10;
/// Pause where no connection can be accepted, as for want of file handles.
const AFTER_FAILURE: Duration = Duration::from_millis(200);
/// How long questions that are being answered hold up the end.
const GRACE: Duration = Duration::from_secs(2);

/// A dashboard that runs; it ends when this is dropped.
#[derive(Debug)]
pub struct Dashboard {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Dashboard {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where to open it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // A thread that has ended needs no telling.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // Its panic, if it had one, was told on standard error.
            let _ = thread.join();
        }
    }
}

pub(super) fn start(settings: DashboardSettings) -> Result<Dashboard, DashboardError> {
    let address = settings.address;
    if settings.token.is_none() && !address.ip().is_loopback() {
        return Err(DashboardError::TokenNeeded { address });
    }
    let listening = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    });
    let (listener, bound) =
        listening.map_err(|source| DashboardError::Listen { address, source })?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(DashboardError::Start)?;
    let app = Arc::new(App::new(settings, bound));
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("dashboard".to_owned())
        .spawn(move || run(runtime, listener, app, stopped))
        .map_err(DashboardError::Start)?;
    Ok(Dashboard {
        address: bound,
        stop: Some(stop),
        thread: Some(thread),
    })
}

fn run(runtime: Runtime, listener: TcpListener, app: Arc<App>, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async {
        let work = async {
            tokio::spawn(feed::look_now_and_then(Arc::clone(&app)));
            accept(listener, router::router(app)).await
        };
        tokio::select! {
            _ = stopped => {}
            ended = work => if let Err(error) = ended {
                tell(&error);
            }
        }
    });
    runtime.shutdown_timeout(GRACE);
}

/// The watch beside it goes on; whoever looks at its output should know.
#[expect(
    clippy::print_stderr,
    reason = "the thread has nobody to hand an error to"
)]
fn tell(error: &io::Error) {
    eprintln!("wafwatch: the dashboard ended: {error}");
}

async fn accept(listener: TcpListener, router: Router) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let place = place.map_err(io::Error::other)?;
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(AFTER_FAILURE).await;
            continue;
        };
        let stream = TokioIo::new(Patient::new(stream, UNREAD_TIME));
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME)
                .max_headers(MAX_HEADERS)
                .max_buf_size(MAX_HEAD_BYTES)
                .serve_connection(stream, service);
            // A client that breaks off harms nobody.
            let _ = connection.await;
            drop(place);
        });
    }
}
