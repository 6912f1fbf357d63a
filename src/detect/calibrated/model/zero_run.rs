//! How rare a run of near-silent windows is: no rarer than the count model says, and no rarer than
//! the series' own silences, a Markov chain with the two states silent and not.
//!
//! The model alone calls every pause of a site that pauses impossible; the chain alone knows nothing
//! of how much is missing. A series that was never silent has begun a silence in less than one of its
//! windows, and what it would do then is unknown: the prior says that it goes on as often as it ends.

use serde::{Deserialize, Serialize};

use super::math::{LOG10_E, ln};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct SilentRuns {
    model: f64,
    chain: f64,
    run: u32,
    begun: f64,
    busy: f64,
    went_on: f64,
    silent: f64,
}

impl SilentRuns {
    pub(crate) fn new() -> Self {
        Self {
            model: 0.0,
            chain: 0.0,
            run: 0,
            begun: 0.5,
            busy: 1.0,
            went_on: 1.0,
            silent: 2.0,
        }
    }

    /// Near-silent windows in a row so far.
    pub(crate) fn run(&self) -> u32 {
        self.run
    }

    fn step(&self) -> f64 {
        let share = if self.run == 0 {
            self.begun / self.busy
        } else {
            self.went_on / self.silent
        };
        -ln(share.clamp(1e-9, 1.0)) * LOG10_E
    }

    /// `-log10` of the probability of the run with one more silent window of rarity `model_step`.
    pub(crate) fn rarity(&self, model_step: f64) -> f64 {
        (self.model + model_step).min(self.chain + self.step())
    }

    pub(crate) fn learn(&mut self, silent_step: Option<f64>, influence: f64, forget: f64) {
        let step = self.step();
        let keep = 1.0 - forget;
        let went = if silent_step.is_some() {
            influence
        } else {
            0.0
        };
        if self.run == 0 {
            self.busy = self.busy * keep + influence;
            self.begun = self.begun * keep + went;
        } else {
            self.silent = self.silent * keep + influence;
            self.went_on = self.went_on * keep + went;
        }
        match silent_step {
            Some(model_step) => {
                self.run = self.run.saturating_add(1);
                self.model += model_step;
                self.chain += step;
            }
            None => self.end(),
        }
    }

    pub(crate) fn end(&mut self) {
        self.run = 0;
        self.model = 0.0;
        self.chain = 0.0;
    }
}
