//! A message as SNS takes it: subject, body and attributes within the service's limits.

use sha2::{Digest, Sha256};

use crate::investigate::hostile::one_line;
use crate::notify::Message;

/// Longest subject: SNS takes less than 100 characters of ASCII.
const MAX_SUBJECT_CHARS: usize = 99;
/// Longest body: SNS takes 256 KiB, of which the subject and the attributes get their share.
const MAX_BODY_BYTES: usize = (256 << 10) - (4 << 10);
/// Longest value of an attribute. Filter policies match whole values, and ARNs are shorter.
const MAX_ATTRIBUTE_CHARS: usize = 256;
/// Longest id of a group or for deduplication.
const MAX_ID_BYTES: usize = 128;
/// Stands at the end of a body that was cut.
const CUT: &str = "\n[cut here: the message was too long for SNS]\n";

/// The subject: printable ASCII, on one line, that does not begin with a blank.
pub(super) fn subject(message: &Message) -> String {
    let ascii = ascii(&message.subject);
    let subject = ascii.trim();
    if subject.is_empty() {
        return "wafwatch".to_owned();
    }
    if subject.len() <= MAX_SUBJECT_CHARS {
        return subject.to_owned();
    }
    format!("{}...", subject[..MAX_SUBJECT_CHARS - 3].trim_end())
}

/// `text` in printable ASCII, so that every byte of it is a character.
fn ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ' '..='~' => ascii.push(character),
            '…' => ascii.push_str("..."),
            _ if character.is_whitespace() || character.is_control() => ascii.push(' '),
            _ => ascii.push('?'),
        }
    }
    ascii
}

/// The body: the whole report for people, cut on a character where it is too long.
pub(super) fn body(message: &Message) -> String {
    let text = &message.text;
    if text.len() <= MAX_BODY_BYTES {
        return text.clone();
    }
    let mut end = MAX_BODY_BYTES - CUT.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{CUT}", &text[..end])
}

/// What filter policies can tell messages apart by. None is empty, which SNS would refuse.
pub(super) fn attributes(message: &Message) -> Vec<(&'static str, String)> {
    let attributes = [
        ("severity", message.level.name().to_owned()),
        ("acl", one_line(&message.acl, MAX_ATTRIBUTE_CHARS)),
        ("cause", message.cause.name().to_owned()),
        ("state", message.kind.name().to_owned()),
        ("event_id", one_line(&message.event_id, MAX_ATTRIBUTE_CHARS)),
    ];
    let given = attributes.into_iter();
    given.filter(|(_, value)| !value.is_empty()).collect()
}

/// What a FIFO topic orders and deduplicates by.
pub(super) struct FifoIds {
    /// One group for each incident: its messages stay in order, others do not wait for them.
    pub group: String,
    /// The event: the same message twice within five minutes is delivered once.
    pub deduplication: String,
}

/// The ids of `message` for a FIFO topic.
pub(super) fn fifo_ids(message: &Message) -> FifoIds {
    FifoIds {
        group: plain_id(&message.incident_id),
        deduplication: plain_id(&message.event_id),
    }
}

/// `id` where it is what SNS takes for one, else its digest.
fn plain_id(id: &str) -> String {
    let is_plain =
        (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    if is_plain {
        return id.to_owned();
    }
    let digest = Sha256::digest(id.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Section;
    use proptest::prelude::*;

    fn with_subject(text: &str) -> Message {
        Message {
            subject: text.to_owned(),
            ..Message::sample()
        }
    }

    #[test]
    fn a_message_is_mailed_with_all_its_sections() {
        let message = Message::sample();
        assert_eq!(
            subject(&message),
            "[HIGH] prod-app-20240501T100000Z opened: admin probing"
        );
        let body = body(&message);
        for section in Section::ALWAYS {
            assert!(body.contains(&section.heading()), "{section:?}");
        }
        assert!(body.contains("[.]") && !body.contains("://"), "{body}");
        let attributes = attributes(&message);
        let of = |name: &str| {
            let found = attributes.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(of("severity"), Some("high"));
        assert_eq!(of("cause"), Some("admin_probing"));
        assert_eq!(of("state"), Some("opened"));
        assert_eq!(of("event_id"), Some("prod-app-20240501T100000Z/1"));
        assert_eq!(of("acl"), Some(message.acl.as_str()));
    }

    #[test]
    fn mails_of_the_published_scenarios() {
        for (name, message) in crate::notify::samples::all() {
            insta::assert_snapshot!(format!("mail_{name}"), crate::notify::sns::shown(&message));
        }
    }

    #[test]
    fn a_subject_is_cut_on_a_character() {
        let long = subject(&with_subject(&"ä".repeat(300)));
        assert_eq!(long, format!("{}...", "?".repeat(96)));
        assert_eq!(
            subject(&with_subject("[HIGH] a…\r\nBcc: x")),
            "[HIGH] a...  Bcc: x"
        );
        assert_eq!(subject(&with_subject(" \u{7}")), "wafwatch");
    }

    #[test]
    fn a_body_is_cut_on_a_character() {
        let message = Message {
            text: "ä".repeat(200_000),
            ..Message::sample()
        };
        let body = body(&message);
        assert!(body.len() <= MAX_BODY_BYTES && body.len() > MAX_BODY_BYTES - 4);
        assert!(body.ends_with(CUT));
    }

    #[test]
    fn a_group_is_an_incident_and_strange_ids_are_digests() {
        let mut message = Message::sample();
        let ids = fifo_ids(&message);
        assert_eq!(ids.group, "prod-app-20240501T100000Z");
        assert_eq!(ids.deduplication, "prod-app-20240501T100000Z/1");
        message.incident_id = "eine Web-ACL".to_owned();
        message.event_id = "eine Web-ACL/1".to_owned();
        let ids = fifo_ids(&message);
        assert_eq!((ids.group.len(), ids.deduplication.len()), (64, 64));
        assert_ne!(ids.group, ids.deduplication);
    }

    proptest! {
        #[test]
        fn any_subject_is_one_that_sns_takes(text in any::<String>()) {
            let subject = subject(&with_subject(&text));
            prop_assert!((1..100).contains(&subject.len()));
            prop_assert!(subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert!(!subject.starts_with(' '));
        }

        #[test]
        fn any_attribute_is_one_that_sns_takes(acl in any::<String>(), id in any::<String>()) {
            let message = Message { acl, incident_id: id.clone(), event_id: id, ..Message::sample() };
            for (_, value) in attributes(&message) {
                prop_assert!(!value.is_empty() && !value.contains(char::is_control));
            }
            let ids = fifo_ids(&message);
            for id in [ids.group, ids.deduplication] {
                prop_assert!((1..=128).contains(&id.len()));
                prop_assert!(id.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
