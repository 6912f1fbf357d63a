//! From CloudWatch's counts to what a detector has learnt, kept as the state of an ACL without windows.

use anyhow::Context;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use serde_json::json;
use tokio::runtime::Runtime;
use wafwatch_windows::counters::Counters;
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::Window;

use crate::account;
use crate::cli::arguments::LearnArguments;
use crate::cli::exit::{Outcome, UsageError};
use crate::cli::text::figures::grouped;
use crate::cli::{print, print_json, setup};
use crate::config::Settings;
use crate::detect::{AnyDetector, Detector};
use crate::pipeline::PipelineSettings;
use crate::source::cloudwatch::{CloudWatchError, PastCounts};
use crate::store::dynamodb::{ClosingCommit, CommitNumbers, DynamoStore};
use crate::store::sqlite::SqliteStore;
use crate::store::{AclState, Closing, Store, Transaction};

const DAY_MS: i64 = 86_400_000;
/// The newest counts may still grow.
const SETTLING_MS: i64 = 300_000;

pub(in crate::cli) fn run(arguments: &LearnArguments) -> anyhow::Result<Outcome> {
    let (settings, _) = setup::settings(&arguments.common, None)?;
    let (runtime, config) = account::connect_blocking().context("cannot start what asks AWS")?;
    let keeper = Keeper::open(&config, &settings, arguments)?;
    if keeper.knows(&runtime, &arguments.acl)? {
        return Err(UsageError(format!(
            "{} has a history already: only an ACL that is new can learn from CloudWatch",
            arguments.acl
        ))
        .into());
    }
    let counted = past(&runtime, &config, &settings, arguments)?;
    let requests: u64 = counted.iter().map(|(_, counters)| counters.total).sum();
    if requests == 0 {
        return Err(UsageError(format!(
            "CloudWatch has no requests of {} in the last {} days: check the ARN, the account, and \
             whether its name in metrics is another (--metric-name)",
            arguments.acl, arguments.days
        ))
        .into());
    }
    let detector = learnt(&settings, &arguments.acl, &counted)?;
    keeper.keep(&runtime, &arguments.acl, detector)?;
    let windows = counted.len() as u64;
    if arguments.common.json {
        let said = json!({"acl": arguments.acl, "windows": windows, "requests": requests});
        print_json(&said)?;
    } else {
        print(&format!(
            "learnt from {} windows with {} requests\n",
            grouped(windows),
            grouped(requests)
        ))?;
    }
    Ok(Outcome::Done)
}

/// The counts from the first window with a request on: before it there was no ACL.
fn past(
    runtime: &Runtime,
    config: &SdkConfig,
    settings: &Settings,
    arguments: &LearnArguments,
) -> anyhow::Result<Vec<(Window, Counters)>> {
    let until = setup::now().minus(SETTLING_MS);
    let from = until.minus(i64::from(arguments.days) * DAY_MS);
    let counted = runtime.block_on(async {
        let metric_name = arguments.metric_name.as_deref();
        let size = settings.windows.size;
        let past = PastCounts::new(config, &arguments.acl, metric_name, size)?;
        past.between(from, until).await
    });
    let mut counted = counted.map_err(|error| match error {
        CloudWatchError::NotAnArn { .. } | CloudWatchError::WindowSize { .. } => {
            UsageError(error.to_string()).into()
        }
        error => anyhow::Error::new(error),
    })?;
    let first = counted.iter().position(|(_, counters)| counters.total > 0);
    counted.drain(..first.unwrap_or(counted.len()));
    Ok(counted)
}

fn learnt(
    settings: &Settings,
    acl: &str,
    counted: &[(Window, Counters)],
) -> anyhow::Result<Vec<u8>> {
    let mut detector = AnyDetector::new(PipelineSettings::of(settings, 0).close.detector);
    for (window, counters) in counted {
        let mut summary = Summary::empty(acl, *window, Completeness::Complete);
        summary.counters = *counters;
        if !detector.learn_counters(&summary) {
            return Err(UsageError(
                "the detector ewma cannot learn from counts alone: use calibrated or classic"
                    .to_owned(),
            )
            .into());
        }
    }
    Ok(detector.into_state().encode())
}

/// Where the state is kept.
enum Keeper {
    File(Box<SqliteStore>),
    Table(Box<DynamoStore>),
}

impl Keeper {
    fn open(
        config: &SdkConfig,
        settings: &Settings,
        arguments: &LearnArguments,
    ) -> anyhow::Result<Self> {
        let Some(table) = &arguments.table else {
            let store = SqliteStore::open(&settings.store.path, settings.windows.size)?;
            return Ok(Self::File(Box::new(store)));
        };
        let days = settings.store.retention_days;
        let store = DynamoStore::new(Client::new(config), table.clone(), days);
        Ok(Self::Table(Box::new(store)))
    }

    fn knows(&self, runtime: &Runtime, acl: &str) -> anyhow::Result<bool> {
        Ok(match self {
            Self::File(store) => store.acl_states()?.iter().any(|(known, _)| known == acl),
            Self::Table(store) => runtime.block_on(store.acl_state(acl))?.is_some(),
        })
    }

    /// A closing without windows: whoever closes the first one goes on from it.
    fn keep(self, runtime: &Runtime, acl: &str, detector: Vec<u8>) -> anyhow::Result<()> {
        let closing = Closing {
            acl: acl.to_owned(),
            state: AclState {
                version: 1,
                detector,
                ..AclState::default()
            },
            windows: Vec::new(),
            incidents: Vec::new(),
            events: Vec::new(),
        };
        match self {
            Self::File(mut store) => store.apply(&Transaction {
                closings: vec![closing],
                ..Transaction::default()
            })?,
            Self::Table(store) => runtime.block_on(store.close(&ClosingCommit {
                closing,
                consumed: std::collections::BTreeMap::<Window, CommitNumbers>::new(),
                now: setup::now(),
            }))?,
        }
        Ok(())
    }
}
