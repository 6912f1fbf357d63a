//! Why a unit was not accepted as a record.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a unit that should be one record was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The text is not JSON.
    NotJson,
    /// The text ends within a JSON value.
    Truncated,
    /// A part of an envelope holds nothing.
    Empty,
    /// The text is JSON, but no object.
    NotAnObject,
    /// The text is not UTF-8.
    InvalidUtf8,
    /// The record has no `timestamp`.
    NoTimestamp,
    /// The record's `timestamp` is neither milliseconds nor ISO 8601.
    BadTimestamp,
    /// The record's `timestamp` lies outside the accepted range.
    TimestampOutOfRange,
    /// The record has no `webaclId`.
    NoAcl,
    /// The record's `webaclId` is longer than any ARN.
    BadAcl,
    /// The record has no `action`.
    NoAction,
    /// The payload or the record is larger than its limit.
    TooLarge,
    /// Objects and arrays nest deeper than the limit.
    TooDeep,
    /// The payload decompresses to more than the limit.
    DecompressionLimit,
    /// Compressed data is damaged or cut off.
    CorruptGzip,
    /// An envelope is damaged, or one of its parts lacks its data.
    CorruptEnvelope,
    /// Envelopes nest deeper than the limit.
    NestingLimit,
    /// The batch cannot hold more text.
    BatchFull,
    /// More Web ACLs than the engine is configured to follow; see [`super::Accounts::retract`].
    TooManyAcls,
    /// Decoding the record failed in a way that it should not: an error in this program.
    InternalError,
}

impl RejectReason {
    /// Every reason, in their order.
    pub const ALL: [Self; 20] = [
        Self::NotJson,
        Self::Truncated,
        Self::Empty,
        Self::NotAnObject,
        Self::InvalidUtf8,
        Self::NoTimestamp,
        Self::BadTimestamp,
        Self::TimestampOutOfRange,
        Self::NoAcl,
        Self::BadAcl,
        Self::NoAction,
        Self::TooLarge,
        Self::TooDeep,
        Self::DecompressionLimit,
        Self::CorruptGzip,
        Self::CorruptEnvelope,
        Self::NestingLimit,
        Self::BatchFull,
        Self::TooManyAcls,
        Self::InternalError,
    ];

    /// The name in JSON, metrics and commands.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::Truncated => "truncated",
            Self::Empty => "empty",
            Self::NotAnObject => "not_an_object",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::NoTimestamp => "no_timestamp",
            Self::BadTimestamp => "bad_timestamp",
            Self::TimestampOutOfRange => "timestamp_out_of_range",
            Self::NoAcl => "no_acl",
            Self::BadAcl => "bad_acl",
            Self::NoAction => "no_action",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::DecompressionLimit => "decompression_limit",
            Self::CorruptGzip => "corrupt_gzip",
            Self::CorruptEnvelope => "corrupt_envelope",
            Self::NestingLimit => "nesting_limit",
            Self::BatchFull => "batch_full",
            Self::TooManyAcls => "too_many_acls",
            Self::InternalError => "internal_error",
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_serialised_form() {
        for reason in RejectReason::ALL {
            let json = serde_json::to_string(&reason).expect("a unit variant serialises");
            assert_eq!(json, format!("\"{}\"", reason.name()));
        }
    }

    #[test]
    fn all_is_complete_and_in_order() {
        assert!(RejectReason::ALL.is_sorted());
        assert_eq!(
            RejectReason::InternalError as usize + 1,
            RejectReason::ALL.len()
        );
    }
}
