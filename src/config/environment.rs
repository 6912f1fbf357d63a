//! Environment variables over the file.
//!
//! The names are those of the systems that users come from; numbers out of range are held at its
//! ends, as there, but not in silence.

mod analyst;
mod channels;
mod investigate;

use std::path::PathBuf;

use wafwatch_windows::time::WindowSize;

use super::detect::{AnomalyMode, DetectorKind};
use super::error::{ConfigError, Origin, Warning};
use super::ranges::{Accepted, accepted};
use super::settings::Settings;
use crate::incident::Level;
use crate::report::AddressMask;

/// Looks variables up and keeps what is to be said about them.
struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    warnings: Vec<Warning>,
    /// Keys that were set, with the variable.
    set: Vec<(&'static str, &'static str)>,
}

const WINDOW_MINUTES: Accepted = Accepted::Whole {
    least: 1,
    most: 1440,
};

const TRUTHS: [(&str, bool); 6] = [
    ("true", true),
    ("1", true),
    ("yes", true),
    ("false", false),
    ("0", false),
    ("no", false),
];
const TRUTH_WORDS: &str = "true, false, 1, 0, yes or no";

/// Sets what `lookup` gives in `settings`.
pub(super) fn apply(
    settings: &mut Settings,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Warning>, ConfigError> {
    let mut environment = Environment {
        lookup,
        warnings: Vec::new(),
        set: Vec::new(),
    };
    environment.apply_windows(settings)?;
    environment.apply_waiting(settings)?;
    environment.apply_seed(settings)?;
    environment.apply_classic(settings)?;
    environment.apply_ewma(settings)?;
    environment.apply_investigate(settings)?;
    environment.apply_analyst(settings)?;
    environment.apply_rest(settings)?;
    environment.apply_channels(settings)?;
    for (key, variable) in environment.set {
        settings.origins.set(key, Origin::Environment { variable });
    }
    Ok(environment.warnings)
}

impl Environment<'_> {
    fn apply_windows(&mut self, settings: &mut Settings) -> Result<(), ConfigError> {
        let key = "windows.size_seconds";
        let Some(minutes) = self.number("WINDOW_MINUTES", key, WINDOW_MINUTES)? else {
            return Ok(());
        };
        // In range by now: a day at most.
        if let Ok(size) = WindowSize::from_seconds(minutes as u32 * 60) {
            settings.windows.size = size;
        }
        Ok(())
    }

    fn apply_waiting(&mut self, settings: &mut Settings) -> Result<(), ConfigError> {
        let windows = &mut settings.windows;
        let key = "windows.lateness_seconds";
        if let Some(seconds) = self.setting("WAFWATCH_LATENESS_SECONDS", key)? {
            windows.lateness_seconds = seconds as u32;
        }
        let key = "windows.longest_wait_seconds";
        if let Some(seconds) = self.setting("WAFWATCH_LONGEST_WAIT_SECONDS", key)? {
            windows.longest_wait_seconds = seconds as u32;
        }
        let key = "windows.idle_delay_seconds";
        if let Some(seconds) = self.setting("WAFWATCH_IDLE_DELAY_SECONDS", key)? {
            windows.idle_delay_seconds = seconds as u32;
        }
        Ok(())
    }

    /// A seed is no quantity: one out of range is refused instead of held at an end, where everybody
    /// could guess it.
    fn apply_seed(&mut self, settings: &mut Settings) -> Result<(), ConfigError> {
        let (variable, key) = ("WAFWATCH_SEED", "windows.seed");
        let Some(text) = self.value(variable) else {
            return Ok(());
        };
        let seed = text
            .parse::<i64>()
            .ok()
            .and_then(|seed| u64::try_from(seed).ok());
        let Some(seed) = seed else {
            let accepted = accepted(key).map_or_else(String::new, |accepted| accepted.to_string());
            return Err(bad_value(variable, key, &text, accepted));
        };
        settings.windows.seed = Some(seed);
        self.set.push((key, variable));
        Ok(())
    }

    fn apply_classic(&mut self, settings: &mut Settings) -> Result<(), ConfigError> {
        let classic = &mut settings.detect.classic;
        let hours = self.setting("HISTORY_HOURS", "detect.classic.history_hours")?;
        let days = self.setting("HISTORY_DAYS", "detect.classic.history_days")?;
        if hours.is_some() && days.is_some() {
            self.warnings.push(Warning::Ignored {
                ignored: "HISTORY_DAYS",
                used: "HISTORY_HOURS",
            });
        }
        // Either variable overrides both keys of the file.
        if hours.is_some() || days.is_some() {
            classic.history_hours = hours.map(|hours| hours as u32);
            classic.history_days = days.map(|days| days as u32);
        }
        let key = "detect.classic.anomaly_mode";
        let modes = [
            ("total", AnomalyMode::Total),
            ("mixed", AnomalyMode::Mixed),
            ("ratio", AnomalyMode::Ratio),
        ];
        if let Some(mode) = self.word("ANOMALY_MODE", key, &modes, "total, mixed or ratio")? {
            classic.anomaly_mode = mode;
        }
        let key = "detect.classic.use_nonzero_baseline";
        if let Some(truth) = self.word("USE_NONZERO_BASELINE", key, &TRUTHS, TRUTH_WORDS)? {
            classic.use_nonzero_baseline = truth;
        }
        Ok(())
    }

    fn apply_ewma(&mut self, settings: &mut Settings) -> Result<(), ConfigError> {
        let ewma = &mut settings.detect.ewma;
        if let Some(alpha) = self.setting("EWMA_ALPHA", "detect.ewma.alpha")? {
            ewma.alpha = alpha;
        }
        if let Some(sigma) = self.setting("SIGMA", "detect.ewma.sigma")? {
            ewma.sigma = sigma;
        }
        if let Some(days) = self.setting("TRAIN_DAYS", "detect.ewma.train_days")? {
            ewma.train_days = days;
        }
        if let Some(keys) = self.setting("TOP_K", "detect.ewma.top_k")? {
            ewma.top_k = keys as u32;
        }
        Ok(())
    }

    fn apply_rest(&mut self, settings: &mut Settings) -> Result<(), ConfigError> {
        let kinds = [
            ("classic", DetectorKind::Classic),
            ("ewma", DetectorKind::Ewma),
            ("calibrated", DetectorKind::Calibrated),
        ];
        let variable = "WAFWATCH_DETECTOR";
        if let Some(kind) = self.word(
            variable,
            "detect.detector",
            &kinds,
            "classic, ewma or calibrated",
        )? {
            settings.detect.detector = kind;
        }
        if let Some(path) = self.value("WAFWATCH_STORE") {
            settings.store.path = PathBuf::from(path);
            self.set.push(("store.path", "WAFWATCH_STORE"));
        }
        let key = "store.retention_days";
        if let Some(days) = self.setting("WAFWATCH_RETENTION_DAYS", key)? {
            settings.store.retention_days = days as u32;
        }
        let levels = [
            Level::Info,
            Level::Low,
            Level::Medium,
            Level::High,
            Level::Critical,
        ]
        .map(|level| (level.name(), level));
        let accepted = "info, low, medium, high or critical";
        let (variable, key) = ("WAFWATCH_MINIMUM_LEVEL", "incident.minimum_level");
        if let Some(level) = self.word(variable, key, &levels, accepted)? {
            settings.incident.minimum_level = level;
        }
        if let Some(path) = self.value("WAFWATCH_CALENDAR") {
            settings.incident.calendar = Some(PathBuf::from(path));
            self.set.push(("incident.calendar", "WAFWATCH_CALENDAR"));
        }
        let (variable, key) = ("WAFWATCH_MASK_ACCOUNT_IDS", "privacy.mask_account_ids");
        if let Some(truth) = self.word(variable, key, &TRUTHS, TRUTH_WORDS)? {
            settings.privacy.mask_account_ids = truth;
        }
        let masks = [
            ("none", AddressMask::None),
            ("host", AddressMask::Host),
            ("network", AddressMask::Network),
        ];
        let (variable, key) = ("WAFWATCH_MASK_ADDRESSES", "privacy.mask_addresses");
        if let Some(mask) = self.word(variable, key, &masks, "none, host or network")? {
            settings.privacy.mask_addresses = mask;
        }
        Ok(())
    }

    /// The text of a variable; an empty one is absent.
    fn value(&self, variable: &str) -> Option<String> {
        let value = (self.lookup)(variable)?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// A variable whose text is checked with all other settings.
    fn text(&mut self, variable: &'static str, key: &'static str) -> Option<String> {
        let text = self.value(variable)?;
        self.set.push((key, variable));
        Some(text)
    }

    /// A variable that takes what its key takes.
    fn setting(
        &mut self,
        variable: &'static str,
        key: &'static str,
    ) -> Result<Option<f64>, ConfigError> {
        let accepted = accepted(key).unwrap_or(Accepted::Other("a number"));
        self.number(variable, key, accepted)
    }

    /// A number, held within its range. Whole numbers stay far below those that an `f64` cannot hold.
    fn number(
        &mut self,
        variable: &'static str,
        key: &'static str,
        accepted: Accepted,
    ) -> Result<Option<f64>, ConfigError> {
        let Some(text) = self.value(variable) else {
            return Ok(None);
        };
        let (parsed, least, most) = match accepted {
            Accepted::Whole { least, most } => (whole(&text), least as f64, most as f64),
            Accepted::Number { least, most } => (finite(&text), least, most),
            Accepted::Words(_) | Accepted::Other(_) => (finite(&text), f64::MIN, f64::MAX),
        };
        let Some(given) = parsed else {
            return Err(bad_value(variable, key, &text, accepted.to_string()));
        };
        let used = given.clamp(least, most);
        if used != given {
            self.warnings.push(Warning::Clamped {
                variable,
                given: text.chars().take(80).collect(),
                used: used.to_string(),
                accepted: accepted.to_string(),
            });
        }
        self.set.push((key, variable));
        Ok(Some(used))
    }

    fn word<T: Copy>(
        &mut self,
        variable: &'static str,
        key: &'static str,
        words: &[(&str, T)],
        accepted: &str,
    ) -> Result<Option<T>, ConfigError> {
        let Some(text) = self.value(variable) else {
            return Ok(None);
        };
        let known = words
            .iter()
            .find(|(word, _)| text.eq_ignore_ascii_case(word));
        let Some((_, value)) = known else {
            return Err(bad_value(variable, key, &text, accepted.to_owned()));
        };
        self.set.push((key, variable));
        Ok(Some(*value))
    }
}

/// A whole number however large; the caller holds it within its range.
fn whole(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_whole)
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn refused(variable: &'static str, key: &'static str, text: &str) -> ConfigError {
    let accepted = accepted(key).map_or_else(String::new, |accepted| accepted.to_string());
    bad_value(variable, key, text, accepted)
}

fn bad_value(
    variable: &'static str,
    key: &'static str,
    text: &str,
    accepted: String,
) -> ConfigError {
    ConfigError::BadValue {
        origin: Origin::Environment { variable },
        key: key.to_owned(),
        value: super::document::shown_value(key, text),
        accepted,
    }
}
