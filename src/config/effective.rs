//! Shows the settings in force, each with where it comes from.

use std::collections::BTreeMap;
use std::fmt::Write;

use toml::{Table, Value};

use super::error::Origin;
use super::keys::known_keys;
use super::notify::shown_url;
use super::settings::Settings;

/// Where each setting comes from; what is not listed is a default.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins(BTreeMap<String, Origin>);

impl Origins {
    pub(super) fn set(&mut self, key: &str, origin: Origin) {
        self.0.insert(key.to_owned(), origin);
    }
}

/// Column of the origins.
const COMMENT_COLUMN: usize = 40;

impl Settings {
    /// Where the value of `key`, as `windows.size_seconds` or `notify[0].url`, comes from.
    #[must_use]
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.0.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// Notes that a flag of the command has set `key`, after the caller has set the field.
    pub fn set_by_flag(&mut self, key: &'static str, flag: &'static str) {
        self.origins.set(key, Origin::Flag { flag });
    }

    /// The settings as a file that gives the same ones.
    ///
    /// # Errors
    ///
    /// When a flag has set a seed that TOML cannot hold; [`Self::check`] refuses that too.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// Every setting in force with where it comes from, as TOML with comments. What may hold a secret
    /// (paths of URLs, values of headers) is not shown.
    #[must_use]
    pub fn effective(&self) -> String {
        let mut settings = self.clone();
        // A seed beyond what TOML can hold is the only thing that cannot be written.
        let seed = settings.windows.seed.take();
        let mut table = Table::try_from(&settings).unwrap_or_default();
        if let (Some(seed), Some(Value::Table(windows))) = (seed, table.get_mut("windows")) {
            let seed = i64::try_from(seed).map_or(Value::String(seed.to_string()), Value::Integer);
            windows.insert("seed".to_owned(), seed);
        }
        let mut text = String::new();
        self.render(&table, "", &mut text);
        text.trim_start().to_owned()
    }

    fn render(&self, table: &Table, path: &str, text: &mut String) {
        let prefix = match path {
            "" => String::new(),
            path => format!("{path}."),
        };
        let keys = known_keys(path).unwrap_or_default();
        for name in keys {
            let key = format!("{prefix}{name}");
            match table.get(*name) {
                Some(Value::Table(_)) if known_keys(&key).is_some() => {}
                Some(Value::Array(_)) => {}
                Some(value) => self.render_line(name, &key, value, text),
                None if path.starts_with("notify") => {}
                None => {
                    let _ = writeln!(text, "# {name} is not set");
                }
            }
        }
        for name in keys {
            let key = format!("{prefix}{name}");
            match table.get(*name) {
                Some(Value::Table(inner)) if known_keys(&key).is_some() => {
                    let _ = writeln!(text, "\n[{key}]");
                    self.render(inner, &key, text);
                }
                Some(Value::Array(blocks)) => {
                    for (index, block) in blocks.iter().filter_map(Value::as_table).enumerate() {
                        let _ = writeln!(text, "\n[[{key}]]");
                        self.render(block, &format!("{key}[{index}]"), text);
                    }
                }
                _ => {}
            }
        }
    }

    fn render_line(&self, name: &str, key: &str, value: &Value, text: &mut String) {
        let shown = match (name, value) {
            ("url", Value::String(url)) => Value::String(shown_url(url)),
            ("headers", Value::Table(headers)) => {
                let hidden = |name: &String| (name.clone(), Value::String("…".to_owned()));
                Value::Table(headers.keys().map(hidden).collect())
            }
            _ => value.clone(),
        };
        let line = format!("{name} = {}", inline(&shown));
        let origin = self.origin(key);
        let _ = writeln!(text, "{line:COMMENT_COLUMN$} # {origin}");
    }
}

/// A value on one line. Tables here hold texts only.
fn inline(value: &Value) -> String {
    let Value::Table(table) = value else {
        return value.to_string();
    };
    let pairs = table
        .iter()
        .map(|(name, value)| format!("{} = {value}", Value::String(name.clone())));
    format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
}
