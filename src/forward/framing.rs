//! Which payloads may stand beside others as lines of one text.

use serde::de::IgnoredAny;
use wafwatch_windows::record::RecordBatch;

use crate::ingest::{Accounts, KnownRuns, Limits, Origin, decode};

/// Tells payloads that may stand between other lines from those that may not.
pub(super) struct Framing {
    limits: Limits,
    known: KnownRuns,
    batch: RecordBatch,
}

impl Framing {
    pub(super) fn new() -> Self {
        let limits = Limits {
            // An envelope that holds compressed parts has the consumer's whole allowance for them
            // only when it travels alone.
            max_decompressed_bytes: 0,
            ..Limits::default()
        };
        Self {
            limits,
            known: KnownRuns::default(),
            batch: RecordBatch::new(),
        }
    }

    /// Whether `payload` is whole JSON values that our reader takes without a reject. Such a payload
    /// leaves nothing open that could run on into the next line.
    pub(super) fn is_whole(&mut self, payload: &[u8]) -> bool {
        is_balanced(payload) && self.is_accepted(payload)
    }

    fn is_accepted(&mut self, payload: &[u8]) -> bool {
        let origin = Origin {
            name: "",
            offset: 0,
        };
        let mut accounts = Accounts::default();
        self.batch.clear();
        decode(
            payload,
            &origin,
            &self.limits,
            &mut self.known,
            &mut self.batch,
            &mut accounts,
        );
        accounts.rejected_total() == 0
    }
}

/// The reader joins the parts of an array that is cut into blocks, so it would not mind one that is
/// left open; the lines behind it would.
fn is_balanced(payload: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(payload).into_iter::<IgnoredAny>();
    values.all(|value| value.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"timestamp":1700000000000,"webaclId":"acl","action":"ALLOW","httpRequest":{"clientIp":"192.0.2.1","uri":"/"}}"#;

    #[test]
    fn whole_records_stand_in_lines() {
        let mut framing = Framing::new();
        for payload in [
            RECORD.to_owned(),
            format!("{RECORD}\r\n"),
            format!("{RECORD}{RECORD}\n{RECORD}"),
            format!("[{RECORD},{RECORD}]"),
            RECORD.replace(',', ",\n  "),
        ] {
            assert!(framing.is_whole(payload.as_bytes()), "{payload}");
        }
    }

    #[test]
    fn what_could_run_on_travels_alone() {
        let mut framing = Framing::new();
        let cut = &RECORD[..RECORD.len() - 1];
        for payload in [
            cut.to_owned(),
            format!("{RECORD}{cut}"),
            format!("[{RECORD},"),
            format!("{RECORD}]"),
            "eyJhIjoxfQ==".to_owned(),
            "123".to_owned(),
            r#"123"{""#.to_owned(),
            r#"{"no":"record"}"#.to_owned(),
        ] {
            assert!(!framing.is_whole(payload.as_bytes()), "{payload}");
        }
        assert!(!framing.is_whole(b"\x1f\x8b\x08"));
        assert!(!framing.is_whole(b"{\"a\":\"\xff\"}"));
    }
}
