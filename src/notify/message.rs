//! What is delivered.

use serde_json::{Value, json};

use crate::analyst::Cause;
use crate::incident::{EventKind, Level};
use crate::report::{Report, Style, hostile};

/// An event of an incident, ready for any channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Identifies the event: receivers deduplicate by it.
    pub event_id: String,
    /// What happened to the incident.
    pub kind: EventKind,
    /// How bad it is.
    pub level: Level,
    /// Why it happened.
    pub cause: Cause,
    /// The Web ACL.
    pub acl: String,
    /// One line.
    pub subject: String,
    /// The report for people, without colours.
    pub text: String,
    /// The report for people at a terminal.
    pub coloured_text: String,
    /// What happened and what it means, in a few lines, without colours.
    pub brief_text: String,
    /// The same at a terminal.
    pub coloured_brief_text: String,
    /// The report for machines.
    pub json: Value,
}

impl Message {
    /// The message of `report`.
    #[must_use]
    pub fn of(report: &Report<'_>) -> Self {
        Self {
            event_id: report.event_id().to_owned(),
            kind: report.kind(),
            level: report.level(),
            cause: report.cause(),
            acl: report.acl(),
            subject: report.subject(),
            text: report.to_text(Style::Plain),
            coloured_text: report.to_text(Style::Coloured),
            brief_text: report.to_brief_text(Style::Plain),
            coloured_brief_text: report.to_brief_text(Style::Coloured),
            json: report.to_json(),
        }
    }

    /// The message as one JSON object: `event_id`, `kind`, `severity`, `acl`, `subject`, `text`,
    /// `report`. What webhooks and files get.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "event_id": self.event_id,
            "kind": self.kind.name(),
            "severity": self.level.name(),
            "acl": self.acl,
            "subject": self.subject,
            "text": self.text,
            "report": self.json,
        })
    }

    /// [`Self::to_json`] on one line that can be shown on a terminal.
    #[must_use]
    pub fn to_json_line(&self) -> String {
        hostile::escaped_json(&self.to_json().to_string())
    }

    /// The message of the published attack, for tests of channels.
    #[cfg(test)]
    pub(super) fn sample() -> Self {
        use crate::analyst::Analyst;
        use crate::analyst::builtin::BuiltIn;
        let evidence = crate::investigate::scenarios::attack().build();
        let assessment = BuiltIn.assess(&evidence);
        let duration = std::time::Duration::from_millis(3);
        Self::of(&Report::new(
            &evidence.event,
            &evidence,
            &assessment,
            duration,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_carries_what_receivers_need_to_deduplicate_and_sort() {
        let message = Message::sample();
        let json = message.to_json();
        assert_eq!(json["event_id"], "prod-app-20240501T100000Z/1");
        assert_eq!(json["kind"], "opened");
        assert_eq!(json["severity"], "high");
        assert_eq!(json["report"]["report_version"], 1);
        assert_eq!(json["text"], message.text);
        assert!(!message.text.contains('\u{1b}') && message.coloured_text.contains('\u{1b}'));
    }
}
