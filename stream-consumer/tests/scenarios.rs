//! The published scenarios in an emulated account: WAF records into Kinesis, out of it mails by SNS.
//!
//! Nothing here calls a function. The emulator's event source mappings run the real binaries, which
//! find the account by their environment as they do in AWS: the stream's mapping runs `consumer`, the
//! table's stream runs `investigator`. The change behind the misconfiguration is a real call of
//! `UpdateWebACL`, which the emulator's CloudTrail records.

mod common;

use std::time::Duration;

use common::account::{Account, PATIENCE};
use common::converse::model;
use common::topics::Topic;
use common::web_acl::{AUTHOR, CANARY, WebAcl};
use serde_json::Value;
use wafwatch_loadgen::{Scenario, Truth};
use wafwatch_windows::time::EventTime;

const SECTIONS: [&str; 10] = [
    "Executive Summary",
    "Quick Triage",
    "Anomaly Cause",
    "Traffic Metrics",
    "Top Offenders",
    "Top Rules",
    "Top URIs",
    "CloudTrail Changes",
    "WebACL Details",
    "Recommended Actions",
];
/// Long enough for whatever would come.
const QUIET: Duration = Duration::from_secs(15);
const MOST_TOKENS: u64 = 4_000;

/// The mail that opens the incident, as a person reads it.
struct Mail {
    subject: String,
    body: String,
    message: Value,
    /// When the window was closed that it is about.
    closed: EventTime,
}

impl Mail {
    async fn first(topic: &Topic, account: &Account) -> Self {
        let (message, closed) = tokio::join!(topic.first(PATIENCE), account.closed());
        let message = message.unwrap_or_else(|| panic!("no mail: {}", account.log_tail()));
        let text = |name: &str| message[name].as_str().expect("a text").to_owned();
        let mail = Self {
            subject: text("Subject"),
            // As it was before it was made harmless, and on one line.
            body: text("Message").replace("[.]", ".").replace("\n", " "),
            message: message.clone(),
            closed,
        };
        for section in SECTIONS {
            let heading = format!("\n{section}\n");
            assert!(text("Message").contains(&heading), "{section}: {mail:?}");
        }
        mail
    }

    fn attribute(&self, name: &str) -> &str {
        let value = &self.message["MessageAttributes"][name]["Value"];
        value.as_str().expect("a text")
    }

    #[track_caller]
    fn names(&self, text: &str) {
        // Long words are broken where lines end.
        let is_named = self.body.split_whitespace().collect::<String>();
        let wanted = text.split_whitespace().collect::<String>();
        assert!(is_named.contains(&wanted), "{text}: {}", self.body);
    }
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}\n{}", self.subject, self.body)
    }
}

/// Puts a scenario into the stream of a new account with these variables.
async fn play(scenario: Scenario, variables: &[(&str, &str)]) -> (Account, Topic, Truth, WebAcl) {
    let account = Account::start(scenario).await;
    let topic = Topic::create(&account.config, "incidents").await;
    let acl = WebAcl::create(&account).await;
    if scenario == Scenario::Misconfiguration {
        acl.block_the_united_states(&account).await;
    }
    let truth = account.put(scenario, &acl.arn).await;
    account.deploy(&topic, variables).await;
    (account, topic, truth, acl)
}

fn is_named_by(mail: &Mail, truth: &Truth) {
    let event = &truth.events[0];
    let is_named = |address: &String| mail.body.contains(address.as_str());
    assert!(event.addresses.iter().any(is_named), "{mail:?}");
    mail.names(event.rule.as_deref().expect("a rule blocked"));
    let is_named = |path: &String| mail.body.contains(path.as_str());
    assert!(event.uris.iter().any(is_named), "{mail:?}");
}

#[tokio::test]
async fn regular_traffic_is_no_mail() {
    let (account, topic, _, acl) = play(Scenario::Regular, &[]).await;
    let expected = account.records_before_the_end(6);
    let closed = account.closed_records(&acl.arn, expected).await;
    assert!(closed >= expected, "{closed}: {}", account.log_tail());
    let messages = topic.messages(QUIET).await;
    assert_eq!(messages, Vec::<Value>::new());
}

#[tokio::test]
async fn an_attack_is_a_mail_with_address_rule_and_paths() {
    let (account, topic, truth, acl) = play(Scenario::Attack, &[]).await;
    let mail = Mail::first(&topic, &account).await;
    assert!(mail.subject.contains("opened: admin probing"), "{mail:?}");
    is_named_by(&mail, &truth);
    assert_eq!(mail.attribute("cause"), "admin_probing");
    assert_eq!(mail.attribute("acl"), acl.arn);
    // The configuration was found by the list of Web ACLs: the emulator knows none by its ARN.
    mail.names("Default action ALLOW");
    mail.names("logging configuration");
    account
        .print_latency("attack, built-in analyst", mail.closed, &mail.message)
        .await;

    // The newest windows wait for what may still come: all but these are closed.
    let expected = account.records_before_the_end(3);
    let closed = account.closed_records(&acl.arn, expected).await;
    assert!(
        (expected..=truth.counts.total).contains(&closed),
        "{closed} of {expected}: {}",
        account.log_tail()
    );
}

#[tokio::test]
async fn a_misconfiguration_is_a_mail_with_the_rule_the_change_and_its_author() {
    let (account, topic, truth, _) = play(Scenario::Misconfiguration, &[]).await;
    let mail = Mail::first(&topic, &account).await;
    assert!(mail.subject.contains("a rule began to block"), "{mail:?}");
    is_named_by(&mail, &truth);
    mail.names(&format!("Misconfiguration by {AUTHOR}: UpdateWebACL at 20"));
    mail.names("rule block-rule-test-waf added (BLOCK, geo match US)");
    mail.names(&format!("undo the change of {AUTHOR}"));
    assert!(!mail.body.contains(CANARY), "{mail:?}");
    account
        .print_latency(
            "misconfiguration, built-in analyst",
            mail.closed,
            &mail.message,
        )
        .await;
}

#[tokio::test]
async fn a_model_is_told_of_the_change_and_names_its_author() {
    let converse = model();
    let endpoint = converse.endpoint();
    let variables = [
        ("WAFWATCH_ANALYST", "bedrock"),
        ("BEDROCK_MODEL_ID", "amazon.nova-pro-v1:0"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", endpoint.as_str()),
    ];
    let (account, topic, truth, _) = play(Scenario::Misconfiguration, &variables).await;
    let mail = Mail::first(&topic, &account).await;
    is_named_by(&mail, &truth);
    mail.names(&format!("The model blames {AUTHOR}"));
    mail.names("amazon.nova-pro-v1:0, prompt");
    let asked = converse.asked();
    for asked in &asked {
        let body = asked.body.to_string();
        assert!(
            !body.contains(CANARY) && !body.contains("000000000000"),
            "{body}"
        );
        assert!(!body.contains(AUTHOR), "people are references: {body}");
    }
    let tokens = account.tokens(&mail.message).await;
    assert!(tokens <= MOST_TOKENS, "{tokens}");
    #[allow(clippy::print_stdout)]
    {
        println!("misconfiguration, model: about {tokens} tokens in");
    }
    account
        .print_latency("misconfiguration, model", mail.closed, &mail.message)
        .await;
}
