//! The published scenarios, each explained in the three ways in which a model is held to JSON, with the
//! tokens that they take.

use serde_json::{Value, json};
use wafwatch::analyst::builtin::BuiltIn;
use wafwatch_emulators::converse::{Answer, Asked, Converse, text, tool_use};
use wafwatch_loadgen::{Options, Scenario, generate};

use super::run::{BY_SCHEMA, BY_STOP_TOKEN, BY_TOOL, Told, analyst, settings, told};

const MOST_TOKENS: u64 = 4_000;

/// An answer about any incident that names nothing, unless it says what to add.
pub fn answer() -> Value {
    json!({
        "executive_summary": "The model has looked at this.",
        "severity": "high",
        "confidence": 0.9,
        "cause": "admin_probing",
        "anomaly_cause": "The requests look like one tool at work.",
        "analysis_sources": [],
        "methodology": "The figures were compared with those before.",
        "metrics_overview": {
            "records_examined": 0, "blocked_total": 0, "allowed_total": 0, "count_total": 0,
            "overall_total": 0, "avg_blocked_ratio_top_offenders": 0,
        },
        "primary_offenders": [],
        "possible_causes": [],
        "evidence": {"top_rules": [], "top_uris": [], "cloudtrail_change_summaries": []},
        "recommended_actions": ["Keep watching."],
    })
}

/// The answer with the figures that the prompt holds, which an honest model repeats.
pub fn honest(asked: &Asked, mut answer: Value) -> Value {
    let prompt = asked.prompt();
    let during = prompt.lines().find(|line| line.starts_with("during, all "));
    let window = prompt
        .lines()
        .find(|line| line.starts_with("20") && line.contains(" from "));
    let row = during.or(window).expect("the prompt holds figures");
    let row = row
        .split_once("Z: ")
        .or(row.split_once(": "))
        .expect("a row")
        .1;
    let figures: Vec<f64> = row
        .split([' ', ','])
        .map_while(|figure| figure.parse().ok())
        .collect();
    let names = [
        "overall_total",
        "blocked_total",
        "allowed_total",
        "count_total",
    ];
    for (name, figure) in names.into_iter().zip(&figures) {
        answer["metrics_overview"][name] = json!(figure);
    }
    answer["metrics_overview"]["records_examined"] = json!(figures[0]);
    answer["metrics_overview"]["avg_blocked_ratio_top_offenders"] = json!(mean_ratio(&prompt));
    answer
}

/// Of `address 203.0.113.7: 100 requests, 97 blocked, …`, the mean of blocked by requests.
fn mean_ratio(prompt: &str) -> f64 {
    let profiles = prompt.lines().filter(|line| line.starts_with("address "));
    let ratios: Vec<f64> = profiles
        .map(|line| {
            let figures = line.split_once(": ").expect("figures").1;
            let mut figures = figures.split(", ").map(|part| {
                let figure = part.split(' ').next().expect("a figure");
                figure.parse::<f64>().expect("a number")
            });
            let total = figures.next().expect("requests");
            figures.next().expect("blocked") / total
        })
        .collect();
    ratios.iter().sum::<f64>() / ratios.len().max(1) as f64
}

/// How a model gives `answer`, by what it was asked for.
pub fn given(asked: &Asked, answer: &Value) -> Answer {
    if asked.body.get("toolConfig").is_some() {
        return tool_use("incident_report", answer.clone());
    }
    let is_stopped = asked.body["inferenceConfig"].get("stopSequences").is_some();
    text(
        &answer.to_string(),
        if is_stopped {
            "stop_sequence"
        } else {
            "end_turn"
        },
    )
}

pub fn lines(scenario: Scenario) -> (String, i64) {
    let options = Options {
        seed: 7,
        ..Options::new(scenario)
    };
    let mut lines = Vec::new();
    let truth = generate(&options, &mut lines).expect("the options can be met");
    let text = String::from_utf8(lines).expect("records are text");
    let end = truth
        .events
        .first()
        .map_or(options.start_ms, |event| event.end_ms);
    (text, end + 600_000)
}

fn usage(told: &Told) -> &Value {
    &told.only()["report"]["ai_assessment"]["model"]["usage"]
}

#[test]
fn incidents_are_explained_by_models_of_every_kind() {
    for model in [BY_SCHEMA, BY_TOOL, BY_STOP_TOKEN] {
        let converse = Converse::start(|asked| given(asked, &honest(asked, answer())));
        let converse = converse.expect("starts");
        let (lines, end) = lines(Scenario::Attack);
        let told = told(&lines, end, analyst(&converse, settings(model)));
        let assessment = &told.only()["report"]["ai_assessment"];
        let outcome = &assessment["model"]["outcome"];
        assert_eq!(
            *outcome,
            json!({"kind": "answered"}),
            "{model}: {assessment:#}"
        );
        assert_eq!(
            assessment["executive_summary"],
            "The model has looked at this."
        );
        assert_eq!(assessment["recommended_actions"], json!(["Keep watching."]));
        assert_eq!(assessment["model"]["removed"], 0, "{assessment:#}");
        let name = assessment["analyst"].as_str().expect("a text");
        assert!(name.contains(model) && name.contains("analyst-1"), "{name}");
        let text = told.only()["text"].as_str().expect("a text");
        assert!(text.contains("1000 tokens in, 200 out"), "{text}");

        let body = &converse.asked()[0].body;
        let inference = &body["inferenceConfig"];
        assert_eq!(inference["temperature"], 0.0);
        match model {
            BY_SCHEMA => {
                assert_eq!(body["outputConfig"]["textFormat"]["type"], "json_schema");
                assert!(body.get("toolConfig").is_none());
            }
            BY_TOOL => {
                let choice = &body["toolConfig"]["toolChoice"];
                assert_eq!(*choice, json!({"tool": {"name": "incident_report"}}));
            }
            _ => assert_eq!(inference["stopSequences"], json!(["<END_JSON>"])),
        }
    }
}

#[test]
fn models_without_a_temperature_and_guardrails_are_asked_as_they_want() {
    let converse = Converse::start(|asked| given(asked, &honest(asked, answer()))).expect("starts");
    let mut settings = settings("us.anthropic.claude-opus-4-7");
    settings.guardrail = Some(("gr-1".to_owned(), "3".to_owned()));
    let (lines, end) = lines(Scenario::Attack);
    told(&lines, end, analyst(&converse, settings));
    let body = &converse.asked()[0].body;
    assert!(body["inferenceConfig"].get("temperature").is_none());
    assert_eq!(body["guardrailConfig"]["guardrailIdentifier"], "gr-1");
    assert_eq!(body["guardrailConfig"]["guardrailVersion"], "3");
}

/// Regular traffic asks nothing; the others stay within the tokens, and within the model's time and two
/// seconds.
#[test]
fn the_published_scenarios_take_few_tokens_and_little_time() {
    for (scenario, incidents) in [
        (Scenario::Regular, 0),
        (Scenario::Attack, 1),
        (Scenario::Misconfiguration, 1),
    ] {
        for model in [BY_SCHEMA, BY_TOOL, BY_STOP_TOKEN] {
            let converse = Converse::start(|asked| given(asked, &honest(asked, answer())));
            let converse = converse.expect("starts");
            let (lines, end) = lines(scenario);
            let told = told(&lines, end, analyst(&converse, settings(model)));
            assert_eq!(told.opened.len(), incidents);
            if incidents == 0 {
                assert_eq!(converse.asked(), []);
                continue;
            }
            let estimated = usage(&told)["estimated_input_tokens"]
                .as_u64()
                .expect("a number");
            let sent = converse.asked()[0].prompt().len();
            #[allow(clippy::print_stdout)]
            {
                println!(
                    "{scenario:?} by {model}: about {estimated} tokens in, {sent} bytes of prompt, {} ms",
                    told.took.as_millis()
                );
            }
            assert!(estimated <= MOST_TOKENS, "{estimated}");
            assert!(sent <= 16 * 1024, "{sent}");
            assert!(told.took.as_secs_f64() < 2.0 * told.raw.lines().count() as f64);
        }
    }
}

/// What people get with a model that says nothing wrong differs from the built-in analyst's message only
/// in what the model said.
#[test]
fn figures_and_lists_stay_those_that_were_counted() {
    let (lines, end) = lines(Scenario::Attack);
    let converse = Converse::start(|asked| given(asked, &honest(asked, answer()))).expect("starts");
    let with = told(&lines, end, analyst(&converse, settings(BY_TOOL)));
    let without = told(&lines, end, Box::new(BuiltIn));
    let (with, without) = (with.only(), without.only());
    for field in [
        "metrics_overview",
        "primary_offenders",
        "evidence",
        "analysis_sources",
    ] {
        let of = |message: &Value| message["report"]["ai_assessment"][field].clone();
        assert_eq!(of(with), of(without), "{field}");
    }
    assert_eq!(with["report"]["waf_logs"], without["report"]["waf_logs"]);
}
