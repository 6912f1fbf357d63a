//! What people get when the model fails, in every way in which it can: a message that is right.

use std::time::Duration;

use serde_json::{Value, json};
use wafwatch::analyst::bedrock::BedrockSettings;
use wafwatch::analyst::builtin::BuiltIn;
use wafwatch_emulators::converse::{Answer, Asked, Converse, Failure, text, tool_use};
use wafwatch_loadgen::Scenario;

use super::run::{BY_STOP_TOKEN, BY_TOOL, Told, analyst, settings, told};
use super::scenarios::{answer, given, honest, lines};

/// What the built-in analyst says of the attack.
fn expected() -> Value {
    let (lines, end) = lines(Scenario::Attack);
    told(&lines, end, Box::new(BuiltIn)).only().clone()
}

fn with(
    settings: BedrockSettings,
    model: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
) -> (Told, Vec<Asked>) {
    let converse = Converse::start(model).expect("starts");
    let (lines, end) = lines(Scenario::Attack);
    let told = told(&lines, end, analyst(&converse, settings));
    let asked = converse.asked();
    (told, asked)
}

/// The message is the built-in analyst's, and says why.
fn assert_fell_back(name: &str, told: &Told, reason: &str, words: &str) {
    let expected = expected();
    let message = told.only();
    for field in ["event_id", "kind", "severity", "acl", "subject"] {
        assert_eq!(message[field], expected[field], "{name}");
    }
    let assessment = &message["report"]["ai_assessment"];
    let built_in = &expected["report"]["ai_assessment"];
    let fields = built_in.as_object().expect("an object");
    for (field, value) in fields.iter().filter(|(field, _)| *field != "methodology") {
        assert_eq!(assessment[field], *value, "{name}: {field}");
    }
    let outcome = &assessment["model"]["outcome"];
    assert_eq!(outcome["kind"], "fell_back", "{name}: {outcome}");
    assert_eq!(outcome["why"]["reason"], reason, "{name}: {outcome}");
    let text = message["text"].as_str().expect("a text");
    let text: Vec<&str> = text.split_whitespace().collect();
    let text = text.join(" ");
    assert!(
        text.contains("This is the built-in assessment."),
        "{name}: {text}"
    );
    assert!(text.contains(words), "{name}: {words} in {text}");
    assert!(
        !told.raw.contains("an error that the test asked for"),
        "{name}"
    );
}

#[test]
fn services_that_fail() {
    let quick = || BedrockSettings {
        timeout: Duration::from_millis(700),
        ..settings(BY_TOOL)
    };
    let cases = [
        (
            "throttling",
            Failure::Throttling,
            "throttled",
            "refused for its load",
        ),
        (
            "unavailable",
            Failure::ServiceUnavailable,
            "throttled",
            "refused for its load",
        ),
        (
            "internal",
            Failure::InternalServer,
            "failed",
            "InternalServerException",
        ),
        ("unnamed", Failure::Unnamed, "failed", "an unnamed error"),
        (
            "access denied",
            Failure::AccessDenied,
            "failed",
            "AccessDeniedException",
        ),
        (
            "validation",
            Failure::Validation,
            "failed",
            "ValidationException",
        ),
        (
            "no such model",
            Failure::ResourceNotFound,
            "failed",
            "ResourceNotFoundException",
        ),
        (
            "model error",
            Failure::ModelError,
            "failed",
            "ModelErrorException",
        ),
        (
            "model timeout",
            Failure::ModelTimeout,
            "timed_out",
            "no answer came in time",
        ),
        (
            "not ready",
            Failure::ModelNotReady,
            "throttled",
            "refused for its load",
        ),
    ];
    for (name, failure, reason, words) in cases {
        let (told, asked) = with(quick(), move |_| Answer::Error(failure));
        assert_fell_back(name, &told, reason, words);
        // After one failure the model is left alone: the incident's second message asks nothing.
        let usage = &told.only()["report"]["ai_assessment"]["model"]["usage"];
        assert!(asked.len() <= 3, "{name}: {}", asked.len());
        assert_eq!(usage["retries"], asked.len() - 1, "{name}");
    }
}

#[test]
fn a_model_that_never_answers_delays_the_message_by_the_timeout_alone() {
    let settings = BedrockSettings {
        timeout: Duration::from_millis(500),
        ..settings(BY_TOOL)
    };
    let (told, _) = with(settings, |_| Answer::Silence);
    assert_fell_back("silence", &told, "timed_out", "no answer came in time");
    assert!(told.took < Duration::from_millis(2_500), "{:?}", told.took);
}

#[test]
fn bodies_that_are_no_answers() {
    for (name, answer) in [
        ("no JSON body", Answer::Raw(b"<html>504</html>".to_vec())),
        ("an empty body", Answer::Raw(Vec::new())),
        ("another body", Answer::Raw(b"{\"output\":[]}".to_vec())),
        ("a cut connection", Answer::CutConnection),
    ] {
        let (told, _) = with(settings(BY_TOOL), move |_| answer.clone());
        let outcome = &told.only()["report"]["ai_assessment"]["model"]["outcome"];
        let reason = outcome["why"]["reason"]
            .as_str()
            .expect("fell back")
            .to_owned();
        assert!(
            ["failed", "invalid"].contains(&reason.as_str()),
            "{name}: {reason}"
        );
        assert_fell_back(name, &told, &reason, "the built-in assessment stands");
    }
}

#[test]
fn answers_that_cannot_be_used() {
    let huge = format!("{{\"executive_summary\": \"{}\"}}", "x".repeat(10 << 20));
    let mut wrong_type = answer();
    wrong_type["confidence"] = json!("very");
    let mut out_of_range = answer();
    out_of_range["confidence"] = json!(1.5);
    let mut negative = answer();
    negative["metrics_overview"]["blocked_total"] = json!(-4);
    let cut = answer().to_string();
    let cut = &cut[..cut.len() / 2];
    let cases = [
        ("empty", String::new(), "it was empty"),
        ("no JSON", "All is well.".to_owned(), "it was no JSON"),
        (
            "a refusal",
            "I'm sorry, I cannot help with that.".to_owned(),
            "it was no JSON",
        ),
        (
            "truncated",
            cut.to_owned(),
            "it ended in the middle of the JSON",
        ),
        ("10 MB", huge, "it was longer than 65536 bytes"),
        (
            "a wrong type",
            wrong_type.to_string(),
            "the field confidence is not a number",
        ),
        (
            "out of range",
            out_of_range.to_string(),
            "the field confidence is not a number",
        ),
        (
            "a negative count",
            negative.to_string(),
            "blocked_total is not a number from 0 on",
        ),
        (
            "another object",
            "{\"answer\": 42}".to_owned(),
            "is missing",
        ),
    ];
    for (name, said, words) in cases {
        // Where a model says nothing there is no content block, as the service does it.
        let reply = move |_: &Asked| match said.is_empty() {
            true => Answer::Message {
                content: json!([]),
                stop_reason: "end_turn".to_owned(),
                tokens: (1_000, 0),
            },
            false => text(&said, "end_turn"),
        };
        let (told, asked) = with(settings(BY_STOP_TOKEN), reply);
        assert_fell_back(name, &told, "invalid", words);
        // The first question, and one that says what was wrong; the same for the second message.
        assert_eq!(asked.len() % 2, 0, "{name}");
        assert!(!asked[0].prompt().contains("could not be used"));
        let second = asked[1].prompt();
        assert!(second.contains(words), "{name}: {second}");
        let usage = &told.only()["report"]["ai_assessment"]["model"]["usage"];
        assert_eq!(usage["retries"], 1, "{name}");
        assert!(
            usage["estimated_input_tokens"].as_u64().expect("a number") <= 4_000,
            "{usage}"
        );
    }
}

#[test]
fn models_that_stop_early() {
    for (stop_reason, reason, words) in [
        ("max_tokens", "cut_off", "cut off"),
        ("content_filtered", "refused", "declined"),
        ("refusal", "refused", "declined"),
        (
            "guardrail_intervened",
            "guardrail",
            "the guardrail stepped in",
        ),
        ("malformed_model_output", "invalid", "malformed"),
    ] {
        let said = answer().to_string();
        let (told, _) = with(settings(BY_STOP_TOKEN), move |_| text(&said, stop_reason));
        assert_fell_back(stop_reason, &told, reason, words);
        let usage = &told.only()["report"]["ai_assessment"]["model"]["usage"];
        let interventions = u64::from(stop_reason == "guardrail_intervened");
        assert_eq!(usage["guardrail_interventions"], interventions);
    }
}

/// Fenced, introduced, commented, with commas too many: as models write.
#[test]
fn answers_that_are_wrapped_can_be_used() {
    let (told, asked) = with(settings(BY_STOP_TOKEN), |asked| {
        let json = honest(asked, answer()).to_string();
        let json = json.strip_suffix('}').expect("an object").to_owned();
        text(
            &format!("Sure!\n```json\n{json}, // done\n}}\n```"),
            "stop_sequence",
        )
    });
    let assessment = &told.only()["report"]["ai_assessment"];
    assert_eq!(assessment["model"]["outcome"], json!({"kind": "answered"}));
    assert_eq!(
        assessment["executive_summary"],
        "The model has looked at this."
    );
    assert!(
        asked
            .iter()
            .all(|asked| !asked.prompt().contains("could not be used"))
    );
}

#[test]
fn a_second_answer_may_be_right() {
    let (told, _) = with(settings(BY_TOOL), |asked| {
        match asked.prompt().contains("the field severity is not info") {
            true => given(asked, &honest(asked, answer())),
            false => {
                let mut wrong = answer();
                wrong["severity"] = json!("apocalyptic");
                tool_use("incident_report", wrong)
            }
        }
    });
    let model = &told.only()["report"]["ai_assessment"]["model"];
    assert_eq!(model["outcome"], json!({"kind": "answered"}));
    assert_eq!(
        (&model["usage"]["retries"], &model["usage"]["input_tokens"]),
        (&json!(1), &json!(2_000))
    );
    assert!(
        !told.raw.contains("apocalyptic"),
        "nothing of a wrong answer is repeated"
    );
}

#[test]
fn invented_names_are_removed_and_counted() {
    let (told, _) = with(settings(BY_TOOL), |asked| {
        let mut answer = honest(asked, answer());
        answer["executive_summary"] =
            json!("The address 198.51.100.250 attacked. All of it was one tool.");
        answer["primary_offenders"] = json!(["198.51.100.250"]);
        answer["recommended_actions"] = json!(["Block 198.51.100.250 at once."]);
        given(asked, &answer)
    });
    let message = told.only();
    let assessment = &message["report"]["ai_assessment"];
    assert_eq!(assessment["executive_summary"], "All of it was one tool.");
    assert_eq!(assessment["model"]["removed"], 3);
    let confidence = assessment["confidence"].as_f64().expect("a number");
    assert!(confidence < 0.6, "{confidence}");
    let built_in = expected();
    let built_in = &built_in["report"]["ai_assessment"];
    assert_eq!(
        assessment["primary_offenders"],
        built_in["primary_offenders"]
    );
    assert_eq!(
        assessment["recommended_actions"],
        built_in["recommended_actions"]
    );
    assert!(!told.raw.contains("198.51.100.250"));
}

#[test]
fn no_model_silences_an_incident() {
    let (told, _) = with(settings(BY_TOOL), |asked| {
        let mut answer = honest(asked, answer());
        answer["severity"] = json!("info");
        answer["cause"] = json!("benign_crowd");
        answer["confidence"] = json!(0.0);
        given(asked, &answer)
    });
    let expected = expected();
    let level = |message: &Value| {
        let levels = ["info", "low", "medium", "high", "critical"];
        let found = levels
            .iter()
            .position(|level| message["severity"] == *level);
        found.expect("a level")
    };
    let (told, expected) = (level(told.only()), level(&expected));
    assert!(told + 1 >= expected, "{told} after {expected}");
}

#[test]
fn the_built_in_analyst_takes_over_when_the_budget_is_used_up() {
    let mut limited = settings(BY_TOOL);
    limited.budget.hour.tokens = Some(5_000);
    let (told, asked) = with(limited, |asked| given(asked, &honest(asked, answer())));
    assert_eq!(asked, []);
    assert_fell_back(
        "no budget",
        &told,
        "budget",
        "the budget for models is used up",
    );
}
