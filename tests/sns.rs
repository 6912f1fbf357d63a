//! The command and SNS: a replay that publishes, and a build that cannot.

mod common;

use common::command::Sandbox;
use wafwatch_loadgen::{Options, Scenario, generate};

const REPLAY: [&str; 7] = [
    "replay",
    "waf.jsonl",
    "--notify",
    "--store",
    "store.db",
    "--config",
    "waf.toml",
];

/// The published attack, and settings that publish to `topic` alone.
fn attack(topic: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let mut lines = Vec::new();
    generate(&Options::new(Scenario::Attack), &mut lines).expect("the options can be met");
    sandbox.write("waf.jsonl", lines);
    let settings = format!("[[notify]]\nkind = \"sns\"\ntopic_arn = \"{topic}\"\n");
    sandbox.write("waf.toml", settings);
    sandbox
}

#[cfg(not(feature = "aws"))]
#[test]
fn a_build_without_aws_says_that_it_cannot_publish() {
    let topic = "arn:aws:sns:eu-central-1:123456789012:incidents";
    let ended = attack(topic).run(&REPLAY);
    assert_ne!(ended.code, Some(0));
    assert!(
        ended.stderr.contains("built without AWS"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains(topic), "{}", ended.stderr);
}

#[cfg(feature = "aws")]
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../stream-consumer/tests/common/topics.rs"]
mod topics;

#[cfg(feature = "aws")]
#[tokio::test]
async fn a_replay_publishes_every_state_of_an_incident_once() {
    use std::time::Duration;

    let ministack = wafwatch_emulators::Ministack::shared();
    let topic = topics::Topic::create(&ministack.sdk_config(), "replayed").await;
    let sandbox = attack(&topic.arn);
    let replay = || {
        let mut command = sandbox.command(&REPLAY);
        command
            .env("AWS_ENDPOINT_URL", ministack.endpoint())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        let output = command.output().expect("it starts");
        assert!(output.status.success(), "{output:?}");
    };
    // A second run has nothing left to tell.
    replay();
    replay();
    let messages = topic.messages(Duration::from_secs(3)).await;
    let states = messages.iter().map(|message| {
        let attribute = |name: &str| message["MessageAttributes"][name]["Value"].clone();
        assert_eq!(attribute("cause"), "admin_probing");
        attribute("state").as_str().expect("is text").to_owned()
    });
    let states: Vec<String> = states.collect();
    assert_eq!(states, ["opened", "resolved"], "{messages:#?}");
}
