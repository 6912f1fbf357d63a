//! Has an analyst explain the events that nobody has explained yet.

use std::time::Instant;

use wafwatch_windows::time::{EventTime, WindowSize};

use super::problems::chain;
use crate::analyst::Analyst;
use crate::incident::IncidentEvent;
use crate::investigate::surroundings::{AccountView, Question};
use crate::investigate::{self, Evidence};
use crate::store::sqlite::SqliteStore;
use crate::store::{Explanation, StoreError};

/// Events that one round explains.
const ROUND: usize = 64;

/// What a round of explanations did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explained {
    /// Events that were explained.
    pub explained: usize,
    /// Why the last of those that never can be cannot.
    pub damaged: Option<String>,
}

/// Who explains, and with what.
#[derive(Clone, Copy)]
pub struct Explainer<'a> {
    /// Who answers.
    pub analyst: &'a dyn Analyst,
    /// The account that can be asked, if there is one.
    pub account: Option<&'a dyn AccountView>,
    /// Size of the store's windows.
    pub window_size: WindowSize,
    /// The wall clock.
    pub clock: fn() -> EventTime,
}

impl Explainer<'_> {
    /// Explains one event from what `store` and the account know of it.
    #[must_use]
    pub fn explain(&self, store: &SqliteStore, event: &IncidentEvent) -> Explanation {
        let started = Instant::now();
        let mut evidence = investigate::gather(event, store, self.window_size.milliseconds());
        if let Some(account) = self.account {
            evidence = surrounded(evidence, store, account, (self.clock)());
        }
        let assessment = self.analyst.assess(&evidence);
        let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Explanation {
            evidence,
            assessment,
            analysis_milliseconds: took,
        }
    }
}

/// `evidence` with what `account` says, in the light of what `store` has of its configuration.
fn surrounded(
    evidence: Evidence,
    store: &SqliteStore,
    account: &dyn AccountView,
    now: EventTime,
) -> Evidence {
    let question = Question::about(&evidence.event, now);
    let looked = account.look(&question);
    let (history, unread) = match store.configuration_history(&question.acl) {
        Ok(history) => (history, None),
        Err(error) => (None, Some(error)),
    };
    let (surroundings, kept, mut missing) = looked.evaluated(&question, history);
    // What could not be read may still be there; what is damaged is of no use to anybody.
    let may_keep = unread.as_ref().is_none_or(StoreError::is_damaged);
    let kept = kept.filter(|_| may_keep).map_or(Ok(()), |history| {
        store.keep_configuration(&question.acl, &history)
    });
    let problems = unread.into_iter().chain(kept.err());
    missing.extend(problems.map(|error| format!("earlier configurations: {}", chain(&error))));
    evidence.surrounded_by(surroundings, &missing)
}

/// Explains pending events.
///
/// # Errors
///
/// When the store fails. Evidence that cannot be had is stated in the evidence instead.
pub fn explain_pending(
    store: &SqliteStore,
    explainer: &Explainer<'_>,
) -> Result<Explained, StoreError> {
    let mut round = Explained::default();
    loop {
        let events = store.events_without_explanation(ROUND)?;
        if events.is_empty() {
            return Ok(round);
        }
        for row in &events {
            let event = match &row.content {
                Ok(event) => event,
                // Each channel records it as given up, with the reason.
                Err(error) => {
                    store.set_unexplainable(&row.event)?;
                    round.damaged = Some(format!("event {}: {}", row.event, chain(error)));
                    continue;
                }
            };
            let explanation = explainer.explain(store, event);
            store.set_explanation(&event.id, &explanation)?;
            round.explained += 1;
        }
    }
}
