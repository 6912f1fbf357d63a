//! What is wrong with a scenario file, and where.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use crate::duration;

/// A scenario file that cannot be met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, {key}: {message}")]
pub struct CompositionError {
    /// From one.
    pub line: usize,
    /// As in `phase.sources`.
    pub key: String,
    /// What is wrong with it and what to do.
    pub message: String,
}

/// The text of a file, to find lines in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    text: &'a str,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// What the TOML reader says.
    pub(super) fn toml(self, error: &toml::de::Error) -> CompositionError {
        let at = error.span().map_or(0, |span| span.start);
        let line_text = self.text[line_start(self.text, at)..].lines().next();
        let key = line_text.unwrap_or_default().split('=').next();
        let key = match key.unwrap_or_default().trim() {
            "" => "the file",
            key => key,
        };
        CompositionError {
            line: self.line(at),
            key: key.to_owned(),
            message: error.message().replace('\n', ", "),
        }
    }

    /// `message` about the value of `key`.
    pub(super) fn wrong<T>(self, key: &str, value: &Spanned<T>, message: &str) -> CompositionError {
        self.refuse(key, Some(value.span()), message)
    }

    /// The same about a value that may have been left out.
    pub(super) fn refuse(
        self,
        key: &str,
        span: Option<Range<usize>>,
        message: &str,
    ) -> CompositionError {
        CompositionError {
            line: self.line(span.map_or(0, |span| span.start)),
            key: key.to_owned(),
            message: message.to_owned(),
        }
    }

    /// An error about the value of `key` unless `holds`.
    pub(super) fn require<T>(
        self,
        holds: bool,
        key: &str,
        value: &Option<Spanned<T>>,
        message: &str,
    ) -> Result<(), CompositionError> {
        if holds {
            return Ok(());
        }
        Err(self.refuse(key, value.as_ref().map(Spanned::span), message))
    }

    pub(super) fn duration(
        self,
        key: &str,
        text: &Spanned<String>,
    ) -> Result<Duration, CompositionError> {
        duration::parse(text.get_ref()).map_err(|error| self.wrong(key, text, &error.to_string()))
    }

    pub(super) fn time(self, key: &str, text: &Spanned<String>) -> Result<i64, CompositionError> {
        let time: Result<jiff::Timestamp, _> = text.get_ref().parse();
        let message = "write a time as 2026-01-05T00:00:00Z";
        time.map(jiff::Timestamp::as_millisecond)
            .map_err(|_| self.wrong(key, text, message))
    }

    fn line(self, at: usize) -> usize {
        let at = at.min(self.text.len());
        1 + self.text.as_bytes()[..at]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
    }
}

fn line_start(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |place| place + 1)
}
