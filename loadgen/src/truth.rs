//! What a run did, for whoever checks a detector against it.

use serde::{Deserialize, Serialize};

use crate::delivery::Delivered;
use crate::options::Options;
use crate::request::Origin;

/// Records as they stand in the file; a record written twice counts twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// All records.
    pub total: u64,
    /// With action ALLOW.
    pub allowed: u64,
    /// With action BLOCK.
    pub blocked: u64,
    /// With at least one non-terminating match of action COUNT; also allowed or blocked.
    pub counted: u64,
    /// Of `total`, second copies of a record.
    pub duplicates: u64,
}

impl Counts {
    fn add(&mut self, delivered: &Delivered) {
        let verdict = delivered.request.draft.verdict;
        self.total += 1;
        self.allowed += u64::from(!verdict.is_blocked());
        self.blocked += u64::from(verdict.is_blocked());
        self.counted += u64::from(verdict.is_counted());
        self.duplicates += u64::from(delivered.is_copy);
    }
}

/// What one Web ACL saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclTruth {
    /// Its ARN.
    pub arn: String,
    /// Its records.
    pub counts: Counts,
}

/// Something out of the ordinary that a detector should find, or should not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTruth {
    /// Name of the scenario.
    pub kind: String,
    /// What happens, in a sentence.
    pub summary: String,
    /// Whether nobody means harm and nothing is broken.
    pub benign: bool,
    /// ARN of the Web ACL.
    pub acl: String,
    /// RFC 3339.
    pub start: String,
    /// RFC 3339; the first moment after the event.
    pub end: String,
    /// `start` in Unix milliseconds.
    pub start_ms: i64,
    /// `end` in Unix milliseconds.
    pub end_ms: i64,
    /// The client addresses, where they are few.
    pub addresses: Vec<String>,
    /// The terminating rule that makes the event visible.
    pub rule: Option<String>,
    /// The rule inside the rule group that terminates.
    pub inner_rule: Option<String>,
    /// The paths, where they are few.
    pub uris: Vec<String>,
    /// Records of the event itself.
    pub counts: Counts,
    /// Everything that the ACL saw between `start` and `end`.
    pub during: Counts,
    /// Requests that would have come and did not.
    pub missing: u64,
}

/// All of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// What was asked for.
    pub options: Options,
    /// RFC 3339.
    pub start: String,
    /// RFC 3339; the first moment after the run.
    pub end: String,
    /// Every Web ACL, in the order of their numbers.
    pub acls: Vec<AclTruth>,
    /// In the order of their begin; none for scenarios of normal life.
    pub events: Vec<EventTruth>,
    /// The whole file.
    pub counts: Counts,
    /// Records that stand behind one with a later timestamp.
    pub out_of_order: u64,
    /// Bytes of JSON lines with their line feeds, before compression.
    pub bytes: u64,
}

/// Keeps the truth while records are written.
#[derive(Debug)]
pub(crate) struct Tally {
    truth: Truth,
    latest_ms: i64,
}

impl Tally {
    pub(crate) fn new(options: &Options, arns: Vec<String>, event: Option<EventTruth>) -> Self {
        let acls = arns.into_iter().map(|arn| AclTruth {
            arn,
            counts: Counts::default(),
        });
        Self {
            latest_ms: options.start_ms,
            truth: Truth {
                start: rfc3339(options.start_ms),
                end: rfc3339(options.start_ms + options.duration_ms()),
                options: options.clone(),
                acls: acls.collect(),
                events: event.into_iter().collect(),
                counts: Counts::default(),
                out_of_order: 0,
                bytes: 0,
            },
        }
    }

    pub(crate) fn add(&mut self, delivered: &Delivered, bytes: usize) {
        let request = &delivered.request;
        self.truth.bytes += bytes as u64;
        self.truth.counts.add(delivered);
        self.truth.acls[request.acl as usize].counts.add(delivered);
        self.truth.out_of_order += u64::from(request.timestamp_ms < self.latest_ms);
        self.latest_ms = self.latest_ms.max(request.timestamp_ms);
        // Events happen to the first ACL.
        if request.acl > 0 {
            return;
        }
        for event in &mut self.truth.events {
            if request.origin == Origin::Event {
                event.counts.add(delivered);
            }
            if (event.start_ms..event.end_ms).contains(&request.timestamp_ms) {
                event.during.add(delivered);
            }
        }
    }

    /// The truth about what was written so far.
    pub(crate) fn truth(&self, silenced: u64) -> Truth {
        let mut truth = self.truth.clone();
        for event in &mut truth.events {
            event.missing = silenced;
        }
        truth
    }
}

/// `unix_ms` as RFC 3339 in UTC, held at the ends of what can be written.
pub(crate) fn rfc3339(unix_ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(unix_ms);
    time.unwrap_or(jiff::Timestamp::MAX).to_string()
}
