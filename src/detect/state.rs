//! Detectors as settings choose them, and what they have learnt as bytes.
//!
//! Settings are not part of the stored state. A stored state stays in use when settings change
//! that it can live with (mode, nonzero baseline, look-back; alpha, sigma, training time, number
//! of keys); another detector or another window size starts afresh.
//!
//! Stored form: one version byte, then the state in postcard. Equal states give equal bytes.

use serde::{Deserialize, Serialize};
use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::WindowSize;

use super::calibrated::{Calibrated, CalibratedSettings, CalibratedState};
use super::classic::{Classic, ClassicSettings, ClassicState};
use super::ewma::{Ewma, EwmaSettings, EwmaState};
use super::{Detector, Forecast, Influence, Verdict};

/// Version of the stored form.
pub const STATE_VERSION: u8 = 1;

/// Which detector, and how it is set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectorSettings {
    /// Spikes over a moving baseline.
    Classic(ClassicSettings),
    /// Exponentially weighted means.
    Ewma(EwmaSettings),
    /// A model of each signal, calibrated to a number of false incidents.
    Calibrated(CalibratedSettings),
}

impl Default for DetectorSettings {
    fn default() -> Self {
        Self::Calibrated(CalibratedSettings::default())
    }
}

/// What a detector has learnt of one ACL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DetectorState {
    /// Of [`Classic`].
    Classic(Box<ClassicState>),
    /// Of [`Ewma`].
    Ewma(Box<EwmaState>),
    /// Of [`Calibrated`].
    Calibrated(Box<CalibratedState>),
}

/// Stored bytes that are no detector state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is not even a version.
    #[error("the stored detector state is empty: let the detector start afresh")]
    Empty,
    /// Another version wrote it.
    #[error(
        "the stored detector state has version {found}, this program reads {STATE_VERSION}: let the detector start afresh"
    )]
    Version {
        /// The version byte.
        found: u8,
    },
    /// The bytes after the version do not decode.
    #[error("the stored detector state is damaged: let the detector start afresh")]
    Damaged(#[source] postcard::Error),
    /// Bytes follow the state.
    #[error(
        "the stored detector state is followed by {bytes} other bytes: let the detector start afresh"
    )]
    Trailing {
        /// How many.
        bytes: usize,
    },
}

/// What became of a stored state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restored {
    /// It is in use.
    Kept,
    /// The detector starts afresh.
    Fresh(FreshReason),
}

/// Why a detector starts afresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FreshReason {
    /// Nothing was stored.
    NothingStored,
    /// Another detector learnt what was stored.
    OtherDetector,
    /// It has not the shape that this version reads.
    OtherShape,
    /// It was learnt from windows of another size.
    OtherWindowSize {
        /// The size it was learnt from.
        stored: WindowSize,
    },
}

impl DetectorState {
    /// The stored form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let start = vec![STATE_VERSION];
        postcard::to_extend(self, start)
            .expect("plain values of known length always encode into memory")
    }

    /// Reads the stored form.
    ///
    /// # Errors
    ///
    /// [`StateError`] for anything but what [`Self::encode`] of this version wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let (version, encoded) = bytes.split_first().ok_or(StateError::Empty)?;
        if *version != STATE_VERSION {
            return Err(StateError::Version { found: *version });
        }
        let (state, rest) = postcard::take_from_bytes(encoded).map_err(StateError::Damaged)?;
        if !rest.is_empty() {
            return Err(StateError::Trailing { bytes: rest.len() });
        }
        Ok(state)
    }
}

/// The detector that settings choose, with what it has learnt of one ACL.
#[derive(Debug, Clone, PartialEq)]
pub enum AnyDetector {
    /// Spikes over a moving baseline.
    Classic(Box<Classic>),
    /// Exponentially weighted means.
    Ewma(Box<Ewma>),
    /// A model of each signal, calibrated to a number of false incidents.
    Calibrated(Box<Calibrated>),
}

impl AnyDetector {
    /// A detector that has learnt nothing.
    #[must_use]
    pub fn new(settings: DetectorSettings) -> Self {
        match settings {
            DetectorSettings::Classic(settings) => Self::Classic(Box::new(Classic::new(settings))),
            DetectorSettings::Ewma(settings) => Self::Ewma(Box::new(Ewma::new(settings))),
            DetectorSettings::Calibrated(settings) => {
                Self::Calibrated(Box::new(Calibrated::new(settings)))
            }
        }
    }

    /// A detector that goes on from a stored state where the settings allow it.
    #[must_use]
    pub fn restore(settings: DetectorSettings, stored: Option<DetectorState>) -> (Self, Restored) {
        let fresh = |reason| (Self::new(settings), Restored::Fresh(reason));
        match (settings, stored) {
            (_, None) => fresh(FreshReason::NothingStored),
            (DetectorSettings::Classic(settings), Some(DetectorState::Classic(state))) => {
                if state.window_size != settings.window_size {
                    return fresh(FreshReason::OtherWindowSize {
                        stored: state.window_size,
                    });
                }
                let state = *state;
                let detector = Box::new(Classic { settings, state });
                (Self::Classic(detector), Restored::Kept)
            }
            (DetectorSettings::Ewma(settings), Some(DetectorState::Ewma(state))) => {
                if state.window_size != settings.window_size {
                    return fresh(FreshReason::OtherWindowSize {
                        stored: state.window_size,
                    });
                }
                let state = *state;
                let detector = Box::new(Ewma { settings, state });
                (Self::Ewma(detector), Restored::Kept)
            }
            (DetectorSettings::Calibrated(settings), Some(DetectorState::Calibrated(state))) => {
                if state.window_size != settings.window_size {
                    return fresh(FreshReason::OtherWindowSize {
                        stored: state.window_size,
                    });
                }
                if !state.is_sound() {
                    return fresh(FreshReason::OtherShape);
                }
                let state = *state;
                let detector = Box::new(Calibrated { settings, state });
                (Self::Calibrated(detector), Restored::Kept)
            }
            (_, Some(_)) => fresh(FreshReason::OtherDetector),
        }
    }

    /// What it has learnt, to be stored.
    #[must_use]
    pub fn into_state(self) -> DetectorState {
        match self {
            Self::Classic(detector) => DetectorState::Classic(Box::new(detector.state)),
            Self::Ewma(detector) => DetectorState::Ewma(Box::new(detector.state)),
            Self::Calibrated(detector) => DetectorState::Calibrated(Box::new(detector.state)),
        }
    }
}

impl Detector for AnyDetector {
    fn score(&self, summary: &Summary) -> Verdict {
        match self {
            Self::Classic(detector) => detector.score(summary),
            Self::Ewma(detector) => detector.score(summary),
            Self::Calibrated(detector) => detector.score(summary),
        }
    }

    fn forecast(&self, summary: &Summary) -> Option<Forecast> {
        match self {
            Self::Classic(detector) => detector.forecast(summary),
            Self::Ewma(detector) => detector.forecast(summary),
            Self::Calibrated(detector) => detector.forecast(summary),
        }
    }

    fn learn(&mut self, summary: &Summary, influence: Influence) {
        match self {
            Self::Classic(detector) => detector.learn(summary, influence),
            Self::Ewma(detector) => detector.learn(summary, influence),
            Self::Calibrated(detector) => detector.learn(summary, influence),
        }
    }

    fn learn_counters(&mut self, summary: &Summary) -> bool {
        match self {
            Self::Classic(detector) => detector.learn_counters(summary),
            Self::Ewma(detector) => detector.learn_counters(summary),
            Self::Calibrated(detector) => detector.learn_counters(summary),
        }
    }
}

#[cfg(test)]
mod tests;
