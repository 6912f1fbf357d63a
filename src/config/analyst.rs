//! Who explains incidents.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::analyst::bedrock::BedrockSettings;
use crate::analyst::bedrock::budget::{Budget, Limit};
use crate::analyst::bedrock::capabilities::Price;

/// `[analyst]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnalystConfig {
    /// `built-in`, or `bedrock`: a model on Amazon Bedrock, with the built-in analyst behind it. Default
    /// built-in. `WAFWATCH_ANALYST` sets it. Bedrock needs a build with AWS.
    pub kind: AnalystKind,
    /// Id of the model, of an inference profile, or the ARN of either. Default `amazon.nova-pro-v1:0`.
    /// `BEDROCK_MODEL_ID` sets it.
    pub model: String,
    /// Region to call. By default that of the account's configuration. `BEDROCK_REGION` sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Longest time for an explanation, everything included, in seconds, 1 to 3600. Default 30: what has
    /// not been answered by then, the built-in analyst explains. `BEDROCK_READ_TIMEOUT_SECONDS` sets it.
    pub timeout_seconds: u32,
    /// Longest time to connect in seconds, 1 to 60. Default 10. `BEDROCK_CONNECT_TIMEOUT_SECONDS` sets
    /// it.
    pub connect_timeout_seconds: u32,
    /// Attempts of one call, 1 to 10. Default 3. `BEDROCK_MAX_ATTEMPTS` sets it.
    pub attempts: u32,
    /// Longest answer in tokens, 256 to 32768. Default 2048. `BEDROCK_MAX_TOKENS` sets it.
    pub max_output_tokens: u32,
    /// Temperature, 0 to 1, for models that take one. Default 0. `BEDROCK_TEMPERATURE` sets it.
    pub temperature: f64,
    /// Ends the answer of models that keep neither a schema nor a forced tool. Default `<END_JSON>`.
    /// `FM_STOP_TOKEN` sets it.
    pub stop_token: String,
    /// Whether the service holds a model to JSON where it can. Default true; with false every model gets
    /// the stop token. `USE_BEDROCK_JSON_MODE` sets it.
    pub json_mode: bool,
    /// Id or ARN of a guardrail. None by default. `BEDROCK_GUARDRAIL_ID` sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail_id: Option<String>,
    /// Version of the guardrail: a number, or DRAFT. Default DRAFT. `BEDROCK_GUARDRAIL_VERSION` sets it.
    pub guardrail_version: String,
    /// Confidence, 0 to 1, that one of the two analysts needs for an incident below high to be told.
    /// Default 0.7. It holds back only what the model was asked about and answered: where the model is
    /// off, absent or wrong, every message goes out. What is held back stays in the store, and is told
    /// when it grows high. `CONFIDENCE_THRESHOLD` sets it.
    pub confidence_threshold: f64,
    /// Tokens in and out that may be used in an hour, 0 (no limit) to 1000000000. Default 200000.
    /// `BEDROCK_TOKENS_PER_HOUR` sets it.
    pub tokens_per_hour: u64,
    /// The same in a day. Default 1000000. `BEDROCK_TOKENS_PER_DAY` sets it.
    pub tokens_per_day: u64,
    /// US dollars that may be used in an hour, 0 (no limit) to 100000. Default 0.
    /// `BEDROCK_USD_PER_HOUR` sets it.
    pub usd_per_hour: f64,
    /// The same in a day. `BEDROCK_USD_PER_DAY` sets it.
    pub usd_per_day: f64,
    /// Price of a million tokens in, in US dollars, 0 to 10000, where the model's is not known or another
    /// one. Needs `output_price` too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_price: Option<f64>,
    /// Price of a million tokens out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_price: Option<f64>,
}

/// The analysts there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnalystKind {
    /// Rules.
    #[default]
    BuiltIn,
    /// A model on Amazon Bedrock.
    Bedrock,
}

impl Default for AnalystConfig {
    fn default() -> Self {
        Self {
            kind: AnalystKind::BuiltIn,
            model: "amazon.nova-pro-v1:0".to_owned(),
            region: None,
            timeout_seconds: 30,
            connect_timeout_seconds: 10,
            attempts: 3,
            max_output_tokens: 2_048,
            temperature: 0.0,
            stop_token: "<END_JSON>".to_owned(),
            json_mode: true,
            guardrail_id: None,
            guardrail_version: "DRAFT".to_owned(),
            confidence_threshold: 0.7,
            tokens_per_hour: 200_000,
            tokens_per_day: 1_000_000,
            usd_per_hour: 0.0,
            usd_per_day: 0.0,
            input_price: None,
            output_price: None,
        }
    }
}

/// What does not hold together, as key and what it takes.
pub(super) type Conflict = (&'static str, &'static str);

impl AnalystConfig {
    /// What the analyst on Bedrock is set with.
    #[must_use]
    pub fn bedrock(&self) -> BedrockSettings {
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        let guardrail = self.guardrail_id.clone();
        BedrockSettings {
            model: self.model.clone(),
            region: self.region.clone(),
            timeout: seconds(self.timeout_seconds),
            connect_timeout: seconds(self.connect_timeout_seconds),
            attempts: self.attempts,
            max_output_tokens: self.max_output_tokens,
            temperature: self.temperature,
            stop_token: self.stop_token.clone(),
            json_mode: self.json_mode,
            guardrail: guardrail.map(|id| (id, self.guardrail_version.clone())),
            confidence_threshold: self.confidence_threshold,
            budget: Budget {
                hour: limit(self.tokens_per_hour, self.usd_per_hour),
                day: limit(self.tokens_per_day, self.usd_per_day),
            },
            price: self.price(),
        }
    }

    fn price(&self) -> Option<Price> {
        let (input, output) = self.input_price.zip(self.output_price)?;
        Some(Price { input, output })
    }

    /// What is in its range and makes no sense together, if anything.
    pub(super) fn conflict(&self) -> Option<Conflict> {
        let is_limited = self.usd_per_hour > 0.0 || self.usd_per_day > 0.0;
        let has_price = self.bedrock().capabilities().price.is_some();
        if self.input_price.is_some() != self.output_price.is_some() {
            return Some((
                "analyst.input_price",
                "`output_price` beside it, as `output_price` takes `input_price`",
            ));
        }
        if is_limited && !has_price {
            return Some((
                "analyst.model",
                "`input_price` and `output_price`, since this model's are not known: without them no \
                 limit in US dollars can be kept",
            ));
        }
        let version = self.guardrail_version.as_str();
        let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
        if version != "DRAFT" && !is_number {
            return Some(("analyst.guardrail_version", "a number, or DRAFT"));
        }
        if self
            .region
            .as_deref()
            .is_some_and(|region| !super::notify::is_region(region))
        {
            return Some((
                "analyst.region",
                "the name of a region, such as eu-central-1",
            ));
        }
        let is_word = |c: char| !c.is_whitespace() && !c.is_control() && !"{}\"\\".contains(c);
        if !(4..=64).contains(&self.stop_token.len()) || !self.stop_token.chars().all(is_word) {
            return Some((
                "analyst.stop_token",
                "a word of 4 to 64 characters that occurs in no JSON",
            ));
        }
        let is_id = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
        if !(1..=2048).contains(&self.model.len()) || !self.model.chars().all(is_id) {
            return Some((
                "analyst.model",
                "the id of a model or an inference profile, such as amazon.nova-pro-v1:0, or its ARN",
            ));
        }
        None
    }
}

/// Zero is no limit.
fn limit(tokens: u64, usd: f64) -> Limit {
    Limit {
        tokens: Some(tokens).filter(|tokens| *tokens > 0),
        cost_usd: Some(usd).filter(|usd| *usd > 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    fn error(table: &str) -> String {
        let error = Settings::from_toml(&format!("[analyst]\n{table}"));
        error.expect_err(table).to_string()
    }

    #[test]
    fn what_does_not_hold_together_is_refused() {
        for (table, key) in [
            ("input_price = 1.0", "analyst.input_price"),
            ("output_price = 1.0", "analyst.input_price"),
            (
                "model = \"somebody.model\"\nusd_per_day = 1.0",
                "analyst.model",
            ),
            (
                "guardrail_version = \"latest\"",
                "analyst.guardrail_version",
            ),
            ("region = \"EU\"", "analyst.region"),
            ("stop_token = \"a b c d\"", "analyst.stop_token"),
            ("stop_token = \"}}}}\"", "analyst.stop_token"),
            ("stop_token = \"x\"", "analyst.stop_token"),
            ("model = \"a model\"", "analyst.model"),
            ("kind = \"oracle\"", "analyst.kind"),
        ] {
            let error = error(table);
            assert!(error.contains(&format!("`{key}`")), "{table}: {error}");
        }
        let priced = "[analyst]\nmodel = \"somebody.model\"\nusd_per_day = 1.0\ninput_price = 1.0\noutput_price = 2.0";
        let settings = Settings::from_toml(priced).expect("holds together");
        let bedrock = settings.analyst.bedrock();
        assert_eq!(bedrock.budget.day.cost_usd, Some(1.0));
        assert_eq!(
            bedrock.capabilities().price,
            Some(Price {
                input: 1.0,
                output: 2.0
            })
        );
        assert_eq!(bedrock.budget.hour.cost_usd, None);
    }
}
