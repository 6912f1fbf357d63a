//! `wafwatch serve`, and the dashboard of `watch` and `demo`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::arguments::{DashboardArguments, ServeArguments, TokenArguments};
use super::exit::{Outcome, UsageError};
use super::{incidents, note, session, setup};
use crate::config::Settings;
use crate::dashboard::{
    self, ConfiguredChannel, Dashboard, DashboardError, DashboardSettings, Mode, Token,
};

/// How often the end is looked for.
const TICK: Duration = Duration::from_millis(100);

pub(super) fn serve(arguments: &ServeArguments) -> anyhow::Result<Outcome> {
    // Tells what is wrong with the store before anything listens.
    let (settings, store) = incidents::open(&arguments.common)?;
    drop(store);
    let interrupt = session::interrupt()?;
    let token = token(&arguments.token)?;
    let settings = of(&settings, arguments.address, token, Mode::Serve);
    let _dashboard = started(settings)?;
    wait(&interrupt);
    Ok(Outcome::Done)
}

/// Starts the dashboard where one is asked for. The store must be there.
pub(super) fn beside(
    arguments: &DashboardArguments,
    settings: &Settings,
    mode: Mode,
) -> anyhow::Result<Option<Dashboard>> {
    let Some(address) = arguments.address else {
        return Ok(None);
    };
    let token = token(&arguments.token)?;
    started(of(settings, address, token, mode)).map(Some)
}

/// Waits until the user ends it.
pub(super) fn wait(interrupt: &AtomicBool) {
    note("ctrl-c ends");
    while !interrupt.load(Ordering::Relaxed) {
        std::thread::sleep(TICK);
    }
}

fn started(settings: DashboardSettings) -> anyhow::Result<Dashboard> {
    let dashboard = dashboard::start(settings).map_err(|error| match error {
        DashboardError::TokenNeeded { .. } | DashboardError::Listen { .. } => {
            UsageError(error.to_string()).into()
        }
        DashboardError::Start(_) => anyhow::Error::from(error),
    })?;
    note(&format!("dashboard at {}", dashboard.url()));
    Ok(dashboard)
}

fn of(
    settings: &Settings,
    address: std::net::SocketAddr,
    token: Option<Token>,
    mode: Mode,
) -> DashboardSettings {
    let channels = settings.notify.iter().map(|config| ConfiguredChannel {
        name: config.name.clone(),
        kind: config.target.kind(),
    });
    DashboardSettings {
        address,
        token,
        store: settings.store.path.clone(),
        redaction: setup::redaction(settings),
        channels: channels.collect(),
        mode,
        clock: setup::now,
    }
}

/// The token in the variable, where it is set.
fn token(arguments: &TokenArguments) -> anyhow::Result<Option<Token>> {
    let variable = &arguments.variable;
    let Some(text) = std::env::var_os(variable).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let text = text.to_str().ok_or_else(|| {
        UsageError(format!(
            "the token in {variable} is not UTF-8: take letters and digits"
        ))
    })?;
    let token = Token::new(text).map_err(|error| UsageError(format!("{error} ({variable})")))?;
    Ok(Some(token))
}
