//! Colours for terminals. They mark only our own words, never text of a request.

use crate::incident::Level;

/// How text is decorated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// Not at all.
    #[default]
    Plain,
    /// With ANSI colours.
    Coloured,
}

const RESET: &str = "\u{1b}[0m";
const BOLD: &str = "\u{1b}[1m";

impl Style {
    /// The heading of a section.
    pub(super) fn heading(self, words: &str) -> String {
        self.painted(BOLD, words)
    }

    /// The name of a level in its colour.
    pub(super) fn level(self, level: Level) -> String {
        let colour = match level {
            Level::Info => "\u{1b}[36m",
            Level::Low => "\u{1b}[32m",
            Level::Medium => "\u{1b}[33m",
            Level::High => "\u{1b}[31m",
            Level::Critical => "\u{1b}[1;31m",
        };
        self.painted(colour, level.name())
    }

    fn painted(self, colour: &str, words: &str) -> String {
        match self {
            Self::Plain => words.to_owned(),
            Self::Coloured => format!("{colour}{words}{RESET}"),
        }
    }
}
