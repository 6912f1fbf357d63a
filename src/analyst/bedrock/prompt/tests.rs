use sha2::{Digest, Sha256};

use super::*;
use crate::analyst::Analyst;
use crate::analyst::builtin::BuiltIn;
use crate::investigate::scenarios;

const FORMATS: [Format<'_>; 3] = [
    format(Contract::Schema),
    format(Contract::Tool),
    format(Contract::StopToken),
];

const fn format(contract: Contract) -> Format<'static> {
    Format {
        contract,
        stop_token: "<END_JSON>",
    }
}

fn prompt(evidence: &Evidence, format: Format<'_>, max: u64) -> Prompt {
    Prompt::of(evidence, &BuiltIn.assess(evidence), format, max, None)
}

#[test]
fn the_version_changes_with_the_words() {
    let files = [
        SYSTEM,
        BY_TOOL,
        BY_SCHEMA,
        BY_STOP_TOKEN,
        include_str!("../prompts/vocabulary.txt"),
    ];
    let digest = Sha256::digest(files.concat().as_bytes());
    let fingerprint: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        (VERSION, fingerprint.as_str()),
        ("analyst-1", "7f496ecf8f7953e4"),
        "the words of a released version stay as they are: give the changed files a new one"
    );
}

#[test]
fn the_scenarios_take_few_tokens() {
    for (name, evidence) in [
        ("attack", scenarios::attack().build()),
        ("misconfiguration", scenarios::misconfiguration().build()),
        (
            "misconfiguration by alice",
            scenarios::misconfiguration_by_alice().build(),
        ),
        ("cross-site scripting", scenarios::xss().build()),
        ("crowd", scenarios::crowd().build()),
        ("outage", scenarios::outage().build()),
    ] {
        for format in FORMATS {
            let first = prompt(&evidence, format, MAX_FIRST_TOKENS);
            let second = prompt(&evidence, format, MAX_TOKENS - first.tokens);
            assert!(first.tokens <= MAX_FIRST_TOKENS, "{name}: {}", first.tokens);
            assert!(first.tokens + second.tokens <= MAX_TOKENS, "{name}");
            assert!(
                first.user.contains("client addresses") || name == "outage",
                "{}",
                first.user
            );
        }
    }
}

#[test]
fn the_attack_is_told_in_figures_names_and_references() {
    let evidence = scenarios::attack().build();
    let prompt = prompt(&evidence, format(Contract::Tool), MAX_FIRST_TOKENS);
    insta::assert_snapshot!("attack", prompt.user);
    assert!(prompt.shown.addresses.contains("203.0.113.7"));
    assert!(prompt.shown.names.contains(scenarios::ADMIN_GROUP));
    assert!(prompt.shown.numbers.contains("100"));
    assert!(!prompt.user.contains("111122223333"), "no account is sent");
}

#[test]
fn a_change_is_told_without_who_made_it() {
    let evidence = scenarios::misconfiguration_by_alice().build();
    let prompt = prompt(&evidence, format(Contract::Tool), MAX_FIRST_TOKENS);
    insta::assert_snapshot!("misconfiguration_by_alice", prompt.user);
    assert_eq!(
        prompt.shown.references.value("P1"),
        Some("alice (role Admin)")
    );
    for hidden in ["alice", "Admin)", "111122223333", "aws-cli"] {
        assert!(!prompt.user.contains(hidden), "{hidden}: {}", prompt.user);
    }
}

#[test]
fn any_evidence_fits() {
    let mut evidence = scenarios::attack().build();
    let long = "/admin".repeat(400);
    for value in &mut evidence.values {
        value.key.push_str(&long);
    }
    for (number, missing) in ["a: b: c: d"; 500].iter().enumerate() {
        evidence.missing.push(format!("{missing} {number}"));
    }
    let many: Vec<_> = (0..30).flat_map(|_| evidence.values.clone()).collect();
    evidence.values.extend(many);
    let addresses: Vec<_> = (0..30).flat_map(|_| evidence.addresses.clone()).collect();
    evidence.addresses.extend(addresses);
    for format in FORMATS {
        for max in [MAX_FIRST_TOKENS, 1_600] {
            let prompt = prompt(&evidence, format, max);
            assert!(prompt.tokens <= max, "{} tokens", prompt.tokens);
            assert!(prompt.user.len() <= MAX_EVIDENCE_BYTES);
            assert!(prompt.user.contains("incident of web ACL"));
        }
    }
}

#[test]
fn what_was_wrong_is_said_again_in_few_words() {
    let evidence = scenarios::attack().build();
    let first = BuiltIn.assess(&evidence);
    let problem = "the field confidence is not a number from 0 to 1";
    let prompt = Prompt::of(&evidence, &first, FORMATS[0], 1_600, Some(problem));
    assert!(prompt.user.contains(problem));
    let long = "x".repeat(10_000);
    let prompt = Prompt::of(&evidence, &first, FORMATS[0], 1_600, Some(&long));
    assert!(prompt.user.len() < 8_000 && prompt.tokens <= 1_600);
}

#[test]
fn errors_and_accounts_are_not_sent() {
    let mut evidence = scenarios::attack().build();
    evidence.missing =
        vec!["windows of the incident: the history could not be read: secret text".to_owned()];
    let prompt = prompt(&evidence, FORMATS[1], MAX_FIRST_TOKENS);
    assert!(
        prompt.user.contains("the history could not be read"),
        "{}",
        prompt.user
    );
    assert!(!prompt.user.contains("secret text"));
}
