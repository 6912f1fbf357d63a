//! What a function is set with: its environment, checked before the first event.
//!
//! | variable | functions | meaning |
//! | --- | --- | --- |
//! | `WAFWATCH_TABLE` | consumer, closer, investigator | the table's name |
//! | `WAFWATCH_STREAM` | consumer, closer, forwarder | the stream's name |
//! | `WAFWATCH_REJECTED_BUCKET` | consumer | where records that nothing can be made of are put aside; none where it is empty |
//! | `WAFWATCH_CONFIG` | consumer, closer, investigator | a TOML file in the bundle |
//! | `WAFWATCH_CALENDAR` | consumer, closer | another, of planned events |
//!
//! Everything else, the topic of incidents included, is what [`crate::config`] reads of the environment. No secret is ever a setting.

use std::io;
use std::path::Path;

use crate::config::{ConfigError, Settings, Warning};
use crate::guidance::{Calendar, CalendarError};

/// Where settings come from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// A variable of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The text of a file.
    pub file: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// Settings that a function cannot work with.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A variable is needed and not there.
    #[error("environment variable {variable} is not set: it takes {accepted}")]
    Missing {
        /// Its name.
        variable: &'static str,
        /// What is accepted.
        accepted: &'static str,
    },
    /// A variable has a value that is not accepted.
    #[error("environment variable {variable} cannot be `{value}`: it takes {accepted}")]
    BadValue {
        /// Its name.
        variable: &'static str,
        /// Its value, cut.
        value: String,
        /// What is accepted.
        accepted: &'static str,
    },
    /// The file of settings cannot be read.
    #[error("cannot read the file {path} that environment variable WAFWATCH_CONFIG names")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A setting is not accepted.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The file of planned events cannot be read.
    #[error("cannot read the calendar {path} that `incident.calendar` names")]
    CalendarFile {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// What is planned cannot be.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

/// Settings and what is to be said about them.
pub type Loaded<T> = Result<(T, Vec<Warning>), SettingsError>;

/// What `consumer` is set with.
#[derive(Debug, Clone)]
pub struct ConsumerSettings {
    /// How records are counted and windows closed.
    pub settings: Settings,
    /// What is planned.
    pub calendar: Calendar,
    /// The table.
    pub table: String,
    /// The stream.
    pub stream: String,
    /// Where records that nothing can be made of are put aside.
    pub rejected_bucket: Option<String>,
}

/// What `closer` is set with.
#[derive(Debug, Clone)]
pub struct CloserSettings {
    /// How windows are closed.
    pub settings: Settings,
    /// What is planned.
    pub calendar: Calendar,
    /// The table.
    pub table: String,
    /// The stream.
    pub stream: String,
}

/// What `investigator` is set with.
#[derive(Debug, Clone)]
pub struct InvestigatorSettings {
    /// How incidents are explained, and who is told.
    pub settings: Settings,
    /// The table.
    pub table: String,
}

/// What `forwarder` is set with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwarderSettings {
    /// The stream.
    pub stream: String,
}

impl ConsumerSettings {
    /// Reads and checks the environment.
    ///
    /// # Errors
    ///
    /// A [`SettingsError`] that names the variable.
    pub fn load(sources: Sources<'_>) -> Loaded<Self> {
        let (settings, warnings) = sources.settings()?;
        let calendar = sources.calendar(&settings)?;
        let loaded = Self {
            settings,
            calendar,
            table: sources.table()?,
            stream: sources.stream()?,
            rejected_bucket: sources.named(&REJECTED_BUCKET)?,
        };
        Ok((loaded, warnings))
    }
}

impl CloserSettings {
    /// Reads and checks the environment.
    ///
    /// # Errors
    ///
    /// A [`SettingsError`] that names the variable.
    pub fn load(sources: Sources<'_>) -> Loaded<Self> {
        let (settings, warnings) = sources.settings()?;
        let calendar = sources.calendar(&settings)?;
        let loaded = Self {
            settings,
            calendar,
            table: sources.table()?,
            stream: sources.stream()?,
        };
        Ok((loaded, warnings))
    }
}

impl InvestigatorSettings {
    /// Reads and checks the environment.
    ///
    /// # Errors
    ///
    /// A [`SettingsError`] that names the variable.
    pub fn load(sources: Sources<'_>) -> Loaded<Self> {
        let (settings, warnings) = sources.settings()?;
        let loaded = Self {
            settings,
            table: sources.table()?,
        };
        Ok((loaded, warnings))
    }
}

impl ForwarderSettings {
    /// Reads and checks the environment.
    ///
    /// # Errors
    ///
    /// A [`SettingsError`] that names the variable.
    pub fn load(sources: Sources<'_>) -> Result<Self, SettingsError> {
        let stream = sources.stream()?;
        Ok(Self { stream })
    }
}

/// A variable that holds the name of something in the account.
struct Name {
    variable: &'static str,
    least: usize,
    most: usize,
    symbols: &'static str,
    accepted: &'static str,
}

const TABLE: Name = Name {
    variable: "WAFWATCH_TABLE",
    least: 3,
    most: 255,
    symbols: "_.-",
    accepted: "the name of a DynamoDB table: 3 to 255 letters, digits, `_`, `.` and `-`",
};
const STREAM: Name = Name {
    variable: "WAFWATCH_STREAM",
    least: 1,
    most: 128,
    symbols: "_.-",
    accepted: "the name of a Kinesis data stream: 1 to 128 letters, digits, `_`, `.` and `-`",
};
const REJECTED_BUCKET: Name = Name {
    variable: "WAFWATCH_REJECTED_BUCKET",
    least: 3,
    most: 63,
    symbols: ".-",
    accepted: "the name of an S3 bucket: 3 to 63 letters, digits, `.` and `-`",
};
/// Characters of a value that an error shows.
const SHOWN: usize = 80;

impl Name {
    fn accepts(&self, value: &str) -> bool {
        let is_known =
            |byte: u8| byte.is_ascii_alphanumeric() || self.symbols.as_bytes().contains(&byte);
        (self.least..=self.most).contains(&value.len()) && value.bytes().all(is_known)
    }

    fn refused(&self, value: &str) -> SettingsError {
        bad_value(self.variable, value, self.accepted)
    }
}

impl Sources<'_> {
    fn value(&self, variable: &str) -> Option<String> {
        let value = (self.variable)(variable)?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn calendar(&self, settings: &Settings) -> Result<Calendar, SettingsError> {
        let Some(path) = &settings.incident.calendar else {
            return Ok(Calendar::default());
        };
        let name = path.display().to_string();
        let text = (self.file)(path).map_err(|source| SettingsError::CalendarFile {
            path: name.clone(),
            source,
        })?;
        Ok(Calendar::parse(&name, &text)?)
    }

    fn named(&self, name: &Name) -> Result<Option<String>, SettingsError> {
        match self.value(name.variable) {
            Some(value) if !name.accepts(&value) => Err(name.refused(&value)),
            value => Ok(value),
        }
    }

    fn required(&self, name: &Name) -> Result<String, SettingsError> {
        self.named(name)?.ok_or(SettingsError::Missing {
            variable: name.variable,
            accepted: name.accepted,
        })
    }

    fn table(&self) -> Result<String, SettingsError> {
        self.required(&TABLE)
    }

    fn stream(&self) -> Result<String, SettingsError> {
        self.required(&STREAM)
    }

    fn settings(&self) -> Loaded<Settings> {
        let Some(path) = self.value("WAFWATCH_CONFIG") else {
            return Ok(Settings::load(None, self.variable)?);
        };
        let text = (self.file)(Path::new(&path)).map_err(|source| SettingsError::File {
            path: path.clone(),
            source,
        })?;
        Ok(Settings::load(
            Some((Path::new(&path), &text)),
            self.variable,
        )?)
    }
}

fn bad_value(variable: &'static str, value: &str, accepted: &'static str) -> SettingsError {
    SettingsError::BadValue {
        variable,
        value: value.escape_debug().take(SHOWN).collect(),
        accepted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 5] = [
        ("WAFWATCH_TABLE", "wafwatch-Table-1A"),
        ("WAFWATCH_STREAM", "waf_logs"),
        ("WAFWATCH_REJECTED_BUCKET", "archive.bucket-1"),
        (
            "SNS_TOPIC_ARN",
            "arn:aws-us-gov:sns:us-gov-west-1:123456789012:incidents",
        ),
        ("WAFWATCH_LATENESS_SECONDS", "45"),
    ];

    fn with<T>(
        changed: &[(&str, &str)],
        load: impl Fn(Sources<'_>) -> Result<T, SettingsError>,
    ) -> Result<T, SettingsError> {
        let variable = |name: &str| {
            let all = changed.iter().chain(&GOOD);
            let mut found = all.filter(|(known, _)| *known == name);
            found.next().map(|(_, value)| (*value).to_owned())
        };
        let file = |path: &Path| match path.to_str() {
            Some("good.toml") => Ok("[windows]\ntop_n = 7\nlateness_seconds = 10".to_owned()),
            Some("plans.toml") => Ok("[[event]]\nname = \"sale\"\neffect = \"ignore\"\n\
                 from = \"2026-03-20T08:00:00Z\"\nuntil = \"2026-03-21T08:00:00Z\""
                .to_owned()),
            Some("torn.toml") => Ok("[[event]".to_owned()),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        load(Sources {
            variable: &variable,
            file: &file,
        })
    }

    #[test]
    fn every_function_reads_what_it_needs() {
        let (consumer, warnings) = with(&[], ConsumerSettings::load).expect("all is given");
        assert_eq!(warnings, []);
        assert_eq!(consumer.table, "wafwatch-Table-1A");
        assert_eq!(consumer.stream, "waf_logs");
        assert_eq!(
            consumer.rejected_bucket.as_deref(),
            Some("archive.bucket-1")
        );
        assert_eq!(consumer.settings.windows.lateness_seconds, 45);
        let (closer, _) = with(&[], CloserSettings::load).expect("all is given");
        assert_eq!(closer.stream, "waf_logs");
        let (investigator, _) = with(&[("WAFWATCH_STREAM", "")], InvestigatorSettings::load)
            .expect("it needs no stream");
        assert_eq!(investigator.table, "wafwatch-Table-1A");
        let forwarder =
            with(&[("WAFWATCH_TABLE", "")], ForwarderSettings::load).expect("it needs no table");
        assert_eq!(forwarder.stream, "waf_logs");
    }

    #[test]
    fn the_environment_goes_over_the_file() {
        let changed = [("WAFWATCH_CONFIG", "good.toml")];
        let (closer, _) = with(&changed, CloserSettings::load).expect("all is given");
        let windows = &closer.settings.windows;
        assert_eq!((windows.top_n, windows.lateness_seconds), (7, 45));
    }

    #[test]
    fn what_is_planned_is_read_where_windows_close() {
        let changed = [("WAFWATCH_CALENDAR", "plans.toml")];
        let (consumer, _) = with(&changed, ConsumerSettings::load).expect("is right");
        let (closer, _) = with(&changed, CloserSettings::load).expect("is right");
        for calendar in [&consumer.calendar, &closer.calendar] {
            assert_eq!(calendar.events().len(), 1);
        }
        for name in ["torn.toml", "absent.toml"] {
            let changed = [("WAFWATCH_CALENDAR", name)];
            let error = with(&changed, CloserSettings::load).expect_err("cannot be");
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn an_error_names_the_variable() {
        for (variable, value) in [
            ("WAFWATCH_TABLE", ""),
            ("WAFWATCH_TABLE", "a b c"),
            ("WAFWATCH_STREAM", " "),
            ("WAFWATCH_STREAM", "arn:aws:kinesis:x"),
            ("SNS_TOPIC_ARN", "incidents"),
            (
                "SNS_TOPIC_ARN",
                "arn:aws:sqs:eu-central-1:123456789012:incidents",
            ),
            ("SNS_REGION", "eu central"),
            ("WAFWATCH_CONFIG", "missing.toml"),
            ("WINDOW_MINUTES", "soon"),
            ("WAFWATCH_LATENESS_SECONDS", "soon"),
            ("WAFWATCH_LONGEST_WAIT_SECONDS", "44"),
            ("WAFWATCH_IDLE_DELAY_SECONDS", "1.5"),
            ("WAFWATCH_RETENTION_DAYS", "many"),
            ("WAFWATCH_SEED", "-1"),
            ("WAFWATCH_MINIMUM_LEVEL", "loud"),
            ("WAFWATCH_MASK_ACCOUNT_IDS", "perhaps"),
        ] {
            let error = with(&[(variable, value)], CloserSettings::load).expect_err(variable);
            let text = error.to_string();
            assert!(text.contains(variable), "{variable}={value}: {text}");
        }
        let bad_bucket = [("WAFWATCH_REJECTED_BUCKET", "s3://b")];
        let error = with(&bad_bucket, ConsumerSettings::load).expect_err("a URL is no name");
        assert!(error.to_string().contains("WAFWATCH_REJECTED_BUCKET"));
    }
}
