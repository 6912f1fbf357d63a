//! What the raw records of the archive say: counts, and a few of them as they are.

use serde::{Deserialize, Serialize};
use wafwatch_windows::time::EventTime;

/// Records that are shown.
pub const MAX_SAMPLES: usize = 8;

/// Raw records of the incident's time, as far as the limits let them be read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ArchiveSample {
    /// Objects that were read.
    pub objects: u32,
    /// Bytes of them, as they are stored.
    pub bytes: u64,
    /// Records of the Web ACL and the time.
    pub records: u64,
    /// Of these, blocked.
    pub blocked: u64,
    /// Records that are none.
    pub rejected: u64,
    /// Why not everything was read, if it was not.
    pub cut: Option<String>,
    /// A few records: blocked ones first, then in the order in which they were met.
    pub samples: Vec<RecordSample>,
}

/// One record. Its texts are as hostile as any of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecordSample {
    /// When.
    pub at: EventTime,
    /// `ALLOW`, `BLOCK`...
    pub action: String,
    /// The rule that decided.
    pub rule: String,
    /// Client address.
    pub address: String,
    /// Country of the address.
    pub country: String,
    /// Method.
    pub method: String,
    /// Host.
    pub host: String,
    /// Path, without the query.
    pub uri: String,
    /// User agent.
    pub user_agent: String,
}

impl RecordSample {
    /// On one line.
    #[must_use]
    pub fn words(&self) -> String {
        format!(
            "{} {} by {} of {} {} ({}) on {} with {}",
            crate::investigate::utc::iso(self.at),
            self.action,
            shown(&self.rule),
            shown(&self.method),
            shown(&self.uri),
            self.address,
            shown(&self.host),
            shown(&self.user_agent),
        )
    }
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}
