//! From the settings of a deployment to those of the steps.

use wafwatch_windows::close::ClosePolicy;
use wafwatch_windows::settings::SketchSettings;

use super::DecodeLimits;
use crate::close::CloseSettings;
use crate::config::{AnomalyMode, DetectorKind, Settings};
use crate::detect::classic::{ClassicMode, ClassicSettings};
use crate::detect::ewma::EwmaSettings;
use crate::detect::{CalibratedSettings, DetectorSettings};
use crate::guidance::Calendar;
use crate::incident::IncidentPolicy;
use crate::ingest::Limits;

const MIB: usize = 1 << 20;

/// What the pipeline depends on beside its input.
#[derive(Debug, Clone)]
pub struct PipelineSettings {
    /// Bounds of what is decoded.
    pub limits: DecodeLimits,
    /// When windows are due.
    pub close_policy: ClosePolicy,
    /// How they are closed.
    pub close: CloseSettings,
    /// Web ACLs that are followed at once; one that is dormant is not.
    pub max_acls: usize,
}

impl Default for PipelineSettings {
    /// The default of every part, and 256 Web ACLs.
    fn default() -> Self {
        Self {
            limits: DecodeLimits::default(),
            close_policy: ClosePolicy::default(),
            close: CloseSettings::default(),
            max_acls: 256,
        }
    }
}

impl PipelineSettings {
    /// What `settings` say; `hash_seed` should be one that attackers cannot know.
    #[must_use]
    pub fn of(settings: &Settings, hash_seed: u64) -> Self {
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
            sketch: sketch(settings, hash_seed),
            calendar: Calendar::default(),
        };
        Self {
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

    /// The same with what is planned.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Calendar) -> Self {
        self.close.calendar = calendar;
        self
    }
}

fn sketch(settings: &Settings, hash_seed: u64) -> SketchSettings {
    let windows = &settings.windows;
    let defaults = SketchSettings::default();
    SketchSettings {
        top_n: windows.top_n as usize,
        watched_uris: windows.watched_uris.clone(),
        hash_seed,
        distinct_seed: windows.seed.unwrap_or(defaults.distinct_seed),
        budget_bytes: kib(windows.partial_budget_kib),
        ..defaults
    }
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
        DetectorKind::Calibrated => DetectorSettings::Calibrated(CalibratedSettings {
            false_incidents_per_week: settings.detect.calibrated.false_incidents_per_week,
            window_size,
        }),
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

fn kib(count: u32) -> usize {
    count as usize * 1_024
}
