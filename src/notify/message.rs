//! What is delivered.
//!
//! A message is all that a channel gets. Its texts come out of a [`Report`], which has masked them
//! already: there is nothing left in it that a channel could forget to mask.

use serde_json::{Value, json};
use wafwatch_windows::time::EventTime;

use crate::analyst::Cause;
use crate::incident::{EventKind, Level, Severity};
use crate::report::{Fact, Outline, Report, Style, Times, hostile};

/// An event of an incident, ready for any channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Identifies the event: receivers deduplicate by it.
    pub event_id: String,
    /// Identifies the incident, all of whose messages belong together.
    pub incident_id: String,
    /// What happened to the incident.
    pub kind: MessageKind,
    /// How bad it is.
    pub level: Level,
    /// The same as a number.
    pub severity: Severity,
    /// How sure the analyst is, 0 to 1.
    pub confidence: f64,
    /// Why it happened.
    pub cause: Cause,
    /// Who explained it.
    pub analyst: String,
    /// The Web ACL.
    pub acl: String,
    /// When it began, was last seen, and changed.
    pub times: Times,
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
    /// The report for messages with little room.
    pub outline: Outline,
    /// The report for machines.
    pub json: Value,
}

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// An incident opened.
    Opened,
    /// Its level rose.
    Worse,
    /// It is over.
    Resolved,
    /// Somebody tries the channel; there is no incident.
    Test,
}

impl MessageKind {
    /// The name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => EventKind::Opened.name(),
            Self::Worse => EventKind::Worse.name(),
            Self::Resolved => EventKind::Resolved.name(),
            Self::Test => "test",
        }
    }
}

impl From<EventKind> for MessageKind {
    fn from(kind: EventKind) -> Self {
        match kind {
            EventKind::Opened => Self::Opened,
            EventKind::Worse => Self::Worse,
            EventKind::Resolved => Self::Resolved,
        }
    }
}

/// What stands for a Web ACL in a message that is about none.
const NO_ACL: &str = "wafwatch-test";

impl Message {
    /// The message of `report`.
    #[must_use]
    pub fn of(report: &Report<'_>) -> Self {
        Self {
            event_id: report.event_id(),
            incident_id: report.incident_id(),
            kind: report.kind().into(),
            level: report.level(),
            severity: report.severity_score(),
            confidence: report.confidence(),
            cause: report.cause(),
            analyst: report.analyst(),
            acl: report.acl(),
            times: report.times(),
            subject: report.subject(),
            text: report.to_text(Style::Plain),
            coloured_text: report.to_text(Style::Coloured),
            brief_text: report.to_brief_text(Style::Plain),
            coloured_brief_text: report.to_brief_text(Style::Coloured),
            outline: report.outline(),
            json: report.to_json(),
        }
    }

    /// A message that only shows that the channel `name` works, made at `now`. Whoever reads it is
    /// told so in every form of it.
    #[must_use]
    pub fn test(name: &str, now: EventTime) -> Self {
        let name = hostile::line(name, 60);
        let words = format!(
            "This is a test of the channel {name} by `wafwatch notify test`. There is no incident \
             and nothing to do: what you read shows that messages arrive."
        );
        let subject = format!("[TEST] wafwatch: the channel {name} works");
        let text = format!("{subject}\n\n{words}\n");
        let id = format!("wafwatch-test-{}", now.0);
        let fact = Fact {
            label: "State",
            value: "test".to_owned(),
        };
        Self {
            event_id: format!("{id}/1"),
            incident_id: id,
            kind: MessageKind::Test,
            level: Level::Info,
            severity: Severity(0),
            confidence: 1.0,
            cause: Cause::Unexplained,
            analyst: "none".to_owned(),
            acl: NO_ACL.to_owned(),
            times: Times {
                opened: now,
                last_seen: now,
                changed: now,
            },
            subject,
            coloured_text: text.clone(),
            brief_text: text.clone(),
            coloured_brief_text: text.clone(),
            text,
            outline: Outline {
                summary: words.clone(),
                facts: vec![fact],
                ..Outline::default()
            },
            json: json!({ "test": true, "words": words }),
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
        super::samples::message(&crate::investigate::scenarios::attack().build())
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

    #[test]
    fn a_test_says_in_every_form_that_it_is_one() {
        let message = Message::test("mail\r\nBcc: x", EventTime(1_714_557_600_000));
        assert!(
            message
                .subject
                .starts_with("[TEST] wafwatch: the channel mail\\r\\nBcc: x")
        );
        for text in [&message.text, &message.brief_text, &message.outline.summary] {
            assert!(text.contains("This is a test"), "{text}");
            assert!(text.contains("no incident"), "{text}");
        }
        let json = message.to_json();
        assert_eq!(json["kind"], "test");
        assert_eq!(json["report"]["test"], true);
        assert_eq!(json["event_id"], "wafwatch-test-1714557600000/1");
    }
}
