//! Exact counters of a window.

use serde::{Deserialize, Serialize};

use crate::record::{Action, Record};

/// Exact counts of the records of one window of one Web ACL.
///
/// `total = allowed + blocked + captcha + challenge + other`. `counted` overlaps all of them: it
/// counts requests that a COUNT rule matched on their way to another action. (CloudWatch's
/// `CountedRequests` metric counts such a request beside `AllowedRequests` or `BlockedRequests`
/// too, which is why the sum of the three metrics exceeds the number of requests.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// All records.
    pub total: u64,
    /// Records with final action ALLOW.
    pub allowed: u64,
    /// Records with final action BLOCK.
    pub blocked: u64,
    /// Records with at least one non-terminating COUNT match.
    pub counted: u64,
    /// Records answered with a CAPTCHA.
    pub captcha: u64,
    /// Records answered with a silent challenge.
    pub challenge: u64,
    /// Records with an action this version does not know.
    pub other: u64,
    /// Bytes of the log records.
    pub log_bytes: u64,
    /// Bytes of the request bodies, as far as WAF logged them.
    pub body_bytes: u64,
}

impl Counters {
    /// Counts one record.
    pub fn observe(&mut self, record: &Record<'_>) {
        self.total += 1;
        match record.action {
            Action::Allow => self.allowed += 1,
            Action::Block => self.blocked += 1,
            Action::Captcha => self.captcha += 1,
            Action::Challenge => self.challenge += 1,
            Action::Other(_) => self.other += 1,
        }
        self.counted += u64::from(record.counted);
        self.log_bytes = self.log_bytes.saturating_add(record.log_bytes);
        self.body_bytes = self.body_bytes.saturating_add(record.body_bytes);
    }

    /// Adds `other`'s counts: the merge of the counters' monoid.
    pub fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.allowed += other.allowed;
        self.blocked += other.blocked;
        self.counted += other.counted;
        self.captcha += other.captcha;
        self.challenge += other.challenge;
        self.other += other.other;
        self.log_bytes = self.log_bytes.saturating_add(other.log_bytes);
        self.body_bytes = self.body_bytes.saturating_add(other.body_bytes);
    }

    /// Whether these can be counts at all: the actions add up to the total, and the total is far
    /// from overflow in any merge. What was not counted here may be anything.
    pub(crate) fn is_plausible(&self) -> bool {
        const MOST_RECORDS: u64 = 1 << 48;
        let actions = [
            self.allowed,
            self.blocked,
            self.captcha,
            self.challenge,
            self.other,
        ];
        let sum = actions
            .into_iter()
            .try_fold(0_u64, |sum, count| sum.checked_add(count));
        sum == Some(self.total) && self.total <= MOST_RECORDS && self.counted <= self.total
    }

    /// Records answered with a CAPTCHA or a challenge.
    #[must_use]
    pub fn challenged(&self) -> u64 {
        self.captcha.saturating_add(self.challenge)
    }

    /// `blocked / total`; zero for an empty window.
    #[must_use]
    pub fn blocked_ratio(&self) -> f64 {
        if self.total == 0 {
            return 0.0;
        }
        self.blocked as f64 / self.total as f64
    }
}
