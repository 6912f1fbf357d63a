//! A profile over a cycle, and how far a predictor can be trusted.

use serde::{Deserialize, Serialize};

/// The mean deviation in each slot of a cycle. Single precision: it is most of a detector's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Profile {
    values: Vec<f32>,
    weights: Vec<f32>,
}

impl Profile {
    pub(crate) fn new(slots: usize) -> Self {
        Self {
            values: vec![0.0; slots],
            weights: vec![0.0; slots],
        }
    }

    pub(crate) fn value(&self, slot: usize) -> f64 {
        f64::from(self.values[slot])
    }

    /// Windows learnt in this slot.
    pub(crate) fn weight(&self, slot: usize) -> f64 {
        f64::from(self.weights[slot])
    }

    /// Moves a slot toward `target`: the mean of what it saw at first, never slower than the least
    /// gain. `pace` is the window's share in the slot, the least gain and the influence.
    pub(crate) fn learn(&mut self, slot: usize, target: f64, pace: [f64; 3]) {
        let [share, least_gain, influence] = pace;
        let weight = self.weight(slot);
        let gain = influence * share * least_gain.max(1.0 / (1.0 + weight));
        self.values[slot] = (self.value(slot) + gain * (target - self.value(slot))) as f32;
        // Beyond this a window more changes nothing, and single precision would stop counting.
        self.weights[slot] = (weight + share).min(1e6) as f32;
    }

    /// Whether the profile has the slots it is read at.
    pub(crate) fn has(&self, slots: usize) -> bool {
        self.values.len() == slots && self.weights.len() == slots
    }
}

/// How far a predictor has explained what it was to explain: the regression coefficient through the
/// origin, over predictions that were made before the truth was seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trust {
    product: f64,
    square: f64,
}

impl Trust {
    /// Starts at `coefficient` with so much evidence (the sum of squares of the predictor).
    pub(crate) fn new(coefficient: f64, evidence: f64) -> Self {
        Self {
            product: coefficient * evidence,
            square: evidence,
        }
    }

    pub(crate) fn coefficient(&self) -> f64 {
        self.product / self.square.max(1e-12)
    }

    /// From 0 (noise: leave it out) to 1 (take it whole).
    pub(crate) fn within_one(&self) -> f64 {
        self.coefficient().clamp(0.0, 1.0)
    }

    pub(crate) fn learn(&mut self, predictor: f64, truth: f64, memory: f64) {
        self.product = memory * self.product + (1.0 - memory) * predictor * truth;
        self.square = memory * self.square + (1.0 - memory) * predictor * predictor;
    }
}
