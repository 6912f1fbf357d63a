//! From the command line and the configuration to what the steps are set with.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "aws")]
use anyhow::Context;
use jiff::Timestamp;
use wafwatch_windows::time::EventTime;

use super::arguments::{CommonArguments, DetectorName};
use super::exit::UsageError;
use super::text::json_lines::JsonTerminal;
use crate::analyst::Analyst;
#[cfg(feature = "aws")]
use crate::analyst::bedrock::BlockingBedrock;
use crate::analyst::builtin::BuiltIn;
use crate::config::{
    AnalystConfig, AnalystKind, DetectorKind, InvestigateConfig, NotifyConfig, NotifyTarget,
    SecurityHubConfig, Settings, SnsConfig, Warning,
};
use crate::guidance::Calendar;
use crate::investigate::surroundings::AccountView;
#[cfg(feature = "aws")]
use crate::lookup::BlockingAccount;
use crate::notify::jsonl::JsonLines;
#[cfg(feature = "securityhub")]
use crate::notify::securityhub::BlockingSecurityHub;
#[cfg(feature = "aws")]
use crate::notify::sns::BlockingSns;
use crate::notify::terminal::{Detail, Terminal};
use crate::notify::{Notifier, configured};
use crate::outbox::{Channel, Terms};
use crate::pipeline::{DecodeLimits, PipelineSettings};
use crate::report::{Redaction, Style};
use crate::source::BlockLimits;

const DEFAULT_CONFIG: &str = "wafwatch.toml";
const MIB: usize = 1 << 20;
/// Terminals and files are tried once more; then something is wrong that time does not mend.
const LOCAL_ATTEMPTS: u32 = 2;

/// The wall clock.
pub(super) fn now() -> EventTime {
    EventTime(Timestamp::now().as_millisecond())
}

/// Reads the configuration; flags go over it.
pub(super) fn settings(
    common: &CommonArguments,
    detector: Option<DetectorName>,
) -> anyhow::Result<(Settings, Vec<Warning>)> {
    let path = config_path(common);
    let text = path.as_deref().map(read_config).transpose()?;
    let file = path.as_deref().zip(text.as_deref());
    let environment = |name: &str| std::env::var(name).ok();
    let (mut settings, warnings) =
        Settings::load(file, &environment).map_err(|error| UsageError(error.to_string()))?;
    if let Some(store) = &common.store {
        settings.store.path.clone_from(store);
        settings.set_by_flag("store.path", "--store");
    }
    if let Some(detector) = detector {
        settings.detect.detector = match detector {
            DetectorName::Classic => DetectorKind::Classic,
            DetectorName::Ewma => DetectorKind::Ewma,
            DetectorName::Calibrated => DetectorKind::Calibrated,
        };
        settings.set_by_flag("detect.detector", "--detector");
    }
    Ok((settings, warnings))
}

/// The configuration file in use, if there is one.
pub(super) fn config_path(common: &CommonArguments) -> Option<PathBuf> {
    common.config.clone().or_else(default_config)
}

fn default_config() -> Option<PathBuf> {
    Some(PathBuf::from(DEFAULT_CONFIG)).filter(|path| path.is_file())
}

fn read_config(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| UsageError(format!("cannot read {}: {error}", path.display())).into())
}

/// How the pipeline is set.
pub(super) fn pipeline(settings: &Settings) -> anyhow::Result<PipelineSettings> {
    // Nothing that is stored or shown depends on this seed, so it is new in every process. That of
    // distinct counts belongs to the store.
    let pipeline = PipelineSettings::of(settings, random_seed());
    Ok(pipeline.with_calendar(calendar(settings)?))
}

/// The bounds of what is decoded.
pub(super) fn limits(settings: &Settings) -> DecodeLimits {
    PipelineSettings::of(settings, 0).limits
}

/// What is planned, by the file that the settings name.
pub(super) fn calendar(settings: &Settings) -> anyhow::Result<Calendar> {
    let Some(path) = &settings.incident.calendar else {
        return Ok(Calendar::default());
    };
    let origin = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        UsageError(format!(
            "cannot read the calendar {origin}: {error}: mend `incident.calendar`, or take it out"
        ))
    })?;
    Calendar::parse(&origin, &text).map_err(|error| UsageError(error.to_string()).into())
}

/// A number that nobody can know beforehand.
pub(super) fn random_seed() -> u64 {
    // The library seeds each of its hashers from the system's randomness.
    RandomState::new().build_hasher().finish()
}

/// Bounds of what sources hold in memory.
pub(super) fn block_limits(settings: &Settings) -> BlockLimits {
    BlockLimits {
        line_bytes: settings.ingest.max_line_mib as usize * MIB,
        ..BlockLimits::default()
    }
}

/// The terminal's channel for commands whose output are the messages themselves.
pub(super) fn terminal(common: &CommonArguments) -> Box<dyn Notifier> {
    if common.json {
        return Box::new(JsonTerminal);
    }
    let style = terminal_style();
    Box::new(Terminal::new(std::io::stdout(), style, Detail::Full))
}

/// The channels that the configuration names; `terminal` makes the terminal's.
pub(super) fn channels(
    settings: &Settings,
    terminal: &dyn Fn() -> Box<dyn Notifier>,
) -> anyhow::Result<Vec<Channel>> {
    settings
        .notify
        .iter()
        .map(|config| channel(settings, config, terminal))
        .collect()
}

pub(super) fn channel(
    settings: &Settings,
    config: &NotifyConfig,
    terminal: &dyn Fn() -> Box<dyn Notifier>,
) -> anyhow::Result<Channel> {
    let (notifier, attempts): (Box<dyn Notifier>, u32) = match &config.target {
        NotifyTarget::Terminal => (terminal(), LOCAL_ATTEMPTS),
        NotifyTarget::Jsonl { path } => (Box::new(JsonLines::new(path)), LOCAL_ATTEMPTS),
        NotifyTarget::Webhook(config) => {
            let webhook = configured::webhook(config, &|name| std::env::var(name).ok());
            let webhook = webhook.map_err(|error| UsageError(error.to_string()))?;
            (Box::new(webhook), config.attempts)
        }
        NotifyTarget::Slack(config) => {
            let slack = configured::slack(config, &|name| std::env::var(name).ok());
            let slack = slack.map_err(|error| UsageError(error.to_string()))?;
            (Box::new(slack), config.attempts)
        }
        NotifyTarget::Sns(config) => (sns(config)?, config.attempts),
        NotifyTarget::SecurityHub(config) => (security_hub(config)?, config.attempts),
    };
    let terms = Terms {
        name: config.name.clone(),
        minimum_level: config.minimum_level,
        redaction: redaction(settings),
        attempts,
    };
    Ok(Channel { terms, notifier })
}

/// The account that is asked about Web ACLs, where that is wanted.
pub(super) fn account(settings: &Settings) -> anyhow::Result<Option<Arc<dyn AccountView>>> {
    if !settings.investigate.account {
        return Ok(None);
    }
    asked_account(&settings.investigate).map(Some)
}

#[cfg(feature = "aws")]
fn asked_account(config: &InvestigateConfig) -> anyhow::Result<Arc<dyn AccountView>> {
    let account =
        BlockingAccount::connect(config.clone()).context("the account cannot be asked")?;
    Ok(Arc::new(account))
}

#[cfg(not(feature = "aws"))]
fn asked_account(_: &InvestigateConfig) -> anyhow::Result<Arc<dyn AccountView>> {
    let message = "this wafwatch is built without AWS and cannot ask an account about Web ACLs \
                   (investigate.account = true, or WAFWATCH_ACCOUNT_EVIDENCE): build it with \
                   `--features aws`, or set it to false";
    Err(UsageError(message.to_owned()).into())
}

/// Who explains incidents.
pub(super) fn analyst(settings: &Settings) -> anyhow::Result<Box<dyn Analyst + Send>> {
    match settings.analyst.kind {
        AnalystKind::BuiltIn => Ok(Box::new(BuiltIn)),
        AnalystKind::Bedrock => bedrock(&settings.analyst),
    }
}

#[cfg(feature = "aws")]
fn bedrock(config: &AnalystConfig) -> anyhow::Result<Box<dyn Analyst + Send>> {
    let analyst = BlockingBedrock::connect(config.bedrock(), now)
        .context("the analyst on Bedrock cannot be used")?;
    Ok(Box::new(analyst))
}

#[cfg(not(feature = "aws"))]
fn bedrock(config: &AnalystConfig) -> anyhow::Result<Box<dyn Analyst + Send>> {
    let message = format!(
        "this wafwatch is built without AWS and cannot ask {} (analyst.kind = \"bedrock\", or \
         WAFWATCH_ANALYST): build it with `--features aws`, or set analyst.kind = \"built-in\"",
        config.model
    );
    Err(UsageError(message).into())
}

/// What reports mask.
pub(super) fn redaction(settings: &Settings) -> Redaction {
    settings.privacy.redaction()
}

#[cfg(feature = "aws")]
fn sns(config: &SnsConfig) -> anyhow::Result<Box<dyn Notifier>> {
    let topic_arn = config.topic_arn.clone();
    let channel = BlockingSns::connect(topic_arn, config.region())
        .context("the topic cannot be published to")?;
    Ok(Box::new(channel))
}

#[cfg(not(feature = "aws"))]
fn sns(config: &SnsConfig) -> anyhow::Result<Box<dyn Notifier>> {
    let message = format!(
        "this wafwatch is built without AWS and cannot publish to {} (kind = \"sns\", or \
         SNS_TOPIC_ARN): build it with `--features aws`, or take the topic out of the settings",
        config.topic_arn
    );
    Err(UsageError(message).into())
}

#[cfg(feature = "securityhub")]
fn security_hub(config: &SecurityHubConfig) -> anyhow::Result<Box<dyn Notifier>> {
    let channel = BlockingSecurityHub::connect(configured::product(config))
        .context("findings cannot be imported")?;
    Ok(Box::new(channel))
}

#[cfg(not(feature = "securityhub"))]
fn security_hub(config: &SecurityHubConfig) -> anyhow::Result<Box<dyn Notifier>> {
    let message = format!(
        "this wafwatch is built without Security Hub and cannot import findings into {} (kind = \
         \"securityhub\", or SECURITYHUB_PRODUCT_ARN): build it with `--features securityhub`, or take \
         the product out of the settings",
        config.product_arn
    );
    Err(UsageError(message).into())
}

/// Coloured where people look at standard output.
pub(super) fn terminal_style() -> Style {
    let is_terminal = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if is_terminal {
        Style::Coloured
    } else {
        Style::Plain
    }
}
