//! What requests write forges nothing in any channel's message: no line, no escape sequence, no link,
//! no mention.

use wafwatch_windows::summary::Dimension;

use super::masking_tests::everything_sent;
use super::{Message, samples};
use crate::analyst::Analyst;
use crate::analyst::builtin::BuiltIn;
use crate::detect::{Direction, Signal};
use crate::investigate::sample::Sample;
use crate::report::Redaction;

/// Every trick that a request may carry into a message.
const HOSTILE: &str = "/admin\r\n\r\nSubject: forged\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}\u{2066}\
                       \u{e0041}\u{200b}\u{2028}\u{85} http://evil.example/a 203.0.113.66 \
                       <!channel> <https://evil.example|click> <@U1> @here &lt; `*x*` \"},{\"";

fn hostile() -> Message {
    let items = [(HOSTILE, 100)];
    let mut evidence = Sample::quiet()
        .now(100, 100, 1.0)
        .finding(
            Signal::Uri(HOSTILE.to_owned()),
            Direction::Above,
            100.0,
            0.0,
        )
        .values(Dimension::Uri, &[(HOSTILE, 100, 0.0)])
        .values(Dimension::Rule, &[(HOSTILE, 100, 0.0)])
        .values(Dimension::UserAgent, &[(HOSTILE, 100, 0.0)])
        .values(Dimension::ClientAddress, &[(HOSTILE, 100, 0.0)])
        .address(HOSTILE, 100, 100, &items, &items)
        .rule(HOSTILE, 100, &items, &items, &items)
        .build();
    evidence.event.incident.acl = HOSTILE.to_owned();
    evidence.event.incident.id = HOSTILE.to_owned();
    evidence.event.id = HOSTILE.to_owned();
    evidence.missing.push(HOSTILE.to_owned());
    // As an analyst that repeats what it read.
    let mut assessment = BuiltIn.assess(&evidence);
    assessment.analyst = HOSTILE.to_owned();
    assessment.executive_summary = HOSTILE.to_owned();
    assessment.anomaly_cause = HOSTILE.to_owned();
    assessment.recommended_actions = vec![HOSTILE.to_owned()];
    assessment.evidence.cloudtrail_change_summaries = vec![HOSTILE.to_owned()];
    samples::of(&evidence, &assessment, Redaction::default())
}

#[test]
fn no_channel_sends_what_drives_or_deceives() {
    let tricks = [
        '\u{1b}',
        '\u{7}',
        '\r',
        '\u{202e}',
        '\u{2066}',
        '\u{e0041}',
        '\u{200b}',
        '\u{2028}',
        '\u{85}',
    ];
    for (channel, text) in everything_sent(&hostile()) {
        // Our own colours are the only escapes that a terminal gets.
        let colours =
            ["0", "1", "31", "32", "33", "36", "1;31"].map(|code| format!("\u{1b}[{code}m"));
        let text = colours
            .iter()
            .fold(text, |text, colour| text.replace(colour, ""));
        let found = text.find(|c: char| tricks.contains(&c));
        assert_eq!(found.map(|at| &text[at..]), None, "{channel}");
        // The first line is ours: a title, or the subject of a mail.
        let mut further = text.lines().skip(1);
        assert!(
            further.all(|line| !line.starts_with("Subject:")),
            "{channel}"
        );
    }
}

#[test]
fn what_people_read_holds_no_link_and_no_mention() {
    let message = hostile();
    let for_people = everything_sent(&message)
        .into_iter()
        .filter(|(channel, _)| matches!(*channel, "slack" | "terminal" | "sns"));
    for (channel, text) in for_people {
        // What stands before a mail's body, but for its subject, is for machines.
        let text = match text.split_once("\n\n") {
            Some((_, body)) if channel == "sns" => format!("{}\n{body}", message.subject),
            _ => text,
        };
        assert!(
            !text.contains("http://") && !text.contains("https://"),
            "{channel}: {text}"
        );
        assert!(!text.contains("evil.example"), "{channel}: {text}");
        assert!(!text.contains("203.0.113.66"), "{channel}: {text}");
        if channel == "slack" {
            assert!(!text.contains(['<', '>', '@']), "{text}");
        }
    }
}
