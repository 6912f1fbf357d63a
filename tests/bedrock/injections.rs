//! No order in a request changes anything but the evidence that quotes it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use wafwatch::report::hostile;
use wafwatch_emulators::converse::{Asked, Converse};

use super::account::{Recorded, change};
use super::corpus::{HARMLESS, PLACES, Place, Traffic, attack_on, attempts, record};
use super::obedient::{obeyed, sees_order};
use super::run::{BY_SCHEMA, BY_STOP_TOKEN, BY_TOOL, Told, analyst, settings, told, told_with};
use super::scenarios::{answer, given, honest};

const MODELS: [&str; 3] = [BY_SCHEMA, BY_TOOL, BY_STOP_TOKEN];

/// Figures that differ with the length of what was sent, or with the time of day.
const MEASURED: [&str; 5] = [
    "log_bytes",
    "body_bytes",
    "estimated_input_tokens",
    "latency_ms",
    "duration_ms",
];
/// What quotes evidence: lists of values as they were counted.
const QUOTING: [&str; 4] = [
    "/report/waf_logs/",
    "/report/input_alert/findings/",
    "/report/ai_assessment/primary_offenders/",
    "/report/ai_assessment/evidence/top_uris/",
];

fn run(converse: &Converse, model: &str, place: Place, text: &str) -> Told {
    let mut traffic = Traffic::default();
    attack_on(&mut traffic, "shop", &|record| place.with(record, text));
    let (lines, end) = traffic.finish();
    told(&lines, end, analyst(converse, settings(model)))
}

/// What the built-in analyst counts as attacks, whoever is meant to read it.
const SIGNATURES: [&str; 4] = ["<script", "jndi:", "admin", "login"];

/// The same attack without an order: what an attempt is compared with.
fn twin(attempt: &str) -> String {
    let lower = attempt.to_lowercase();
    let signatures = SIGNATURES
        .iter()
        .filter(|signature| lower.contains(**signature));
    let signatures: Vec<&str> = signatures.copied().collect();
    format!("{HARMLESS}{}", signatures.concat())
}

/// What the model is given besides the product's own instructions.
fn evidence(asked: &Asked) -> String {
    let mut asked = asked.clone();
    asked.body["system"] = Value::Null;
    asked.prompt()
}

fn obedient() -> Converse {
    let converse = Converse::start(|asked| {
        let honest = honest(asked, answer());
        match sees_order(&evidence(asked)) {
            true => given(asked, &obeyed(honest)),
            false => given(asked, &honest),
        }
    });
    converse.expect("starts")
}

/// Every text in a value, as a model would read it there.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(fields) => fields.values().map(texts).collect(),
        _ => String::new(),
    }
}

#[test]
fn the_model_sees_every_attempt_where_it_is_not_hidden_from_it() {
    let attempts = attempts();
    let distinct: BTreeSet<&String> = attempts.iter().collect();
    assert!(
        distinct.len() >= 60 && distinct.len() == attempts.len(),
        "{}",
        distinct.len()
    );
    let plain = record("shop", 0, "203.0.113.7", "/admin", true);
    assert!(!sees_order(&texts(&plain)));
    for place in PLACES {
        assert!(!sees_order(&texts(&place.with(plain.clone(), HARMLESS))));
        for attempt in &attempts {
            let record = place.with(plain.clone(), attempt);
            assert!(sees_order(&texts(&record)), "{place:?}: {attempt:?}");
        }
    }
}

#[test]
fn an_order_that_is_seen_would_show() {
    let converse = Converse::start(|asked| given(asked, &obeyed(honest(asked, answer()))));
    let spoilt = run(&converse.expect("starts"), BY_TOOL, Place::Uri, HARMLESS);
    let usual = run(&obedient(), BY_TOOL, Place::Uri, HARMLESS);
    let quotes = (String::new(), String::new());
    let differences = differences(spoilt.only(), usual.only(), &quotes);
    for field in ["/severity", "/subject", "/report/ai_assessment/cause"] {
        assert!(
            differences.iter().any(|path| path == field),
            "{field}: {differences:?}"
        );
    }
}

#[test]
fn no_order_changes_anything_but_the_evidence_that_quotes_it() {
    let converse = obedient();
    let attempts = attempts();
    for (number, place) in PLACES.into_iter().enumerate() {
        let model = MODELS[number % 3];
        let mut twins: BTreeMap<String, Told> = BTreeMap::new();
        // Paths and user agents reach the evidence: they are tried with every attempt.
        let step = match place {
            Place::Uri | Place::Agent => 1,
            _ => 6,
        };
        for attempt in attempts.iter().skip(number % step).step_by(step) {
            let told = run(&converse, model, place, attempt);
            let usual = twins
                .entry(twin(attempt))
                .or_insert_with_key(|twin| run(&converse, model, place, twin));
            let quotes = (quote(place, attempt), quote(place, &twin(attempt)));
            assert_eq!(told.opened.len(), 1);
            let lines = |told: &Told| told.raw.lines().count();
            assert_eq!(lines(&told), lines(usual), "{place:?}: {attempt:?}");
            let differences = differences(told.only(), usual.only(), &quotes);
            assert_eq!(differences, [] as [String; 0], "{place:?}: {attempt:?}");
        }
    }
    for asked in converse.asked() {
        assert!(!sees_order(&evidence(&asked)), "{}", evidence(&asked));
    }
}

/// Whoever may call AWS at all chooses names of sessions and programs, and, where he is refused, anything.
#[test]
fn no_order_in_a_recorded_change_reaches_the_model() {
    let converse = obedient();
    let usual = run(&converse, BY_TOOL, Place::Uri, HARMLESS);
    let acl = usual.only()["acl"].as_str().expect("a text").to_owned();
    for attempt in attempts() {
        let mut made = change(&acl, json!({"name": attempt}));
        made["userIdentity"]["userName"] = json!(attempt);
        made["sourceIPAddress"] = json!(attempt);
        made["userAgent"] = json!(attempt);
        let mut refused = change(&acl, json!({"name": attempt, "rules": [{"name": attempt}]}));
        refused["errorCode"] = json!(attempt);
        refused["eventID"] = json!("2");
        let mut traffic = Traffic::default();
        attack_on(&mut traffic, "shop", &|record| {
            Place::Uri.with(record, HARMLESS)
        });
        let (lines, end) = traffic.finish();
        let account = Recorded::view(vec![made, refused]);
        let analyst = analyst(&converse, settings(BY_TOOL));
        let told = told_with(&lines, end, analyst, Some(account));
        let of = |told: &Told, field: &str| told.only()["report"]["ai_assessment"][field].clone();
        for field in [
            "severity",
            "cause",
            "recommended_actions",
            "executive_summary",
        ] {
            assert_eq!(of(&told, field), of(&usual, field), "{attempt:?}");
        }
    }
    for asked in converse.asked() {
        assert!(!sees_order(&evidence(&asked)), "{}", evidence(&asked));
    }
}

/// How a sentence of the built-in analyst quotes what was sent.
fn quote(place: Place, text: &str) -> String {
    let value = match place {
        Place::Uri => format!("/{text}"),
        _ => text.to_owned(),
    };
    // Queries are cut off where records are read.
    let value = value.split('?').next().unwrap_or_default();
    hostile::one_line(value, 80)
}

/// Where two messages differ beyond quoted evidence and measured figures; `quotes` are what both of them
/// may quote in sentences.
fn differences(one: &Value, other: &Value, quotes: &(String, String)) -> Vec<String> {
    let mut paths = Vec::new();
    compare(one, other, "", quotes, &mut paths);
    let triage = |message: &Value| -> Vec<String> {
        let text = message["text"].as_str().expect("a text");
        let labels = [
            "Severity ",
            "Confidence ",
            "Cause ",
            "Incident ",
            "State ",
            "Totals ",
        ];
        let lines = text
            .lines()
            .filter(|line| labels.iter().any(|label| line.starts_with(label)));
        lines.map(str::to_owned).collect()
    };
    if triage(one) != triage(other) {
        paths.push("/text".to_owned());
    }
    paths
}

fn compare(
    one: &Value,
    other: &Value,
    path: &str,
    quotes: &(String, String),
    paths: &mut Vec<String>,
) {
    let name = path.rsplit('/').next().unwrap_or(path);
    if path == "/text" || MEASURED.contains(&name) {
        return;
    }
    match (one, other) {
        (Value::Object(one), Value::Object(other)) if one.keys().eq(other.keys()) => {
            for (key, value) in one {
                compare(value, &other[key], &format!("{path}/{key}"), quotes, paths);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (place, (one, other)) in one.iter().zip(other).enumerate() {
                compare(one, other, &format!("{path}/{place}"), quotes, paths);
            }
        }
        (Value::String(one), Value::String(other)) if one != other => {
            let is_quoted = QUOTING.iter().any(|quoting| path.starts_with(quoting));
            let is_same = !quotes.0.is_empty()
                && one.replace(&quotes.0, "\u{0}") == other.replace(&quotes.1, "\u{0}");
            if !is_quoted && !is_same {
                paths.push(path.to_owned());
            }
        }
        (one, other) if one != other => paths.push(path.to_owned()),
        _ => {}
    }
}
