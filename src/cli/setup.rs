//! From the command line and the configuration to what the steps are set with.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use wafwatch_windows::close::ClosePolicy;
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::time::EventTime;

use super::arguments::{CommonArguments, DetectorName};
use super::exit::UsageError;
use crate::close::CloseSettings;
use crate::config::{
    AnomalyMode, DetectorKind, NotifyConfig, NotifyTarget, Settings, Warning, WebhookConfig,
};
use crate::detect::DetectorSettings;
use crate::detect::classic::{ClassicMode, ClassicSettings};
use crate::detect::ewma::EwmaSettings;
use crate::incident::IncidentPolicy;
use crate::ingest::Limits;
use crate::notify::Notifier;
use crate::notify::jsonl::JsonLines;
use crate::notify::webhook::{Secret, Webhook, WebhookSettings};
use crate::outbox::Channel;
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
pub(super) fn pipeline(settings: &Settings) -> PipelineSettings {
    let windows = &settings.windows;
    let ingest = &settings.ingest;
    let limits = Limits {
        max_record_bytes: kib(ingest.max_record_kib),
        max_depth: u16::try_from(ingest.max_depth).unwrap_or(u16::MAX),
        max_decompressed_bytes: ingest.max_decompressed_mib as usize * MIB,
        max_nesting: u16::try_from(ingest.max_nesting).unwrap_or(u16::MAX),
        earliest: ingest.accept_from,
        ..Limits::default()
    };
    let size_ms = windows.size.milliseconds();
    let dormant_after_ms = i64::from(windows.dormant_after_hours) * 3_600_000;
    let close = CloseSettings {
        window_size: windows.size,
        dormant_after_windows: u32::try_from(dormant_after_ms / size_ms)
            .unwrap_or(u32::MAX)
            .max(1),
        detector: detector(settings),
        incident: IncidentPolicy {
            resolve_after_windows: settings.incident.resolve_after_windows,
            minimum_level: settings.incident.minimum_level,
        },
        sketch: sketch(settings),
    };
    PipelineSettings {
        limits: DecodeLimits {
            limits,
            accept_future_ms: i64::from(ingest.accept_future_minutes) * 60_000,
        },
        close_policy: ClosePolicy {
            lateness_ms: windows.lateness_seconds.saturating_mul(1_000),
            longest_wait_ms: windows.longest_wait_seconds.saturating_mul(1_000),
        },
        close,
        max_acls: windows.max_acls as usize,
    }
}

fn sketch(settings: &Settings) -> SketchSettings {
    let windows = &settings.windows;
    let defaults = SketchSettings::default();
    SketchSettings {
        top_n: windows.top_n as usize,
        // Nothing that is stored or shown depends on this one, so it is new in every process. That
        // of distinct counts belongs to the store.
        hash_seed: random_seed(),
        budget_bytes: kib(windows.partial_budget_kib),
        ..defaults
    }
}

/// A number that nobody can know beforehand.
pub(super) fn random_seed() -> u64 {
    // The library seeds each of its hashers from the system's randomness.
    RandomState::new().build_hasher().finish()
}

fn detector(settings: &Settings) -> DetectorSettings {
    let window_size = settings.windows.size;
    match settings.detect.detector {
        DetectorKind::Classic => {
            let classic = &settings.detect.classic;
            DetectorSettings::Classic(ClassicSettings {
                mode: match classic.anomaly_mode {
                    AnomalyMode::Total => ClassicMode::Total,
                    AnomalyMode::Mixed => ClassicMode::Mixed,
                    AnomalyMode::Ratio => ClassicMode::Ratio,
                },
                use_nonzero_baseline: classic.use_nonzero_baseline,
                history_milliseconds: classic.history_seconds().cast_signed() * 1_000,
                window_size,
            })
        }
        DetectorKind::Ewma => {
            let ewma = &settings.detect.ewma;
            DetectorSettings::Ewma(EwmaSettings {
                alpha: ewma.alpha,
                sigma: ewma.sigma,
                train_days: ewma.train_days,
                top_k: ewma.top_k,
                window_size,
            })
        }
    }
}

/// Bounds of what sources hold in memory.
pub(super) fn block_limits(settings: &Settings) -> BlockLimits {
    BlockLimits {
        line_bytes: settings.ingest.max_line_mib as usize * MIB,
        ..BlockLimits::default()
    }
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

fn channel(
    settings: &Settings,
    config: &NotifyConfig,
    terminal: &dyn Fn() -> Box<dyn Notifier>,
) -> anyhow::Result<Channel> {
    let (notifier, attempts): (Box<dyn Notifier>, u32) = match &config.target {
        NotifyTarget::Terminal => (terminal(), LOCAL_ATTEMPTS),
        NotifyTarget::Jsonl { path } => (Box::new(JsonLines::new(path)), LOCAL_ATTEMPTS),
        NotifyTarget::Webhook(config) => (Box::new(webhook(config)?), config.attempts),
    };
    Ok(Channel {
        name: config.name.clone(),
        notifier,
        minimum_level: config.minimum_level,
        redaction: redaction(settings),
        attempts,
    })
}

/// What reports mask.
pub(super) fn redaction(settings: &Settings) -> Redaction {
    Redaction {
        account_ids: settings.privacy.mask_account_ids,
    }
}

fn webhook(config: &WebhookConfig) -> anyhow::Result<Webhook> {
    let secret = config.secret_env.as_deref().map(secret).transpose()?;
    let settings = WebhookSettings {
        url: config.url.clone(),
        secret,
        headers: config.headers.clone(),
        timeout: Duration::from_secs(u64::from(config.timeout_seconds)),
    };
    let clock = Box::new(|| Timestamp::now().as_second());
    Webhook::new(settings, clock).context("the webhook cannot be used")
}

fn secret(variable: &str) -> anyhow::Result<Secret> {
    let value = std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| {
        UsageError(format!(
            "the webhook's secret_env names {variable}, which is not set: set it, or remove \
             secret_env to send unsigned messages"
        ))
    })?;
    Ok(Secret::new(value.into_bytes()))
}

fn kib(count: u32) -> usize {
    count as usize * 1_024
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
