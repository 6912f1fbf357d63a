//! The lines of a model's part in an explanation.
//!
//! Names and attributes follow OpenTelemetry's semantic conventions for generative AI ("Generative AI
//! client metrics", "Semantic conventions for AWS Bedrock") where they have one: tokens by
//! `gen_ai.token.type`, durations with `error.type` where there was an error. They have none for
//! retries, fallbacks, guardrails and cost, whose metrics begin with `wafwatch.gen_ai`. CloudWatch has
//! one value of a dimension per line, so that a record makes several lines.

use wafwatch_windows::time::EventTime;

use super::document::{Dimensions, Document, own_text};
use super::field;
use super::table::Metric;
use crate::analyst::{ModelRecord, Outcome};

const OPERATION: &str = "chat";
const PROVIDER: &str = "aws.bedrock";
const BY_MODEL: &[&str] = &[field::MODEL, field::OPERATION, field::PROVIDER];
const BY_TOKEN_TYPE: &[&str] = &[
    field::MODEL,
    field::OPERATION,
    field::PROVIDER,
    field::TOKEN_TYPE,
];
const BY_ERROR: &[&str] = &[
    field::MODEL,
    field::OPERATION,
    field::PROVIDER,
    field::ERROR_TYPE,
];

/// The lines of `record`, whose metrics stand at `now`. Tokens are told where the service counted any.
#[must_use]
pub fn model_lines(record: &ModelRecord, now: EventTime) -> Vec<String> {
    let usage = &record.usage;
    let mut lines = Vec::new();
    let tokens = [
        ("input", usage.input_tokens),
        ("output", usage.output_tokens),
    ];
    for (kind, count) in tokens {
        if count > 0 {
            let mut document = of_model(record);
            document.field(field::TOKEN_TYPE, kind);
            document.count(Metric::ModelTokens, count);
            lines.push(document.into_line(now, Dimensions::Fields(BY_TOKEN_TYPE)));
        }
    }
    let mut document = of_model(record);
    document.field(field::PROMPT, own_text(&record.prompt));
    document.count(Metric::ModelRetries, u64::from(usage.retries));
    let is_fallback = !matches!(record.outcome, Outcome::Answered);
    document.count(Metric::ModelFallbacks, u64::from(is_fallback));
    let interventions = u64::from(usage.guardrail_interventions);
    document.count(Metric::ModelGuardrailInterventions, interventions);
    document.count(Metric::ModelStatementsRemoved, u64::from(record.removed));
    if let Some(cost) = usage.cost_usd {
        document.number(Metric::ModelCost, cost);
    }
    lines.push(document.into_line(now, Dimensions::Fields(BY_MODEL)));
    lines.push(duration(record, now));
    lines
}

fn duration(record: &ModelRecord, now: EventTime) -> String {
    let mut document = of_model(record);
    document.number(
        Metric::ModelDuration,
        record.usage.latency_ms as f64 / 1_000.0,
    );
    match &record.outcome {
        Outcome::Answered => document.into_line(now, Dimensions::Fields(BY_MODEL)),
        Outcome::FellBack(why) => {
            document.field(field::ERROR_TYPE, why.name());
            document.into_line(now, Dimensions::Fields(BY_ERROR))
        }
    }
}

fn of_model(record: &ModelRecord) -> Document {
    let mut document = Document::new(field::KIND_MODEL);
    document.field(field::MODEL, own_text(&record.model));
    document.field(field::OPERATION, OPERATION);
    document.field(field::PROVIDER, PROVIDER);
    document
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::super::specification::checked;
    use super::*;
    use crate::analyst::{Cause, Fallback, FirstOpinion, Usage};
    use crate::incident::Level;
    use crate::metrics::Scope;

    fn record(outcome: Outcome, usage: Usage) -> ModelRecord {
        ModelRecord {
            model: "amazon.nova-pro-v1:0".to_owned(),
            prompt: "analyst-1".to_owned(),
            outcome,
            usage,
            removed: 2,
            first: FirstOpinion {
                severity: Level::High,
                confidence: 0.5,
                cause: Cause::Scanner,
            },
            is_held_back: false,
        }
    }

    /// Lines that hold every field.
    pub(in crate::metrics) fn sample_lines() -> Vec<String> {
        let usage = Usage {
            input_tokens: 1,
            ..Usage::default()
        };
        let outcome = Outcome::FellBack(Fallback::Throttled);
        model_lines(&record(outcome, usage), EventTime(5))
    }

    #[test]
    fn an_answer_is_told_under_open_telemetrys_names() {
        let usage = Usage {
            input_tokens: 1_500,
            output_tokens: 300,
            latency_ms: 2_500,
            retries: 1,
            cost_usd: Some(0.002),
            ..Usage::default()
        };
        let lines = model_lines(&record(Outcome::Answered, usage), EventTime(5));
        let lines: Vec<(Value, BTreeSet<String>)> =
            lines.iter().map(|line| checked(line)).collect();
        let all: BTreeSet<String> = lines.iter().flat_map(|(_, names)| names.clone()).collect();
        let expected = Metric::of(Scope::Model).map(|metric| metric.name().to_owned());
        assert_eq!(all, expected.collect());
        let (input, _) = &lines[0];
        assert_eq!(input["gen_ai.client.token.usage"], 1_500);
        assert_eq!(input["gen_ai.token.type"], "input");
        assert_eq!(input["gen_ai.request.model"], "amazon.nova-pro-v1:0");
        assert_eq!(lines[1].0["gen_ai.client.token.usage"], 300);
        let (duration, _) = lines.last().expect("is there");
        assert_eq!(duration["gen_ai.client.operation.duration"], 2.5);
        let declared = |name: &String| {
            field::TOP_LEVEL.contains(&name.as_str())
                || Metric::ALL.iter().any(|metric| metric.name() == name)
                || name == "_aws"
        };
        for (line, _) in &lines {
            assert!(
                line.as_object().expect("an object").keys().all(declared),
                "{line}"
            );
        }
    }

    #[test]
    fn a_fallback_is_told_with_its_reason_and_no_invented_tokens() {
        let outcome = Outcome::FellBack(Fallback::TimedOut);
        let lines = model_lines(&record(outcome, Usage::default()), EventTime(5));
        assert_eq!(lines.len(), 2);
        assert_eq!(checked(&lines[0]).0["wafwatch.gen_ai.fallbacks"], 1);
        let (duration, _) = checked(&lines[1]);
        assert_eq!(duration["error.type"], "timeout");
    }
}
