//! Secrets in every place of a request: none of them reaches a prompt, a message or a log.

use serde_json::{Value, json};
use wafwatch::analyst::ModelRecord;
use wafwatch::metrics::model_lines;
use wafwatch_emulators::converse::Converse;
use wafwatch_windows::time::EventTime;

use super::account::{Recorded, change};
use super::corpus::{Traffic, attack_on};
use super::run::{BY_SCHEMA, BY_STOP_TOKEN, BY_TOOL, analyst, settings, told_with};
use super::scenarios::{answer, given, honest};

const CANARY: &str = "Canary7f3a";

fn with_secrets(mut record: Value) -> Value {
    let request = &mut record["httpRequest"];
    let uri = request["uri"].as_str().expect("a text").to_owned();
    request["args"] = json!(format!("password={CANARY}&q={{\"{CANARY}\":1}}"));
    request["uri"] = json!(format!("{uri}?token={CANARY}"));
    let headers = request["headers"].as_array_mut().expect("a list");
    for (name, value) in [
        ("Authorization", format!("Bearer {CANARY}")),
        ("cookie", format!("session={CANARY}; a=\"{CANARY}\"")),
        ("Set-Cookie", format!("{CANARY}=1")),
        ("X-Api-Key", CANARY.to_owned()),
        ("Referer", format!("https://shop.example/?t={CANARY}")),
    ] {
        headers.push(json!({"name": name, "value": value}));
    }
    record["terminatingRuleMatchDetails"] = json!([{
        "conditionType": "SQL_INJECTION", "location": "ALL_QUERY_ARGS", "matchedData": [CANARY],
    }]);
    record
}

/// The Web ACL of the first record.
fn webacl_of(lines: &str) -> String {
    let record: Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    record["webaclId"].as_str().expect("a text").to_owned()
}

/// A recorded change with secrets in everything that is not told.
fn change_with_secrets(acl: &str) -> Value {
    let rule = json!({
        "name": "marks-the-origin", "priority": 1,
        "action": {"count": {"customRequestHandling": {
            "insertHeaders": [{"name": "x-origin", "value": CANARY}]}}},
        "statement": {"byteMatchStatement": {
            "searchString": CANARY, "fieldToMatch": {"singleHeader": {"name": CANARY}}}},
    });
    let mut change = change(
        acl,
        json!({
            "description": CANARY, "lockToken": CANARY, "rules": [rule],
            "customResponseBodies": {"refused": {"content": CANARY}},
            "addresses": [CANARY], "token": CANARY,
        }),
    );
    change["userIdentity"]["accessKeyId"] = json!(CANARY);
    change["responseElements"] = json!({"nextLockToken": CANARY});
    change["additionalEventData"] = json!({"secret": CANARY});
    change
}

#[test]
fn no_secret_reaches_a_prompt_a_message_or_a_log() {
    for model in [BY_SCHEMA, BY_TOOL, BY_STOP_TOKEN] {
        let mut traffic = Traffic::default();
        attack_on(&mut traffic, "shop", &with_secrets);
        let (lines, end) = traffic.finish();
        assert!(
            lines.matches(CANARY).count() > 300,
            "the secrets are in the records"
        );
        let converse = Converse::start(|asked| given(asked, &honest(asked, answer())));
        let converse = converse.expect("starts");
        let acl = webacl_of(&lines);
        let account = Recorded::view(vec![change_with_secrets(&acl)]);
        let analyst = analyst(&converse, settings(model));
        let told = told_with(&lines, end, analyst, Some(account));
        let text = told.only()["text"].as_str().expect("a text");
        assert!(text.contains("UpdateWebACL by alice"), "{text}");
        let asked = converse.asked();
        assert!(!asked.is_empty());
        for asked in &asked {
            assert!(!asked.body.to_string().contains(CANARY), "{}", asked.body);
        }
        assert!(!told.raw.contains(CANARY), "{}", told.raw);
        let record = &told.only()["report"]["ai_assessment"]["model"];
        let record: ModelRecord = serde_json::from_value(record.clone()).expect("is a record");
        let log = model_lines(&record, EventTime(0)).concat();
        assert!(
            log.contains("gen_ai.client.token.usage") && !log.contains(CANARY),
            "{log}"
        );
    }
}
