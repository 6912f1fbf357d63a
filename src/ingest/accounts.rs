//! What was read, and what became of it.
//!
//! Accounts form a commutative monoid under [`Accounts::merge`], samples aside, of which the first
//! few per reason are kept in merging order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Origin;
use super::excerpt::{escape_controls, excerpt};
use super::reason::RejectReason;

/// How many samples are kept of each reason.
pub const SAMPLES_PER_REASON: usize = 3;

/// Bytes of an origin's name that a sample keeps, from its end: the end of a path tells most.
const ORIGIN_BYTES: usize = 200;

/// One rejected unit, shown so that people can find it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Why it was rejected.
    pub reason: RejectReason,
    /// Where the payload came from, on one line.
    pub origin: String,
    /// Position in the origin: of the unit, or of the outermost compressed or encoded envelope
    /// that held it.
    pub offset: u64,
    /// How the unit begins: its structure on one line, every value masked as `…`.
    pub excerpt: String,
}

/// Counts of units read, accepted and rejected: `read = accepted + Σ rejected`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Accounts {
    /// Units that should each be one record.
    pub read: u64,
    /// Units that became records.
    pub accepted: u64,
    /// Units that did not, by reason; a reason that never occurred is absent.
    pub rejected: BTreeMap<RejectReason, u64>,
    /// Records whose time was not asked for, which are not in `read`.
    #[serde(default)]
    pub outside_range: u64,
    /// CloudWatch Logs control messages, which carry no record and are not in `read`.
    pub control_messages: u64,
    /// Values of accepted records that were cut or left out because they exceed a fixed limit.
    pub cut_values: u64,
    /// Payloads decoded.
    pub payloads: u64,
    /// Bytes of those payloads, as they arrived.
    pub payload_bytes: u64,
    /// The first few rejected units of each reason.
    pub samples: Vec<Sample>,
}

impl Accounts {
    /// Adds `other`'s counts, and its samples as far as there is room.
    pub fn merge(&mut self, other: &Self) {
        self.read += other.read;
        self.accepted += other.accepted;
        for (&reason, &count) in &other.rejected {
            *self.rejected.entry(reason).or_default() += count;
        }
        self.outside_range += other.outside_range;
        self.control_messages += other.control_messages;
        self.cut_values += other.cut_values;
        self.payloads += other.payloads;
        self.payload_bytes += other.payload_bytes;
        for sample in &other.samples {
            if self.has_room_for(sample.reason) {
                self.samples.push(sample.clone());
            }
        }
    }

    /// Units rejected for any reason.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Whether every unit read was accepted or rejected.
    #[must_use]
    pub fn balance(&self) -> bool {
        self.read == self.accepted + self.rejected_total()
    }

    /// Turns `count` accepted records into rejected ones, for limits that only the engine behind
    /// ingest can know, such as [`RejectReason::TooManyAcls`].
    pub fn retract(&mut self, reason: RejectReason, count: u64) {
        let count = count.min(self.accepted);
        if count == 0 {
            return;
        }
        self.accepted -= count;
        *self.rejected.entry(reason).or_default() += count;
    }

    pub(super) fn accept(&mut self) {
        self.read += 1;
        self.accepted += 1;
    }

    /// Counts one unit as rejected.
    pub(crate) fn reject(
        &mut self,
        reason: RejectReason,
        origin: &Origin<'_>,
        offset: u64,
        unit: &[u8],
    ) {
        self.read += 1;
        let count = self.rejected.entry(reason).or_default();
        *count += 1;
        if *count > SAMPLES_PER_REASON as u64 || !self.has_room_for(reason) {
            return;
        }
        self.samples.push(Sample {
            reason,
            origin: escape_controls(origin.name, ORIGIN_BYTES),
            offset,
            excerpt: excerpt(unit),
        });
    }

    fn has_room_for(&self, reason: RejectReason) -> bool {
        let kept = self.samples.iter().filter(|sample| sample.reason == reason);
        kept.count() < SAMPLES_PER_REASON
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Origin<'_> = Origin {
        name: "a\nfile",
        offset: 0,
    };

    fn some(units: u64) -> Accounts {
        let mut accounts = Accounts::default();
        for offset in 0..units {
            accounts.accept();
            accounts.reject(RejectReason::NotJson, &ORIGIN, offset, b"x");
        }
        accounts
    }

    #[test]
    fn merging_adds_counts_and_keeps_the_first_samples() {
        let mut merged = some(2);
        merged.merge(&some(5));
        assert_eq!((merged.read, merged.accepted), (14, 7));
        assert!(merged.balance());
        let offsets: Vec<_> = merged.samples.iter().map(|sample| sample.offset).collect();
        assert_eq!(offsets, [0, 1, 0]);
        assert_eq!(merged.samples[0].origin, "a\\nfile");
    }

    #[test]
    fn retracting_keeps_the_balance_and_never_goes_below_zero() {
        let mut accounts = some(2);
        accounts.retract(RejectReason::TooManyAcls, 5);
        assert_eq!(accounts.accepted, 0);
        assert_eq!(accounts.rejected[&RejectReason::TooManyAcls], 2);
        assert!(accounts.balance());
        accounts.retract(RejectReason::NoAcl, 1);
        assert!(!accounts.rejected.contains_key(&RejectReason::NoAcl));
    }

    #[test]
    fn accounts_survive_json() {
        let accounts = some(3);
        let json = serde_json::to_string(&accounts).expect("accounts serialise");
        let back: Accounts = serde_json::from_str(&json).expect("accounts deserialise");
        assert_eq!(back, accounts);
    }
}
