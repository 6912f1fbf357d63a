//! What states are called in the store's columns, and back.

use super::damaged;
use crate::incident::State;
use crate::store::{DeliveryState, StoreError};

/// A state with a text of its own.
pub(super) trait Named: Copy + PartialEq + 'static {
    /// What damaged values are called.
    const WHAT: &'static str;
    /// Every value with its text.
    const NAMES: &'static [(Self, &'static str)];
}

impl Named for State {
    const WHAT: &'static str = "state of an incident";
    const NAMES: &'static [(Self, &'static str)] =
        &[(Self::Open, "open"), (Self::Resolved, "resolved")];
}

impl Named for DeliveryState {
    const WHAT: &'static str = "state of a delivery";
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Delivered, "delivered"),
        (Self::Skipped, "skipped"),
        (Self::Retrying, "retrying"),
        (Self::Dead, "dead"),
    ];
}

/// The text of a value.
pub(super) fn name<T: Named>(value: T) -> &'static str {
    let mut names = T::NAMES.iter();
    let found = names.find(|(candidate, _)| *candidate == value);
    found.expect("every value has a name").1
}

/// The value of a text.
pub(super) fn value<T: Named>(text: &str) -> Result<T, StoreError> {
    let mut names = T::NAMES.iter();
    let found = names.find(|(_, name)| *name == text);
    found
        .map(|(value, _)| *value)
        .ok_or_else(|| damaged(T::WHAT, format!("{text:?} is none")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_values_and_others_are_damage() {
        for state in [State::Open, State::Resolved] {
            assert_eq!(value::<State>(name(state)).expect("known"), state);
        }
        for state in [
            DeliveryState::Delivered,
            DeliveryState::Skipped,
            DeliveryState::Retrying,
            DeliveryState::Dead,
        ] {
            assert_eq!(value::<DeliveryState>(name(state)).expect("known"), state);
        }
        let error = value::<DeliveryState>("lost").expect_err("unknown");
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    }
}
