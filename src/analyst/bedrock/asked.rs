//! Asks the model, for as long as that is wanted, and falls back on the built-in analyst.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use tokio::time::{Instant, timeout};
use wafwatch_windows::time::EventTime;

use super::attempts::Attempts;
use super::bind::{self, Bound};
use super::budget::{Ledger, Spent};
use super::capabilities::Capabilities;
use super::merge::{self, Verdict};
use super::pause::Pause;
use super::prompt::{self, Format, Prompt};
use super::request::{self, Reply};
use super::{BedrockSettings, failure, schema};
use crate::analyst::builtin::BuiltIn;
use crate::analyst::{Analyst, Assessment, Fallback, FirstOpinion, ModelRecord, Outcome, Usage};
use crate::investigate::Evidence;

/// The first question, and one more that says what was wrong with the answer.
const QUESTIONS: u64 = 2;

/// The analyst for programs that run on tokio. One value serves many tasks at once.
#[derive(Debug)]
pub struct Bedrock {
    client: Client,
    settings: BedrockSettings,
    capabilities: Capabilities,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ledger: Ledger,
    /// What questions that are on their way may still use.
    reserved: Spent,
    pause: Pause,
}

impl Bedrock {
    /// An analyst as `settings` want it, in the account of `config`.
    #[must_use]
    pub fn new(config: &SdkConfig, settings: BedrockSettings) -> Self {
        let retries = config.retry_config().cloned();
        let retries = retries.unwrap_or_else(RetryConfig::standard);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(settings.connect_timeout)
            .operation_attempt_timeout(settings.timeout)
            .build();
        let mut client = aws_sdk_bedrockruntime::config::Builder::from(config)
            .retry_config(retries.with_max_attempts(settings.attempts))
            .timeout_config(timeouts);
        if let Some(region) = &settings.region {
            client = client.region(Region::new(region.clone()));
        }
        Self {
            client: Client::from_conf(client.build()),
            capabilities: settings.capabilities(),
            settings,
            state: Mutex::default(),
        }
    }

    /// The same, with what was used before, elsewhere.
    #[must_use]
    pub fn with_ledger(self, ledger: Ledger) -> Self {
        self.state().ledger = ledger;
        self
    }

    /// What was used so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.state().ledger
    }

    /// Explains `evidence`; `now` is the wall clock. Always answers, in the settings' timeout.
    pub async fn explain(&self, evidence: &Evidence, now: EventTime) -> Assessment {
        self.explain_within(evidence, now, self.settings.timeout)
            .await
    }

    /// The same in `time`, where that is less than the settings' timeout.
    pub async fn explain_within(
        &self,
        evidence: &Evidence,
        now: EventTime,
        time: Duration,
    ) -> Assessment {
        let first = BuiltIn.assess(evidence);
        let mut usage = Usage::default();
        let answered = match self.reserve(now) {
            Err(fallback) => Err(fallback),
            Ok(mut reservation) => {
                let asked = self.ask(evidence, &first, &mut usage);
                let began = Instant::now();
                let answered = timeout(time.min(self.settings.timeout), asked).await;
                usage.latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                reservation.used = Some(self.spent(&usage));
                answered.unwrap_or(Err(Fallback::TimedOut))
            }
        };
        usage.cost_usd = self
            .capabilities
            .price
            .map(|price| price.of(usage.input_tokens, usage.output_tokens));
        self.note(&answered, now);
        let outcome = match &answered {
            Ok(_) => Outcome::Answered,
            Err(fallback) => Outcome::FellBack(fallback.clone()),
        };
        let record = ModelRecord {
            model: self.model().to_owned(),
            prompt: prompt::VERSION.to_owned(),
            outcome,
            usage,
            removed: 0,
            first: FirstOpinion::of(&first),
            is_held_back: false,
        };
        match answered {
            Ok((verdict, bound)) => {
                let analyst = format!("bedrock {} (prompt {})", self.model(), prompt::VERSION);
                let incident = evidence.event.incident.severity.level();
                let threshold = self.settings.confidence_threshold;
                merge::merged(first, incident, &verdict, bound, analyst, threshold, record)
            }
            Err(fallback) => merge::fallen_back(first, record, &fallback.words()),
        }
    }

    /// The question that would be sent first about `evidence`.
    #[must_use]
    pub fn question(&self, evidence: &Evidence) -> Prompt {
        let first = BuiltIn.assess(evidence);
        Prompt::of(
            evidence,
            &first,
            self.format(),
            prompt::MAX_FIRST_TOKENS,
            None,
        )
    }

    async fn ask(
        &self,
        evidence: &Evidence,
        first: &Assessment,
        usage: &mut Usage,
    ) -> Result<(Verdict, Bound), Fallback> {
        let mut problem: Option<String> = None;
        for question in 0..QUESTIONS {
            let most = match question {
                0 => prompt::MAX_FIRST_TOKENS,
                _ => prompt::MAX_TOKENS.saturating_sub(usage.estimated_input_tokens),
            };
            let prompt = Prompt::of(evidence, first, self.format(), most, problem.as_deref());
            usage.estimated_input_tokens += prompt.tokens;
            usage.retries += u32::from(question > 0);
            match self.call(&prompt, usage).await? {
                Reply::Ended(fallback) => return Err(fallback),
                Reply::Said(said) => match held(said, &prompt, first) {
                    Ok(answer) => return Ok(answer),
                    Err(wrong) => problem = Some(wrong),
                },
            }
        }
        Err(Fallback::Invalid(problem.unwrap_or_default()))
    }

    async fn call(&self, prompt: &Prompt, usage: &mut Usage) -> Result<Reply, Fallback> {
        let attempts = Attempts::default();
        let call = request::converse(&self.client, &self.settings, self.capabilities, prompt);
        let sent = call.customize().interceptor(attempts.clone()).send().await;
        usage.retries += attempts.repeated();
        let output = sent.map_err(|error| failure::meaning(&error))?;
        request::count(&output, usage);
        Ok(request::reply(&output, &self.settings.stop_token, usage))
    }

    fn format(&self) -> Format<'_> {
        Format {
            contract: self.capabilities.contract,
            stop_token: &self.settings.stop_token,
        }
    }

    /// The model without the account that an ARN of it names.
    fn model(&self) -> &str {
        let model = &self.settings.model;
        model.rsplit('/').next().unwrap_or(model)
    }

    /// Takes what a question may use at most out of the budget, until the reservation ends.
    fn reserve(&self, now: EventTime) -> Result<Reservation<'_>, Fallback> {
        let output = QUESTIONS * u64::from(self.settings.max_output_tokens);
        let most = Spent {
            tokens: prompt::MAX_TOKENS + output,
            cost_usd: self.cost(prompt::MAX_TOKENS, output),
        };
        let mut state = self.state();
        if state.pause.is_on(now) {
            return Err(Fallback::Paused);
        }
        let wanted = state.reserved.plus(most);
        if !state.ledger.allows(self.settings.budget, wanted, now) {
            return Err(Fallback::Budget);
        }
        state.reserved = wanted;
        Ok(Reservation {
            bedrock: self,
            most,
            used: None,
            now,
        })
    }

    fn note(&self, answered: &Result<(Verdict, Bound), Fallback>, now: EventTime) {
        let pause = &mut self.state().pause;
        match answered {
            Err(Fallback::Budget | Fallback::Paused) => {}
            Err(Fallback::Throttled | Fallback::TimedOut | Fallback::Failed(_)) => {
                pause.failed(now)
            }
            Ok(_) | Err(_) => pause.answered(),
        }
    }

    /// What a question used: as counted by the service, or as estimated where it did not say.
    fn spent(&self, usage: &Usage) -> Spent {
        let input = match usage.input_tokens {
            0 => usage.estimated_input_tokens,
            counted => counted,
        };
        Spent {
            tokens: input + usage.output_tokens,
            cost_usd: self.cost(input, usage.output_tokens),
        }
    }

    fn cost(&self, input: u64, output: u64) -> f64 {
        self.capabilities
            .price
            .map_or(0.0, |price| price.of(input, output))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is whole before the lock is released.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a reply says, if it can be used; else what is wrong with it, in our words.
fn held(
    said: Result<serde_json::Value, super::parse::ParseError>,
    prompt: &Prompt,
    first: &Assessment,
) -> Result<(Verdict, Bound), String> {
    let value = said.map_err(|error| error.to_string())?;
    let answer = schema::checked(&value).map_err(|error| error.to_string())?;
    let verdict = Verdict {
        cause: answer.cause,
        severity: answer.severity,
    };
    let bound = bind::bind(answer, &prompt.shown, &first.metrics_overview);
    if bound.executive_summary.is_empty() && bound.anomaly_cause.is_empty() {
        return Err("it named things that do not stand in the evidence".to_owned());
    }
    Ok((verdict, bound))
}

/// A part of the budget that a question holds. What was really used is noted when it ends, however it
/// does; where that is not known, all of it.
struct Reservation<'a> {
    bedrock: &'a Bedrock,
    most: Spent,
    used: Option<Spent>,
    now: EventTime,
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut state = self.bedrock.state();
        state.reserved = state.reserved.minus(self.most);
        state.ledger.add(self.used.unwrap_or(self.most), self.now);
    }
}
