//! From texts to settings.

use std::collections::HashSet;
use std::path::Path;

use toml::Table;

use super::document::{Document, shown_value};
use super::environment;
use super::error::{ConfigError, Origin, Warning};
use super::ranges::{self, OutOfRange};
use super::settings::Settings;

impl Settings {
    /// The settings of a file, if there is one (its name, for errors, and its text), with the
    /// variables that `environment` gives over it, checked.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the place, the key, the value and what is accepted.
    pub fn load(
        file: Option<(&Path, &str)>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(Self, Vec<Warning>), ConfigError> {
        let mut settings = match file {
            Some((path, text)) => Self::of_file(path, text)?,
            None => Self::default(),
        };
        let mut warnings = environment::apply(&mut settings, environment)?;
        let classic = &settings.detect.classic;
        let has_both = classic.history_hours.is_some() && classic.history_days.is_some();
        let hours = settings.origin("detect.classic.history_hours");
        if has_both && matches!(hours, Origin::File { .. }) {
            warnings.push(Warning::Ignored {
                ignored: "detect.classic.history_days",
                used: "detect.classic.history_hours",
            });
        }
        settings.check()?;
        Ok((settings, warnings))
    }

    /// The settings of a file's text alone. Whatever the text is, this does not panic.
    ///
    /// # Errors
    ///
    /// As [`Self::load`].
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let file = Some((Path::new("wafwatch.toml"), text));
        Self::load(file, &|_| None).map(|(settings, _)| settings)
    }

    fn of_file(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let (document, root) = Document::parse(path, text)?;
        let mut settings = document.settings(root)?;
        for (key, origin) in document.keys() {
            settings.origins.set(key, origin);
        }
        Ok(settings)
    }

    /// Checks ranges, and what has to fit together. To be repeated after flags have set something.
    ///
    /// # Errors
    ///
    /// As [`Self::load`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let table = Table::try_from(self).map_err(|error| ConfigError::BadTable {
            origin: self.origin("windows.seed"),
            key: "windows".to_owned(),
            reason: error.to_string(),
        })?;
        ranges::check(&table).map_err(|out_of_range| self.bad_value(out_of_range))?;
        let windows = &self.windows;
        if windows.longest_wait_seconds < windows.lateness_seconds {
            let key = "windows.longest_wait_seconds";
            return Err(ConfigError::BadValue {
                origin: self.origin(key),
                key: key.to_owned(),
                value: format!("`{}`", windows.longest_wait_seconds),
                accepted: format!(
                    "no less than windows.lateness_seconds, which is {}",
                    windows.lateness_seconds
                ),
            });
        }
        if !windows.watches_what_it_can() {
            let key = "windows.watched_uris";
            let accepted = ranges::accepted(key).expect("the key is one of the list");
            return Err(ConfigError::BadValue {
                origin: self.origin(key),
                key: key.to_owned(),
                value: format!("`{:?}`", windows.watched_uris),
                accepted: accepted.to_string(),
            });
        }
        if let Some((key, accepted)) = self.analyst.conflict() {
            let value = self.analyst_value(key);
            return Err(ConfigError::BadValue {
                origin: self.origin(key),
                key: key.to_owned(),
                value,
                accepted: accepted.to_owned(),
            });
        }
        self.check_names()
    }

    fn analyst_value(&self, key: &str) -> String {
        let table = Table::try_from(&self.analyst).unwrap_or_default();
        let name = key.rsplit('.').next().unwrap_or(key);
        let value = table.get(name).map(ToString::to_string);
        value.map_or_else(|| "left out".to_owned(), |value| shown_value(key, &value))
    }

    fn check_names(&self) -> Result<(), ConfigError> {
        let mut names = HashSet::new();
        for (index, notify) in self.notify.iter().enumerate() {
            if names.insert(&notify.name) {
                continue;
            }
            let key = format!("notify[{index}]");
            return Err(ConfigError::BadTable {
                origin: self.origin(&key),
                key,
                reason: format!(
                    "another block has the name `{}`: give each a `name` of its own",
                    notify.name.escape_debug()
                ),
            });
        }
        Ok(())
    }

    fn bad_value(&self, out_of_range: OutOfRange) -> ConfigError {
        let OutOfRange {
            key,
            value,
            accepted,
        } = out_of_range;
        ConfigError::BadValue {
            origin: self.origin(&key),
            value: shown_value(&key, &value),
            key,
            accepted: accepted.to_string(),
        }
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
