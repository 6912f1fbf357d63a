//! Lays text out in 80 columns.
//!
//! Everything that is written passes through [`Cleaning`], so that no caller can forget it.

use super::cleaning::Cleaning;
use super::{Section, Style};
use crate::investigate::hostile::ELLIPSIS;

/// Widest line.
pub(super) const COLUMNS: usize = 80;
const LABEL_COLUMNS: usize = 20;
/// Longest paragraph or value, in characters before addresses are defanged.
const MAX_CHARS: usize = 2_000;

/// A page of text that grows.
pub(super) struct Page {
    text: String,
    style: Style,
    cleaning: Cleaning,
}

impl Page {
    pub(super) fn new(style: Style, cleaning: Cleaning) -> Self {
        Self {
            text: String::new(),
            style,
            cleaning,
        }
    }

    /// The style of the page, for words of our own.
    pub(super) fn style(&self) -> Style {
        self.style
    }

    /// The heading of a section, underlined.
    pub(super) fn heading(&mut self, section: Section) {
        let words = section.title();
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&self.style.heading(words));
        self.text.push('\n');
        self.text.push_str(&"-".repeat(words.len()));
        self.text.push('\n');
    }

    /// Text over the whole width.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.hanging("", text);
    }

    /// Text behind `prefix`, which is our own; further lines are indented by its width.
    pub(super) fn hanging(&mut self, prefix: &str, text: &str) {
        let clean = self.cleaning.line(text, MAX_CHARS);
        let indent = width(prefix);
        let mut lines = wrapped(&clean, COLUMNS.saturating_sub(indent)).into_iter();
        let first = lines.next().unwrap_or_default();
        self.push_line(&format!("{prefix}{first}"));
        for line in lines {
            self.push_line(&format!("{}{line}", " ".repeat(indent)));
        }
    }

    /// A label of ours and its value.
    pub(super) fn field(&mut self, label: &str, value: &str) {
        self.hanging(&format!("{label:<LABEL_COLUMNS$}"), value);
    }

    /// A line of our own words and numbers, which may hold colours.
    pub(super) fn own_line(&mut self, line: &str) {
        self.push_line(line);
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn push_line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// A field's label as [`Page::field`] writes it.
pub(super) fn label(label: &str) -> String {
    format!("{label:<LABEL_COLUMNS$}")
}

/// Columns that `text` takes: letters beyond ASCII are taken for wide ones.
fn width(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

fn character_width(character: char) -> usize {
    if character.is_ascii() || character == ELLIPSIS {
        return 1;
    }
    2
}

/// `text` in lines of at most `columns`, broken between words and, in words that are longer than
/// a line, anywhere.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let needed = width(word);
        if used > 0 && used + 1 + needed <= columns {
            line.push(' ');
            line.push_str(word);
            used += 1 + needed;
            continue;
        }
        if used > 0 {
            lines.push(std::mem::take(&mut line));
        }
        used = 0;
        for character in word.chars() {
            let width = character_width(character);
            if used + width > columns {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(character);
            used += width;
        }
    }
    if used > 0 {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Redaction;
    use proptest::prelude::*;

    #[test]
    fn words_are_kept_together_and_long_ones_broken() {
        assert_eq!(wrapped("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrapped("a 12345678 b", 4), ["a", "1234", "5678", "b"]);
        assert_eq!(wrapped("  ", 4), Vec::<String>::new());
    }

    #[test]
    fn further_lines_hang_below_the_first() {
        let mut page = Page::new(Style::Plain, Cleaning::new(Redaction::default(), []));
        page.field("Cause", &"word ".repeat(20));
        let text = page.finish();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("Cause               word"));
        assert!(lines[1].starts_with("                    word"));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_page(text in any::<String>()) {
            let mut page = Page::new(Style::Plain, Cleaning::new(Redaction::default(), []));
            page.paragraph(&text);
            page.field("Label", &text);
            for line in page.finish().lines() {
                prop_assert!(width(line) <= COLUMNS, "{line}");
            }
        }
    }
}
