//! Messages as JSON lines on standard output.

use std::io::{self, Write};

use crate::notify::{Message, Notifier, NotifyError, Retry};

/// Prints each message as one line.
#[derive(Debug, Clone, Copy)]
pub struct JsonTerminal;

impl Notifier for JsonTerminal {
    fn name(&self) -> &str {
        "terminal"
    }

    fn notify(&self, message: &Message) -> Result<(), NotifyError> {
        let mut stdout = io::stdout().lock();
        let written = writeln!(stdout, "{}", message.to_json_line());
        written
            .and_then(|()| stdout.flush())
            .map_err(|error| NotifyError {
                channel: self.name().to_owned(),
                event_id: message.event_id.clone(),
                problem: format!("the message could not be written: {error}"),
                // A closed pipe stays closed.
                retry: Retry::Never,
            })
    }
}
