//! The live dashboard: one page and its API, served by the process itself.
//!
//! There is one mechanism for a watch and for a store that only lies there: the dashboard reads the
//! store file through read-only connections of its own, looks a few times a second whether another
//! connection has changed it, and tells browsers what changed. It knows nothing of the pipeline and
//! cannot disturb it; what people say of incidents is the one thing it writes, as
//! `wafwatch incidents mark` does.
//!
//! - `assets` is the page, `api` what it asks for, `feed` what it is told;
//! - `access` decides who may ask, `view` what they may see;
//! - `server` and `patience` bound connections, sizes and times.
//!
//! `docs/openapi.json` is the API's reference; `docs/dashboard.md` tells how it is used.

mod access;
mod answer;
mod api;
mod assets;
mod feed;
mod parameters;
mod patience;
mod rates;
mod readers;
mod router;
mod server;
mod view;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use wafwatch_windows::time::EventTime;

use crate::report::Redaction;

pub use access::{MINIMUM_TOKEN_BYTES, Token, WeakToken};
pub use server::Dashboard;

/// Where the dashboard listens unless it is told otherwise.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:8460";

/// What runs beside the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Input is followed.
    Watch,
    /// Generated logs were played.
    Demo,
    /// Nothing: a store is shown.
    Serve,
}

/// A channel as the settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredChannel {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
}

/// How the dashboard is set.
#[derive(Debug, Clone)]
pub struct DashboardSettings {
    /// Where to listen; port 0 takes one that is free.
    pub address: SocketAddr,
    /// What clients must show; needed anywhere but on loopback.
    pub token: Option<Token>,
    /// The store file, which must be there.
    pub store: PathBuf,
    /// What is masked.
    pub redaction: Redaction,
    /// The channels that messages go to.
    pub channels: Vec<ConfiguredChannel>,
    /// What runs beside it.
    pub mode: Mode,
    /// The wall clock.
    pub clock: fn() -> EventTime,
}

/// Why there is no dashboard.
#[derive(Debug, thiserror::Error)]
pub enum DashboardError {
    /// It would be open to others.
    #[error(
        "the dashboard at {address} can be reached from other machines and needs a token: set the \
         environment variable WAFWATCH_DASHBOARD_TOKEN, or the one that --dashboard-token-env names, or \
         listen on 127.0.0.1"
    )]
    TokenNeeded {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// It cannot listen there.
    #[error(
        "the dashboard cannot listen on {address}: {source}: name another address, or port 0 for any"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// Its thread cannot run.
    #[error("the dashboard cannot be started: {0}")]
    Start(#[source] io::Error),
}

/// Starts the dashboard on a thread of its own.
///
/// # Errors
///
/// Where others could reach it without a token, and where it cannot listen.
pub fn start(settings: DashboardSettings) -> Result<Dashboard, DashboardError> {
    server::start(settings)
}
