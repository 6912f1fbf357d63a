//! What models can do, told by the beginning of their ids.
//!
//! Bedrock offers no call that tells. The table follows the user guide ("Get validated JSON results
//! from models", "Converse: supported models and model features") and what the service answers; a
//! model that is missing gets the contract that every model can keep, without a temperature.

/// How a model is held to JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contract {
    /// The service constrains the answer to a JSON schema.
    Schema,
    /// The answer is the input of a tool that the model has to call.
    Tool,
    /// The prompt asks for JSON and a token behind it, at which the service stops.
    StopToken,
}

/// Prices in US dollars for a million tokens, on demand in `us-east-1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// For tokens of questions.
    pub input: f64,
    /// For tokens of answers.
    pub output: f64,
}

impl Price {
    /// What these tokens cost.
    #[must_use]
    pub fn of(self, input_tokens: u64, output_tokens: u64) -> f64 {
        (input_tokens as f64 * self.input + output_tokens as f64 * self.output) / 1e6
    }
}

/// What one model can do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capabilities {
    /// The best contract that it keeps.
    pub contract: Contract,
    /// Whether it takes a temperature.
    pub temperature: bool,
    /// Its price, where it is known.
    pub price: Option<Price>,
}

const fn row(
    prefix: &'static str,
    contract: Contract,
    temperature: bool,
    price: Option<(f64, f64)>,
) -> (&'static str, Capabilities) {
    let price = match price {
        Some((input, output)) => Some(Price { input, output }),
        None => None,
    };
    let capabilities = Capabilities {
        contract,
        temperature,
        price,
    };
    (prefix, capabilities)
}

/// The longest prefix that fits counts.
const MODELS: &[(&str, Capabilities)] = {
    use Contract::{Schema, StopToken, Tool};
    &[
        row("amazon.nova-micro", Tool, true, Some((0.035, 0.14))),
        row("amazon.nova-lite", Tool, true, Some((0.06, 0.24))),
        row("amazon.nova-pro", Tool, true, Some((0.80, 3.20))),
        row("amazon.nova-premier", Tool, true, Some((2.50, 12.50))),
        row("amazon.nova-", Tool, true, None),
        row("amazon.titan-text", StopToken, true, None),
        row("anthropic.claude-3-haiku", Tool, true, Some((0.25, 1.25))),
        row("anthropic.claude-3-5-haiku", Tool, true, Some((0.80, 4.0))),
        row("anthropic.claude-3-", Tool, true, Some((3.0, 15.0))),
        row("anthropic.claude-3-opus", Tool, true, Some((15.0, 75.0))),
        row("anthropic.claude-sonnet-4", Tool, true, Some((3.0, 15.0))),
        row("anthropic.claude-opus-4", Tool, true, Some((15.0, 75.0))),
        row("anthropic.claude-haiku-4-5", Schema, true, Some((1.0, 5.0))),
        row(
            "anthropic.claude-sonnet-4-5",
            Schema,
            true,
            Some((3.0, 15.0)),
        ),
        row("anthropic.claude-opus-4-5", Schema, true, Some((5.0, 25.0))),
        row("anthropic.claude-opus-4-6", Schema, true, Some((5.0, 25.0))),
        // From 4.7 on a temperature is an error. 5.5 refuses a forced tool too; what else is new is
        // taken to keep only what all models keep.
        row("anthropic.claude-opus-4-7", Tool, false, None),
        row("anthropic.claude-opus-4-8", Tool, false, None),
        row("anthropic.claude-opus-5", Tool, false, None),
        row("anthropic.claude-opus-5-5", StopToken, false, None),
        row("anthropic.", StopToken, false, None),
        row("meta.llama3-1-70b", StopToken, true, Some((0.72, 0.72))),
        row("meta.llama3-1-8b", StopToken, true, Some((0.22, 0.22))),
        row("meta.llama", StopToken, true, None),
        row("mistral.mistral-large", Tool, true, None),
        row("mistral.", StopToken, true, None),
        row("cohere.command-r", StopToken, true, None),
        row("ai21.jamba", StopToken, true, None),
        // Reasoning models, which answer best at their own temperature.
        row("deepseek.r1", StopToken, false, None),
        row("openai.gpt-oss", StopToken, true, None),
    ]
};

const UNKNOWN: Capabilities = Capabilities {
    contract: Contract::StopToken,
    temperature: false,
    price: None,
};

/// What the model with `id` can do: a model's id, or that of an inference profile, or an ARN of one.
#[must_use]
pub fn of_model(id: &str) -> Capabilities {
    let name = base_name(id);
    let known = MODELS.iter().filter(|(prefix, _)| name.starts_with(prefix));
    let longest = known.max_by_key(|(prefix, _)| prefix.len());
    longest.map_or(UNKNOWN, |(_, capabilities)| *capabilities)
}

/// `anthropic.claude-…` for `arn:…:inference-profile/eu.anthropic.claude-…`.
fn base_name(id: &str) -> &str {
    let name = id.rsplit('/').next().unwrap_or(id);
    match name.split_once('.') {
        // Inference profiles begin with where they send requests.
        Some((place, rest)) if is_place(place) && rest.contains('.') => rest,
        _ => name,
    }
}

fn is_place(text: &str) -> bool {
    text == "global" || text == "us-gov" || text == "apac" || text.len() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_known_by_id_profile_and_arn() {
        for id in [
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ] {
            assert_eq!(of_model(id).contract, Contract::Schema, "{id}");
        }
        assert_eq!(of_model("amazon.nova-pro-v1:0").contract, Contract::Tool);
        let llama = of_model("meta.llama3-1-70b-instruct-v1:0");
        assert_eq!(llama.contract, Contract::StopToken);
        assert!(llama.temperature);
    }

    #[test]
    fn the_longest_prefix_counts_and_strangers_get_what_all_can_do() {
        assert_eq!(
            of_model("anthropic.claude-opus-4-1-v1:0").contract,
            Contract::Tool
        );
        assert!(!of_model("us.anthropic.claude-opus-4-7").temperature);
        assert_eq!(
            of_model("us.anthropic.claude-opus-5-5").contract,
            Contract::StopToken
        );
        assert_eq!(of_model("somebody.model-9"), UNKNOWN);
        assert_eq!(
            of_model("arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abc"),
            UNKNOWN
        );
        assert_eq!(of_model(""), UNKNOWN);
    }

    #[test]
    fn tokens_have_a_price() {
        let price = of_model("amazon.nova-pro-v1:0").price.expect("is known");
        assert!((price.of(1_000_000, 1_000_000) - 4.0).abs() < 1e-9);
    }
}
