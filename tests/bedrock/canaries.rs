//! Secrets in every place of a request: none of them reaches a prompt, a message or a log.

use serde_json::{Value, json};
use wafwatch::analyst::ModelRecord;
use wafwatch::metrics::model_lines;
use wafwatch_emulators::converse::Converse;
use wafwatch_windows::time::EventTime;

use super::corpus::{Traffic, attack_on};
use super::run::{BY_SCHEMA, BY_STOP_TOKEN, BY_TOOL, analyst, settings, told};
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
        let told = told(&lines, end, analyst(&converse, settings(model)));
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
