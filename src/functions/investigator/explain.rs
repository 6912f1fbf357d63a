//! Explains an event: its windows, what the account says, and a model where one is wanted.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::time::Time;
use super::{Investigated, Investigator};
use crate::analyst::bedrock::Bedrock;
use crate::analyst::builtin::BuiltIn;
use crate::analyst::{Analyst, Assessment};
use crate::incident::IncidentEvent;
use crate::investigate::surroundings::{ConfigurationHistory, Looked, Question};
use crate::investigate::{Evidence, Span, Spans, assemble};
use crate::lookup::Account;
use crate::outbox::chain;
use crate::store::{Explanation, StoreError};

/// Who is asked beside the table.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// The account of the Web ACLs.
    pub(super) account: Option<Account>,
    /// A model; the built-in analyst answers before and behind it.
    pub(super) model: Option<Arc<Bedrock>>,
}

impl Investigator {
    /// Explains `event`; whatever cannot be had is stated in the explanation.
    pub(super) async fn explain(
        &self,
        event: &IncidentEvent,
        time: Time,
        done: &mut Investigated,
    ) -> Explanation {
        let started = Instant::now();
        let until = time.of_explanation();
        let acl = &event.incident.acl;
        let read = |span: Span| {
            let store = &self.store;
            store.windows_between(acl, span.from, span.until, span.limit)
        };
        let spans = Spans::of(event, self.window_size.milliseconds());
        let mut question = Question::about(event, time.now());
        question.time = question.time.min(left(until));
        let (incident, baseline, looked) = tokio::join!(
            read(spans.incident),
            read(spans.baseline),
            self.look(&question, until)
        );
        let mut evidence = assemble(event, incident, baseline);
        if let Some((looked, history)) = looked {
            evidence = self.surrounded(evidence, &question, looked, history).await;
        }
        let assessment = self.assess(&evidence, time, until).await;
        done.models.extend(assessment.model.clone());
        Explanation {
            evidence,
            assessment,
            analysis_milliseconds: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    async fn look(
        &self,
        question: &Question,
        until: Instant,
    ) -> Option<(Looked, Result<Option<ConfigurationHistory>, StoreError>)> {
        let account = self.asked.account.as_ref()?;
        let history = self.store.configuration_history(&question.acl);
        let (looked, history) = tokio::join!(timeout_at(until, account.look(question)), history);
        let looked = looked.unwrap_or_else(|_| Looked {
            missing: vec!["the account: there was no answer in time".to_owned()],
            ..Looked::default()
        });
        Some((looked, history))
    }

    /// `evidence` with what was `looked` up, in the light of what was seen before; keeps what was seen.
    async fn surrounded(
        &self,
        evidence: Evidence,
        question: &Question,
        looked: Looked,
        history: Result<Option<ConfigurationHistory>, StoreError>,
    ) -> Evidence {
        let (history, unread) = match history {
            Ok(history) => (history, None),
            Err(error) => (None, Some(error)),
        };
        let (surroundings, kept, mut missing) = looked.evaluated(question, history);
        // What could not be read may still be there; what is damaged is of no use to anybody.
        let may_keep = unread.as_ref().is_none_or(StoreError::is_damaged);
        let kept = match kept.filter(|_| may_keep) {
            Some(history) => self.store.keep_configuration(&question.acl, &history).await,
            None => Ok(()),
        };
        let problems = unread.into_iter().chain(kept.err());
        missing.extend(problems.map(|error| format!("earlier configurations: {}", chain(&error))));
        evidence.surrounded_by(surroundings, &missing)
    }

    async fn assess(&self, evidence: &Evidence, time: Time, until: Instant) -> Assessment {
        match &self.asked.model {
            Some(model) => {
                model
                    .explain_within(evidence, time.now(), left(until))
                    .await
            }
            None => BuiltIn.assess(evidence),
        }
    }
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
