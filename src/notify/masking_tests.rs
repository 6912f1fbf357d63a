//! What is masked is masked in every form in which a message can leave: whatever a channel sends, no
//! whole address and no account id of the event stands in it.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use wafwatch_windows::summary::Dimension;

use super::terminal::{Detail, Terminal};
use super::{Message, Notifier, samples};
use crate::analyst::Analyst;
use crate::analyst::builtin::BuiltIn;
use crate::detect::{Direction, Signal};
use crate::investigate::Evidence;
use crate::investigate::sample::Sample;
use crate::report::{AddressMask, Redaction, Style};

/// Everything that any channel makes of `message`, by channel.
pub(super) fn everything_sent(message: &Message) -> Vec<(&'static str, String)> {
    let mut sent = vec![
        ("json", message.to_json().to_string()),
        ("jsonl", message.to_json_line()),
        ("slack", super::slack::payload(message).to_string()),
    ];
    for (style, detail) in [
        (Style::Plain, Detail::Full),
        (Style::Coloured, Detail::Full),
        (Style::Plain, Detail::Brief),
        (Style::Coloured, Detail::Brief),
    ] {
        let mut written = Vec::new();
        let shown = Terminal::new(&mut written, style, detail).notify(message);
        shown.expect("memory takes everything");
        let text = String::from_utf8(written).expect("is text");
        sent.push(("terminal", text));
    }
    #[cfg(feature = "aws")]
    sent.push(("sns", super::sns::shown(message)));
    #[cfg(feature = "securityhub")]
    sent.push((
        "securityhub",
        format!("{:?}", super::securityhub::finding(message)),
    ));
    sent
}

/// Evidence in which `address` and `account` stand wherever an event can hold them, and, glued to
/// other text, wherever a request can write them.
fn evidence_of(address: &str, account: &str, glue: &str) -> Evidence {
    let written = format!("/{glue}{address}{glue}/{account}/{glue}{account}{glue}");
    let items = [(written.as_str(), 100)];
    let mut evidence = Sample::quiet()
        .now(100, 100, 1.0)
        .finding(
            Signal::Address(address.to_owned()),
            Direction::Above,
            100.0,
            0.0,
        )
        .finding(Signal::Uri(written.clone()), Direction::Above, 100.0, 0.0)
        .values(Dimension::ClientAddress, &[(address, 100, 0.0)])
        .values(Dimension::Uri, &[(&written, 100, 0.0)])
        .values(Dimension::UserAgent, &[(&written, 100, 0.0)])
        .values(Dimension::Rule, &[(&written, 100, 0.0)])
        .address(address, 100, 100, &items, &items)
        .rule(&written, 100, &items, &[(address, 100)], &items)
        .build();
    let incident = &mut evidence.event.incident;
    incident.acl = format!("arn:aws:wafv2:eu-central-1:{account}:regional/webacl/a-{account}/id");
    incident.id = format!("a-{account}-1234abcd-20240501T100000Z");
    evidence.event.id = format!("{}/1", evidence.event.incident.id);
    evidence.missing.push(format!(
        "arn:aws:iam::{account}:role/x may not read {address}"
    ));
    evidence
}

/// What a reader sees once defanging is undone.
fn fanged(text: &str) -> String {
    text.replace("[.]", ".")
        .replace("[:]", ":")
        .replace("[at]", "@")
}

fn assert_masked(address: &str, account: &str, glue: &str, addresses: AddressMask) {
    let evidence = evidence_of(address, account, glue);
    let mut assessment = BuiltIn.assess(&evidence);
    assessment.executive_summary = format!("{address} of {account}");
    assessment.evidence.cloudtrail_change_summaries = vec![format!(
        "arn:aws:iam::{account}:user/a changed it from {address}"
    )];
    let redaction = Redaction {
        account_ids: true,
        addresses,
    };
    let message = samples::of(&evidence, &assessment, redaction);
    for (channel, text) in everything_sent(&message) {
        for text in [&text, &fanged(&text)] {
            assert!(!text.contains(address), "{channel} shows {address}: {text}");
            assert!(!text.contains(account), "{channel} shows {account}: {text}");
        }
    }
    // Without masking all of them would.
    let open = samples::of(&evidence, &assessment, Redaction::default());
    for (channel, text) in everything_sent(&open) {
        let is_brief = !text.contains(account);
        assert!(is_brief || fanged(&text).contains(address), "{channel}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_channel_shows_a_whole_address_or_an_account(
        v4: u32,
        v6 in any::<u128>().prop_map(|bits| bits | 0x2000 << 112),
        account in "[1-9][0-9]{11}",
        glue in "[a-z0-9:. ]{0,3}",
        is_network: bool,
    ) {
        let mask = if is_network { AddressMask::Network } else { AddressMask::Host };
        let long = Ipv6Addr::from(v6).segments().map(|group| format!("{group:04x}")).join(":");
        for address in [Ipv4Addr::from(v4).to_string(), Ipv6Addr::from(v6).to_string(), long] {
            assert_masked(&address, &account, &glue, mask);
        }
    }
}
