//! The keys of a scenario file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::values::{Course, MethodName, Rhythm, RuleAction, RuleKind, SiteKind, Turn};

/// Names with weights.
pub(super) type Weights = BTreeMap<String, u64>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) seed: Option<u64>,
    pub(super) start: Option<Spanned<String>>,
    pub(super) duration: Spanned<String>,
    pub(super) acls: Option<Spanned<u32>>,
    pub(super) disorder: Option<Spanned<String>>,
    pub(super) duplicates: Option<Spanned<f64>>,
    pub(super) site: Site,
    #[serde(default)]
    pub(super) clients: BTreeMap<String, ClientEntry>,
    #[serde(default)]
    pub(super) sources: BTreeMap<String, SourceEntry>,
    #[serde(default)]
    pub(super) targets: BTreeMap<String, Spanned<Vec<TargetEntry>>>,
    #[serde(default)]
    pub(super) rules: BTreeMap<String, RuleEntry>,
    #[serde(default, rename = "phase")]
    pub(super) phases: Vec<Spanned<Phase>>,
}

/// What is normal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    pub(super) kind: SiteKind,
    pub(super) rate: Spanned<f64>,
    pub(super) shape: Option<Rhythm>,
    pub(super) targets: Option<Spanned<String>>,
    pub(super) countries: Option<Spanned<Weights>>,
    pub(super) clients: Option<Spanned<Weights>>,
}

/// Client software.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientEntry {
    pub(super) like: Spanned<String>,
    pub(super) user_agent: Option<String>,
    pub(super) ja4: Option<String>,
}

/// Where requests come from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceEntry {
    pub(super) networks: Spanned<Vec<String>>,
    pub(super) count: Option<u64>,
    pub(super) turn: Option<Turn>,
    pub(super) countries: Option<Spanned<Weights>>,
    pub(super) clients: Option<Spanned<Weights>>,
}

/// What requests ask for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetEntry {
    pub(super) uri: Spanned<String>,
    pub(super) method: Option<MethodName>,
    pub(super) weight: Option<u64>,
    pub(super) numbers: Option<u32>,
    pub(super) args: Option<Vec<String>>,
    pub(super) arg_numbers: Option<u32>,
    pub(super) rule: Option<Spanned<String>>,
}

/// What becomes of requests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    pub(super) action: RuleAction,
    pub(super) kind: Option<Spanned<RuleKind>>,
    pub(super) group: Option<Spanned<String>>,
    pub(super) rule: Option<String>,
    #[serde(default)]
    pub(super) labels: Vec<String>,
}

/// Something that happens: a built-in attack, or one made of the above.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Phase {
    pub(super) start: Spanned<String>,
    pub(super) length: Spanned<String>,
    pub(super) acl: Option<Spanned<u32>>,
    pub(super) attack: Option<Spanned<String>>,
    pub(super) intensity: Option<Spanned<f64>>,
    pub(super) name: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) benign: Option<bool>,
    pub(super) sources: Option<Spanned<String>>,
    pub(super) targets: Option<Spanned<String>>,
    pub(super) rule: Option<Spanned<String>>,
    pub(super) rules: Option<Spanned<Weights>>,
    pub(super) action: Option<RuleAction>,
    pub(super) rate: Option<Spanned<f64>>,
    pub(super) factor: Option<Spanned<f64>>,
    pub(super) requests: Option<Spanned<u64>>,
    pub(super) shape: Option<Course>,
}
