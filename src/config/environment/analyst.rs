//! The variables of the analyst.

use super::{ConfigError, Environment, Settings, TRUTH_WORDS, TRUTHS};
use crate::config::analyst::AnalystKind;

impl Environment<'_> {
    pub(super) fn apply_analyst(&mut self, settings: &mut Settings) -> Result<(), ConfigError> {
        let analyst = &mut settings.analyst;
        let kinds = [
            ("built-in", AnalystKind::BuiltIn),
            ("bedrock", AnalystKind::Bedrock),
        ];
        let (variable, key) = ("WAFWATCH_ANALYST", "analyst.kind");
        if let Some(kind) = self.word(variable, key, &kinds, "built-in or bedrock")? {
            analyst.kind = kind;
        }
        let (variable, key) = ("USE_BEDROCK_JSON_MODE", "analyst.json_mode");
        if let Some(truth) = self.word(variable, key, &TRUTHS, TRUTH_WORDS)? {
            analyst.json_mode = truth;
        }
        let texts = [
            ("BEDROCK_MODEL_ID", "analyst.model", &mut analyst.model),
            (
                "FM_STOP_TOKEN",
                "analyst.stop_token",
                &mut analyst.stop_token,
            ),
            (
                "BEDROCK_GUARDRAIL_VERSION",
                "analyst.guardrail_version",
                &mut analyst.guardrail_version,
            ),
        ];
        for (variable, key, text) in texts {
            if let Some(given) = self.text(variable, key) {
                *text = given;
            }
        }
        if let Some(region) = self.text("BEDROCK_REGION", "analyst.region") {
            analyst.region = Some(region);
        }
        if let Some(id) = self.text("BEDROCK_GUARDRAIL_ID", "analyst.guardrail_id") {
            analyst.guardrail_id = Some(id);
        }
        self.apply_analyst_numbers(settings)
    }

    fn apply_analyst_numbers(&mut self, settings: &mut Settings) -> Result<(), ConfigError> {
        let analyst = &mut settings.analyst;
        let wholes = [
            (
                "BEDROCK_READ_TIMEOUT_SECONDS",
                "analyst.timeout_seconds",
                &mut analyst.timeout_seconds,
            ),
            (
                "BEDROCK_CONNECT_TIMEOUT_SECONDS",
                "analyst.connect_timeout_seconds",
                &mut analyst.connect_timeout_seconds,
            ),
            (
                "BEDROCK_MAX_ATTEMPTS",
                "analyst.attempts",
                &mut analyst.attempts,
            ),
            (
                "BEDROCK_MAX_TOKENS",
                "analyst.max_output_tokens",
                &mut analyst.max_output_tokens,
            ),
        ];
        for (variable, key, number) in wholes {
            if let Some(given) = self.setting(variable, key)? {
                *number = given as u32;
            }
        }
        let tokens = [
            (
                "BEDROCK_TOKENS_PER_HOUR",
                "analyst.tokens_per_hour",
                &mut analyst.tokens_per_hour,
            ),
            (
                "BEDROCK_TOKENS_PER_DAY",
                "analyst.tokens_per_day",
                &mut analyst.tokens_per_day,
            ),
        ];
        for (variable, key, number) in tokens {
            if let Some(given) = self.setting(variable, key)? {
                *number = given as u64;
            }
        }
        let numbers = [
            (
                "CONFIDENCE_THRESHOLD",
                "analyst.confidence_threshold",
                &mut analyst.confidence_threshold,
            ),
            (
                "BEDROCK_TEMPERATURE",
                "analyst.temperature",
                &mut analyst.temperature,
            ),
            (
                "BEDROCK_USD_PER_HOUR",
                "analyst.usd_per_hour",
                &mut analyst.usd_per_hour,
            ),
            (
                "BEDROCK_USD_PER_DAY",
                "analyst.usd_per_day",
                &mut analyst.usd_per_day,
            ),
        ];
        for (variable, key, number) in numbers {
            if let Some(given) = self.setting(variable, key)? {
                *number = given;
            }
        }
        Ok(())
    }
}
