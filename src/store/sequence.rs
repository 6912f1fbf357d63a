//! Where a record stands in the shard of a stream.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Digits of the longest sequence number that the Kinesis API allows.
const MAX_DIGITS: usize = 128;

/// The sequence number of a record in a Kinesis shard: a decimal number of any length, which grows
/// along the shard. Too long for an integer type, and not zero-padded, so that it is ordered by its
/// length first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SequenceNumber(String);

/// A text that is no sequence number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a sequence number is 1 to {MAX_DIGITS} decimal digits")]
pub struct NotASequenceNumber;

impl SequenceNumber {
    /// The number in decimal digits, without leading zeros.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SequenceNumber {
    type Err = NotASequenceNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_number = !text.is_empty()
            && text.len() <= MAX_DIGITS
            && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number {
            return Err(NotASequenceNumber);
        }
        let significant = text.trim_start_matches('0');
        let digits = if significant.is_empty() {
            "0"
        } else {
            significant
        };
        Ok(Self(digits.to_owned()))
    }
}

impl TryFrom<String> for SequenceNumber {
    type Error = NotASequenceNumber;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SequenceNumber> for String {
    fn from(number: SequenceNumber) -> Self {
        number.0
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Ord for SequenceNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for SequenceNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> SequenceNumber {
        text.parse().expect("is a number")
    }

    #[test]
    fn sequence_numbers_are_ordered_as_numbers() {
        assert!(number("9") < number("10"));
        assert!(number("0010") > number("9"));
        assert_eq!(number("007"), number("7"));
        assert_eq!(number("000").as_str(), "0");
        let long = "49590338271490256608559692538361571095921575989136588898";
        assert!(number(long) > number("49590338271490256608559692538361571095921575989136588897"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "-1", "1e9", "LATEST", "１", &"1".repeat(MAX_DIGITS + 1)] {
            assert_eq!(
                text.parse::<SequenceNumber>(),
                Err(NotASequenceNumber),
                "{text}"
            );
        }
        assert!(serde_json::from_str::<SequenceNumber>("\"x\"").is_err());
        assert_eq!(
            serde_json::to_string(&number("12")).expect("serialises"),
            "\"12\""
        );
    }
}
