//! What a call did, as lines of the function's log: metrics, closed windows, incidents, problems.

use std::io::{self, Write};

use wafwatch_windows::time::EventTime;

use crate::analyst::ModelRecord;
use crate::distributed::Advanced;
use crate::investigate::hostile::one_line;
use crate::metrics::{Health, incident_line, model_lines, window_line};
use crate::report::Redaction;

/// Longest line of a problem.
const MAX_PROBLEM_CHARS: usize = 2_000;

/// What a call did beside its answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Done {
    /// Windows and shards.
    pub advanced: Advanced,
    /// Counts for the metrics.
    pub health: Health,
    /// What a model had to do with explanations.
    pub models: Vec<ModelRecord>,
    /// What went wrong, one line each.
    pub problems: Vec<String>,
}

impl Done {
    /// Takes over what `advanced` says for metrics and people.
    pub(super) fn take(&mut self, advanced: Advanced, now: EventTime) {
        let settled = &advanced.settled;
        let health = &mut self.health;
        health.late += settled.late;
        health.windows_closed += settled.windows.len() as u64;
        health.active_acls = Some(advanced.active_acls);
        let delays = settled.windows.iter().map(|closed| {
            let delay = now.0.saturating_sub(closed.summary.window.end.0);
            u64::try_from(delay).unwrap_or(0)
        });
        health.close_delays_ms.extend(delays);
        self.problems.extend(settled.problems.iter().cloned());
        if settled.damaged > 0 {
            self.problems.push(format!(
                "{} stored counts cannot be read and are left out of their windows: was the seed \
                 changed?",
                settled.damaged
            ));
        }
        if let Some(failed) = &advanced.found.failed {
            self.problems.push(failed.clone());
        }
        self.advanced = advanced;
    }

    /// Writes the lines of closed windows, incident events, models, whose metrics stand at `now`, and
    /// problems.
    ///
    /// # Errors
    ///
    /// When `output` cannot be written.
    pub fn write(
        &self,
        redaction: Redaction,
        now: EventTime,
        output: &mut impl Write,
    ) -> io::Result<()> {
        let settled = &self.advanced.settled;
        for closed in &settled.windows {
            writeln!(output, "{}", window_line(closed, redaction))?;
        }
        for event in &settled.events {
            writeln!(output, "{}", incident_line(event, redaction))?;
        }
        for line in self.models.iter().flat_map(|model| model_lines(model, now)) {
            writeln!(output, "{line}")?;
        }
        for problem in &self.problems {
            writeln!(output, "problem: {}", one_line(problem, MAX_PROBLEM_CHARS))?;
        }
        Ok(())
    }
}
