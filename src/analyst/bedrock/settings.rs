//! What the analyst is set with.

use std::time::Duration;

use super::budget::Budget;
use super::capabilities::{self, Capabilities, Contract, Price};

/// Settings of the analyst.
#[derive(Debug, Clone, PartialEq)]
pub struct BedrockSettings {
    /// A model's id, an inference profile's, or the ARN of either.
    pub model: String,
    /// The region to call; by default that of the account's configuration.
    pub region: Option<String>,
    /// Longest time for the whole answer, second question and the client's attempts included.
    pub timeout: Duration,
    /// Longest time to connect.
    pub connect_timeout: Duration,
    /// Attempts of one call.
    pub attempts: u32,
    /// Longest answer, in tokens.
    pub max_output_tokens: u32,
    /// Sent to models that take one.
    pub temperature: f64,
    /// Ends the answers of models that keep neither a schema nor a forced tool.
    pub stop_token: String,
    /// Whether a model that can is held to JSON by the service; else all get a stop token.
    pub json_mode: bool,
    /// A guardrail's id and version.
    pub guardrail: Option<(String, String)>,
    /// Least confidence at which an incident below high is told, where the model answered.
    pub confidence_threshold: f64,
    /// What may be used.
    pub budget: Budget,
    /// The price, where it is not the known one.
    pub price: Option<Price>,
}

impl BedrockSettings {
    /// What the model can do, with the contract and the price that the settings want.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        let known = capabilities::of_model(&self.model);
        let contract = if self.json_mode {
            known.contract
        } else {
            Contract::StopToken
        };
        Capabilities {
            contract,
            price: self.price.or(known.price),
            ..known
        }
    }
}
