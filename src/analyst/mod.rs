//! Explains evidence: the built-in rules that always answer, and a model that may add to them.

pub mod bedrock;
pub mod builtin;
mod model;

use serde::{Deserialize, Serialize};

pub use model::{Fallback, FirstOpinion, ModelRecord, Outcome, Usage};

use crate::incident::{Level, Severity};
use crate::investigate::Evidence;

/// What an incident most likely is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Requests for administration pages.
    AdminProbing,
    /// SQL injection, cross-site scripting, file inclusion, command injection.
    InjectionAttempts,
    /// Payloads of known exploits.
    KnownBadInputs,
    /// One address, or very few, send most of the traffic.
    SingleSourceFlood,
    /// Very many addresses send much more than usual.
    DistributedFlood,
    /// Few addresses try very many paths.
    Scanner,
    /// Many attempts against a login path.
    CredentialStuffing,
    /// Automated clients, told by labels, user agents or fingerprints.
    BotSurge,
    /// A rule began to block what was allowed before: most likely a change of configuration.
    RuleBeganToBlock,
    /// More people than usual, with the usual mix of requests.
    BenignCrowd,
    /// Requests stopped: the site is down, or its logs do not arrive.
    OutageOrLoggingGap,
    /// The evidence fits no known cause.
    Unexplained,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 12] = [
        Self::AdminProbing,
        Self::InjectionAttempts,
        Self::KnownBadInputs,
        Self::SingleSourceFlood,
        Self::DistributedFlood,
        Self::Scanner,
        Self::CredentialStuffing,
        Self::BotSurge,
        Self::RuleBeganToBlock,
        Self::BenignCrowd,
        Self::OutageOrLoggingGap,
        Self::Unexplained,
    ];

    /// The name in JSON and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AdminProbing => "admin_probing",
            Self::InjectionAttempts => "injection_attempts",
            Self::KnownBadInputs => "known_bad_inputs",
            Self::SingleSourceFlood => "single_source_flood",
            Self::DistributedFlood => "distributed_flood",
            Self::Scanner => "scanner",
            Self::CredentialStuffing => "credential_stuffing",
            Self::BotSurge => "bot_surge",
            Self::RuleBeganToBlock => "rule_began_to_block",
            Self::BenignCrowd => "benign_crowd",
            Self::OutageOrLoggingGap => "outage_or_logging_gap",
            Self::Unexplained => "unexplained",
        }
    }

    /// The name in a sentence or a subject line.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::AdminProbing => "admin probing",
            Self::InjectionAttempts => "injection attempts",
            Self::KnownBadInputs => "known bad inputs",
            Self::SingleSourceFlood => "flood from few addresses",
            Self::DistributedFlood => "distributed flood",
            Self::Scanner => "scanner",
            Self::CredentialStuffing => "credential stuffing",
            Self::BotSurge => "surge of bots",
            Self::RuleBeganToBlock => "a rule began to block",
            Self::BenignCrowd => "benign crowd",
            Self::OutageOrLoggingGap => "outage or logging gap",
            Self::Unexplained => "unexplained",
        }
    }
}

/// An analyst's answer. Field names follow the published analyzer's JSON where it has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// Who answered, with version, as `built-in 1`.
    pub analyst: String,
    /// Two to four sentences for a person who was just woken up.
    pub executive_summary: String,
    /// Level of the incident in the light of the evidence.
    pub severity: Level,
    /// The same as a number.
    pub severity_score: Severity,
    /// 0 to 1.
    pub confidence: f64,
    /// The cause.
    pub cause: Cause,
    /// The cause in a sentence, with the numbers it rests on.
    pub anomaly_cause: String,
    /// What was looked at.
    pub analysis_sources: Vec<String>,
    /// How the answer was reached.
    pub methodology: String,
    /// The figures of the incident's windows.
    pub metrics_overview: MetricsOverview,
    /// Who did it.
    pub primary_offenders: Vec<Offender>,
    /// Other causes that fit, most likely first.
    pub possible_causes: Vec<PossibleCause>,
    /// What the answer rests on.
    pub evidence: EvidenceSummary,
    /// What to do, first things first.
    pub recommended_actions: Vec<String>,
    /// What a model had to do with it; absent where none was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRecord>,
}

impl Assessment {
    /// The level that decides who is told: no model can take an incident below what the built-in
    /// analyst made of it.
    #[must_use]
    pub fn telling_level(&self) -> Level {
        let first = self.model.as_ref().map(|model| model.first.severity);
        first.map_or(self.severity, |first| first.max(self.severity))
    }

    /// Whether the incident is kept for those who look, instead of being told.
    #[must_use]
    pub fn is_held_back(&self) -> bool {
        self.model.as_ref().is_some_and(|model| model.is_held_back)
    }
}

/// Figures over the incident's windows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MetricsOverview {
    /// Records that the figures rest on.
    pub records_examined: u64,
    /// Blocked requests.
    pub blocked_total: u64,
    /// Allowed requests.
    pub allowed_total: u64,
    /// Requests that a COUNT rule matched.
    pub count_total: u64,
    /// All requests.
    pub overall_total: u64,
    /// Mean over the primary offenders of blocked by total.
    pub avg_blocked_ratio_top_offenders: f64,
}

/// One of the addresses that stand out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offender {
    /// Client address.
    pub address: String,
    /// Its requests.
    pub total: u64,
    /// Of these, blocked.
    pub blocked: u64,
    /// Of these, allowed.
    pub allowed: u64,
    /// Of these, matched by a COUNT rule.
    pub counted: u64,
    /// Its countries.
    pub countries: Vec<String>,
    /// Its most frequent paths.
    pub uris: Vec<String>,
    /// Its most frequent rules.
    pub rules: Vec<String>,
    /// Its most frequent user agents.
    pub user_agents: Vec<String>,
}

/// Another cause that fits the evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PossibleCause {
    /// The cause.
    pub cause: Cause,
    /// 0 to 1.
    pub confidence: f64,
    /// Why, with numbers.
    pub reason: String,
}

/// The top lists that the answer rests on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EvidenceSummary {
    /// Rules with counts, most frequent first.
    pub top_rules: Vec<CountedValue>,
    /// Paths with counts, most frequent first.
    pub top_uris: Vec<CountedValue>,
    /// Changes of configuration; empty where no change log is connected.
    pub cloudtrail_change_summaries: Vec<String>,
}

/// A value with its count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedValue {
    /// The value.
    pub key: String,
    /// How often.
    pub count: u64,
}

/// Who explains evidence.
pub trait Analyst {
    /// Explains `evidence`. The built-in analyst always answers.
    fn assess(&self, evidence: &Evidence) -> Assessment;
}
