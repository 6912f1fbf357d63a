//! The file as it is written: which keys it has, on which lines, and which of them do not exist.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Origin};
use super::keys::{known_keys, nearest_key};
use super::notify::NotifyConfig;
use super::ranges::{accepted, without_index};
use super::settings::Settings;

/// Longest value that an error repeats.
const SHOWN_CHARACTERS: usize = 80;

/// One key of the file.
#[derive(Debug, Clone)]
struct Entry {
    /// The whole path, as `notify[0].url`.
    key: String,
    name: Range<usize>,
    value: Range<usize>,
}

/// The keys of the file, with their places.
#[derive(Debug)]
pub(super) struct Document<'a> {
    path: PathBuf,
    text: &'a str,
    /// Where the newlines are.
    newlines: Vec<usize>,
    entries: Vec<Entry>,
}

impl<'a> Document<'a> {
    /// Parses `text` and checks that all its keys exist.
    pub(super) fn parse(
        path: &Path,
        text: &'a str,
    ) -> Result<(Self, Spanned<DeTable<'a>>), ConfigError> {
        let mut document = Self {
            path: path.to_owned(),
            text,
            newlines: memchr::memchr_iter(b'\n', text.as_bytes()).collect(),
            entries: Vec::new(),
        };
        let root = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            origin: document.origin_at(error.span().map_or(0, |span| span.start)),
            reason: one_line(error.message()),
        })?;
        document.collect(root.get_ref(), "")?;
        Ok((document, root))
    }

    /// The settings that the parsed file gives, where the types are right.
    pub(super) fn settings(&self, root: Spanned<DeTable<'_>>) -> Result<Settings, ConfigError> {
        for (name, value) in root.get_ref() {
            if name.get_ref() == "notify"
                && let DeValue::Array(blocks) = value.get_ref()
            {
                self.check_blocks(blocks)?;
            }
        }
        let deserializer = toml::Deserializer::from(root);
        Settings::deserialize(deserializer).map_err(|error| self.explain(&error, ""))
    }

    /// Tries each block by itself: of an error among several only the place of the first is known.
    fn check_blocks(&self, blocks: &[Spanned<DeValue<'_>>]) -> Result<(), ConfigError> {
        for (index, block) in blocks.iter().enumerate() {
            NotifyConfig::deserialize(block.clone().into_deserializer())
                .map_err(|error| self.explain(&error, &format!("notify[{index}]")))?;
        }
        Ok(())
    }

    /// The keys that the file gives.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, Origin)> {
        let origin = |entry: &Entry| self.origin_at(entry.name.start);
        self.entries
            .iter()
            .map(move |entry| (entry.key.as_str(), origin(entry)))
    }

    fn collect(&mut self, table: &DeTable<'_>, prefix: &str) -> Result<(), ConfigError> {
        let known = known_keys(prefix.trim_end_matches('.'));
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            let exists = |known: &[&str]| known.contains(&name.get_ref().as_ref());
            if known.is_some_and(|known| !exists(known)) {
                return Err(self.unknown(name, prefix));
            }
            self.entries.push(Entry {
                key: key.clone(),
                name: name.span(),
                value: value.span(),
            });
            match value.get_ref() {
                DeValue::Table(_) if key == "notify" => {
                    return Err(ConfigError::BadTable {
                        origin: self.origin_at(name.span().start),
                        key,
                        reason: "there can be several: write it as [[notify]]".to_owned(),
                    });
                }
                DeValue::Table(inner) => self.collect(inner, &format!("{key}."))?,
                DeValue::Array(items) => {
                    let tables = items.iter().enumerate();
                    for (index, item) in tables {
                        self.collect_block(item, format!("{key}[{index}]"))?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn collect_block(
        &mut self,
        block: &Spanned<DeValue<'_>>,
        key: String,
    ) -> Result<(), ConfigError> {
        let DeValue::Table(table) = block.get_ref() else {
            return Ok(());
        };
        let prefix = format!("{key}.");
        self.entries.push(Entry {
            key,
            name: block.span(),
            value: block.span(),
        });
        self.collect(table, &prefix)
    }

    fn unknown(&self, name: &Spanned<impl AsRef<str>>, prefix: &str) -> ConfigError {
        let table = without_index(prefix.trim_end_matches('.'));
        let place = match table.strip_suffix("[]") {
            _ if table.is_empty() => "at the top level".to_owned(),
            Some(blocks) => format!("in [[{blocks}]]"),
            None => format!("in [{table}]"),
        };
        let written = name.get_ref().as_ref();
        ConfigError::UnknownKey {
            origin: self.origin_at(name.span().start),
            key: shortened(written),
            place,
            nearest: nearest_key(&shortened(written), &table),
        }
    }

    /// Turns what serde says into the key, the value as it is written, and what is accepted. The
    /// error lies in the table with the key `within`.
    fn explain(&self, error: &toml::de::Error, within: &str) -> ConfigError {
        let reason = one_line(error.message());
        let exact = error.span().and_then(|span| self.entry_at(&span, within));
        let table = || self.entries.iter().find(|entry| entry.key == within);
        let Some(entry) = exact.or_else(table) else {
            let start = error.span().map_or(0, |span| span.start);
            return ConfigError::Syntax {
                origin: self.origin_at(start),
                reason,
            };
        };
        let origin = self.origin_at(entry.name.start);
        let key = entry.key.clone();
        match accepted(&key) {
            Some(accepted) => ConfigError::BadValue {
                origin,
                value: shown_value(&key, self.text.get(entry.value.clone()).unwrap_or("that")),
                key,
                accepted: accepted.to_string(),
            },
            None => ConfigError::BadTable {
                origin,
                // The name of a header is whatever somebody wrote.
                key: shortened(&key),
                reason,
            },
        }
    }

    /// The innermost key, below `within`, whose value or name holds `span`.
    fn entry_at(&self, span: &Range<usize>, within: &str) -> Option<&Entry> {
        let holds = |outer: &Range<usize>| outer.start <= span.start && span.end <= outer.end;
        // Of equal spans the last one lies innermost.
        let candidates = self.entries.iter().rev();
        candidates
            .filter(|entry| entry.key.starts_with(within))
            .filter(|entry| holds(&entry.value) || holds(&entry.name))
            .min_by_key(|entry| entry.value.len())
    }

    fn origin_at(&self, offset: usize) -> Origin {
        Origin::File {
            path: self.path.clone(),
            line: self.newlines.partition_point(|newline| *newline < offset) + 1,
        }
    }
}

/// A value as an error may show it.
pub(super) fn shown_value(key: &str, value: &str) -> String {
    let may_be_secret = ["url", "url_env", "url_file", "headers", "secret_env"];
    let name = key.rsplit('.').next().unwrap_or(key);
    if may_be_secret.contains(&name) {
        return "…".to_owned();
    }
    format!("`{}`", shortened(value))
}

fn shortened(text: &str) -> String {
    let text = one_line(text);
    if text.chars().count() <= SHOWN_CHARACTERS {
        return text;
    }
    let mut short: String = text.chars().take(SHOWN_CHARACTERS).collect();
    short.push('…');
    short
}

fn one_line(text: &str) -> String {
    let plain = |character: char| match character.is_control() {
        true => ' ',
        false => character,
    };
    text.trim().chars().map(plain).collect()
}
