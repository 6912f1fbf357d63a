//! What a run did, for whoever checks a detector against it.

use serde::{Deserialize, Serialize};

use crate::compose::Composed;
use crate::delivery::Delivered;
use crate::options::Options;
use crate::plan::Plan;
use crate::request::Origin;
use crate::rules::{Action, Ruling};

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
    /// With action CHALLENGE.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub challenged: u64,
    /// With action CAPTCHA.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub captcha: u64,
    /// Of `total`, second copies of a record.
    pub duplicates: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it like this"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Counts {
    fn add(&mut self, ruling: &Ruling, delivered: &Delivered) {
        self.total += 1;
        let of_action = match ruling.action {
            Action::Allow => &mut self.allowed,
            Action::Block => &mut self.blocked,
            Action::Challenge => &mut self.challenged,
            Action::Captcha => &mut self.captcha,
        };
        *of_action += 1;
        self.counted += u64::from(ruling.is_counted());
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
    /// Name of the scenario, or of the phase of a file.
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

/// What a run was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Asked {
    /// A built-in scenario with these options.
    Scenario(Options),
    /// A scenario file.
    File(Composed),
}

/// All of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// What was asked for.
    pub options: Asked,
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
    /// Numbers of the ACLs that the events happen to.
    targets: Vec<u32>,
    latest_ms: i64,
}

impl Tally {
    pub(crate) fn new(plan: &Plan) -> Self {
        let acls = plan.acls();
        let (targets, events) = plan.truths(&acls).into_iter().unzip();
        let acls = acls.into_iter().map(|acl| AclTruth {
            arn: acl.arn,
            counts: Counts::default(),
        });
        Self {
            latest_ms: plan.start_ms,
            targets,
            truth: Truth {
                start: rfc3339(plan.start_ms),
                end: rfc3339(plan.start_ms + plan.duration_ms),
                options: plan.asked.clone(),
                acls: acls.collect(),
                events,
                counts: Counts::default(),
                out_of_order: 0,
                bytes: 0,
            },
        }
    }

    pub(crate) fn add(&mut self, ruling: &Ruling, delivered: &Delivered, bytes: usize) {
        let request = &delivered.request;
        self.truth.bytes += bytes as u64;
        self.truth.counts.add(ruling, delivered);
        self.truth.acls[request.acl as usize]
            .counts
            .add(ruling, delivered);
        self.truth.out_of_order += u64::from(request.timestamp_ms < self.latest_ms);
        self.latest_ms = self.latest_ms.max(request.timestamp_ms);
        for (number, event) in (0_u16..).zip(&mut self.truth.events) {
            if self.targets[usize::from(number)] != request.acl {
                continue;
            }
            if request.origin == Origin::Event(number) {
                event.counts.add(ruling, delivered);
            }
            if (event.start_ms..event.end_ms).contains(&request.timestamp_ms) {
                event.during.add(ruling, delivered);
            }
        }
    }

    /// The truth about what was written so far.
    pub(crate) fn truth(&self, silenced: &[u64]) -> Truth {
        let mut truth = self.truth.clone();
        for (event, missing) in truth.events.iter_mut().zip(silenced) {
            event.missing = *missing;
        }
        truth
    }
}

/// `unix_ms` as RFC 3339 in UTC, held at the ends of what can be written.
pub(crate) fn rfc3339(unix_ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(unix_ms);
    time.unwrap_or(jiff::Timestamp::MAX).to_string()
}
