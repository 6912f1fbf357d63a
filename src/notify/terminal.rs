//! Writes reports to a terminal, or to anything else that can be written to.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use super::{Message, MessageKind, Notifier, NotifyError, Retry};
use crate::report::Style;

/// How much of a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// All of it, but for an incident that is over only the brief form.
    Full,
    /// What happened and what it means, in a few lines.
    Brief,
}

/// Writes the text of every message, with an empty line behind it.
pub struct Terminal<W> {
    writer: Mutex<W>,
    style: Style,
    detail: Detail,
}

impl<W: Write + Send> Terminal<W> {
    /// A channel to `writer`. Colours are for writers that are terminals.
    #[must_use]
    pub fn new(writer: W, style: Style, detail: Detail) -> Self {
        Self {
            writer: Mutex::new(writer),
            style,
            detail,
        }
    }
}

impl<W: Write + Send> Notifier for Terminal<W> {
    fn name(&self) -> &str {
        "terminal"
    }

    fn notify(&self, message: &Message) -> Result<(), NotifyError> {
        let is_over = message.kind == MessageKind::Resolved;
        let detail = if is_over { Detail::Brief } else { self.detail };
        let text = match (detail, self.style) {
            (Detail::Full, Style::Plain) => &message.text,
            (Detail::Full, Style::Coloured) => &message.coloured_text,
            (Detail::Brief, Style::Plain) => &message.brief_text,
            (Detail::Brief, Style::Coloured) => &message.coloured_brief_text,
        };
        // A writer has no state that a panic elsewhere could have left half done.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let written = writer.write_all(format!("{text}\n").as_bytes());
        written
            .and_then(|()| writer.flush())
            .map_err(|error| NotifyError {
                channel: self.name().to_owned(),
                event_id: message.event_id.clone(),
                problem: format!("the report could not be written: {error}"),
                // A closed pipe stays closed.
                retry: Retry::Never,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn written(terminal: Terminal<Vec<u8>>) -> Vec<u8> {
        terminal.writer.into_inner().expect("nobody panicked")
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn reports_are_written_in_the_wanted_style() {
        let message = Message::sample();
        let plain = Terminal::new(Vec::new(), Style::Plain, Detail::Full);
        plain.notify(&message).expect("a vector takes everything");
        plain.notify(&message).expect("a vector takes everything");
        let twice = format!("{0}\n{0}\n", message.text);
        assert_eq!(written(plain), twice.into_bytes());
        let coloured = Terminal::new(Vec::new(), Style::Coloured, Detail::Full);
        coloured
            .notify(&message)
            .expect("a vector takes everything");
        assert_eq!(
            written(coloured),
            format!("{}\n", message.coloured_text).into_bytes()
        );
    }

    #[test]
    fn a_closed_terminal_is_not_tried_again() {
        let error = Terminal::new(Closed, Style::Plain, Detail::Full).notify(&Message::sample());
        let error = error.expect_err("the pipe is closed");
        assert_eq!(error.retry, Retry::Never);
        assert!(
            error
                .to_string()
                .starts_with("channel terminal did not deliver prod-app-")
        );
    }
}
