//! What a model had to do with an assessment: who was asked, what it cost, what became of its answer.
//!
//! Kept with the assessment, shown in every report, and turned into metrics by
//! [`crate::metrics::model_lines`].

use serde::{Deserialize, Serialize};

use super::{Assessment, Cause};
use crate::incident::Level;

/// A model's part in an assessment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// The model that was asked, as its provider names it.
    pub model: String,
    /// The version of the prompt.
    pub prompt: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Tokens, time and money.
    pub usage: Usage,
    /// Statements that were removed because the evidence does not hold what they name.
    pub removed: u32,
    /// What the built-in analyst had said.
    pub first: FirstOpinion,
    /// Whether the message is held back: both analysts were asked, and neither was sure enough.
    pub is_held_back: bool,
}

/// What became of a question to a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "why")]
pub enum Outcome {
    /// Its answer stands, as far as the evidence holds it.
    Answered,
    /// The built-in assessment stands.
    FellBack(Fallback),
}

/// Why the built-in assessment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason", content = "detail")]
pub enum Fallback {
    /// The budget of the hour or the day is used up; the model was not asked.
    Budget,
    /// The model failed shortly before; it was not asked.
    Paused,
    /// The service refused for its load.
    Throttled,
    /// No answer came in time.
    TimedOut,
    /// The model declined.
    Refused,
    /// The answer was longer than allowed.
    CutOff,
    /// The guardrail stepped in.
    Guardrail,
    /// Two answers in a row could not be used; what was wrong with the last one, in our words.
    Invalid(String),
    /// The call failed: the error's name.
    Failed(String),
}

impl Fallback {
    /// The name in metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Paused => "paused",
            Self::Throttled => "throttled",
            Self::TimedOut => "timeout",
            Self::Refused => "refused",
            Self::CutOff => "cut_off",
            Self::Guardrail => "guardrail",
            Self::Invalid(_) => "invalid_answer",
            Self::Failed(_) => "call_failed",
        }
    }

    /// The reason as the end of a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Budget => "the budget for models is used up".to_owned(),
            Self::Paused => "it failed shortly before, and is left alone for a while".to_owned(),
            Self::Throttled => "the service refused for its load".to_owned(),
            Self::TimedOut => "no answer came in time".to_owned(),
            Self::Refused => "it declined to answer".to_owned(),
            Self::CutOff => "its answer was cut off at its longest length".to_owned(),
            Self::Guardrail => "the guardrail stepped in".to_owned(),
            Self::Invalid(problem) => format!("its answer could not be used: {problem}"),
            Self::Failed(code) => format!("the call failed with {code}"),
        }
    }
}

/// What a question used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens that the service counted in questions.
    pub input_tokens: u64,
    /// Tokens that the service counted in answers.
    pub output_tokens: u64,
    /// Tokens of the questions, estimated before they were sent: rather too many than too few.
    pub estimated_input_tokens: u64,
    /// Time from the first question to the last answer, attempts that failed included.
    pub latency_ms: u64,
    /// Calls that were made again: by the client after a failure, or for an answer that could be used.
    pub retries: u32,
    /// Interventions of the guardrail.
    pub guardrail_interventions: u32,
    /// Price of the tokens in US dollars; absent where the price is not known.
    pub cost_usd: Option<f64>,
}

/// What the built-in analyst had said, before a model was asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FirstOpinion {
    /// Its level.
    pub severity: Level,
    /// How sure it was.
    pub confidence: f64,
    /// Its cause.
    pub cause: Cause,
}

impl FirstOpinion {
    /// The opinion in an assessment.
    #[must_use]
    pub fn of(assessment: &Assessment) -> Self {
        Self {
            severity: assessment.severity,
            confidence: assessment.confidence,
            cause: assessment.cause,
        }
    }
}
