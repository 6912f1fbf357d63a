//! From the fields of one JSON object to a record, or to the reason why it is none.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use memchr::memchr2;
use wafwatch_windows::record::{Action, Record, RecordBatch};
use wafwatch_windows::text_list::TextList;
use wafwatch_windows::time::EventTime;

use super::timestamp::When;
use super::{Unit, cut};
use crate::ingest::limits::Limits;
use crate::ingest::reason::RejectReason;

/// The longest ARN there is.
const LONGEST_ACL: usize = 2_048;

/// Longest value of a header or a path: WAF itself logs 8 KiB at most.
const LONGEST_TEXT: usize = 8_192;

/// Longest name of a rule, within its group and alone; AWS allows 128 characters each.
const LONGEST_RULE: usize = 513;

/// Longest label; AWS allows 1,024 characters.
const LONGEST_LABEL: usize = 1_024;

/// Longest action, country, method and address.
const LONGEST_WORD: usize = 64;

/// More than the texts of one record can add to a batch under the limits above.
const MOST_TEXT_OF_A_RECORD: usize = 1 << 20;

/// The name of an ACL's default action in `terminatingRuleId`.
const DEFAULT_ACTION: &str = "Default_Action";

/// What became of a unit that is a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ingest) enum Accepted {
    /// It is in the batch.
    Pushed {
        /// Values that were cut or left out.
        cut_values: u64,
    },
    /// Its time was not asked for.
    OutsideRange,
}

impl Unit<'_> {
    /// Appends the record that this unit is to `batch`, if its time is asked for. `text_bytes` is the
    /// length of its JSON text.
    pub(in crate::ingest) fn accept(
        &self,
        text_bytes: usize,
        limits: &Limits,
        batch: &mut RecordBatch,
    ) -> Result<Accepted, RejectReason> {
        if text_bytes > limits.max_record_bytes {
            return Err(RejectReason::TooLarge);
        }
        let timestamp = self.timestamp(limits)?;
        let acl = self.acl.as_deref().ok_or(RejectReason::NoAcl)?;
        if acl.len() > LONGEST_ACL {
            return Err(RejectReason::BadAcl);
        }
        let action = self.action.as_deref().ok_or(RejectReason::NoAction)?;
        if !limits.wanted.contains(timestamp) {
            return Ok(Accepted::OutsideRange);
        }
        if batch.text_bytes() > u32::MAX as usize - MOST_TEXT_OF_A_RECORD {
            return Err(RejectReason::BatchFull);
        }

        let mut shears = Shears::default();
        let address = self
            .request
            .client_address
            .as_deref()
            .map(canonical_address);
        let headers = &self.request.headers;
        let host = headers.host.as_deref().or(self.request.host.as_deref());
        let counted_rules = shears.trim_all(&self.matches.counted_rules, LONGEST_RULE);
        let labels = shears.trim_all(&self.labels.names, LONGEST_LABEL);
        let record = Record {
            counted: self.matches.counted,
            rule: shears.trim(self.rule.as_deref(), LONGEST_RULE),
            inner_rule: shears.trim(self.inner_rule(), LONGEST_RULE),
            counted_rules: TextList::of(&counted_rules),
            labels: TextList::of(&labels),
            client_address: shears.trim(address.as_deref(), LONGEST_WORD),
            country: shears.trim(self.request.country.as_deref(), LONGEST_WORD),
            uri: shears.trim(self.path(), LONGEST_TEXT),
            user_agent: shears.trim(headers.user_agent.as_deref(), LONGEST_TEXT),
            host: shears.trim(host, LONGEST_TEXT),
            method: shears.trim(self.request.method.as_deref(), LONGEST_WORD),
            ja3: shears.trim(self.ja3.as_deref(), LONGEST_WORD),
            ja4: shears.trim(self.ja4.as_deref(), LONGEST_WORD),
            http_source: shears.trim(self.http_source.as_deref(), LONGEST_WORD),
            log_bytes: text_bytes as u64,
            body_bytes: self.body_bytes,
            ..Record::new(
                timestamp,
                acl,
                Action::from_name(shears.cut(action, LONGEST_WORD)),
            )
        };
        batch.push(&record);
        Ok(Accepted::Pushed {
            cut_values: shears.cuts + self.matches.left_out + self.labels.left_out,
        })
    }

    fn timestamp(&self, limits: &Limits) -> Result<EventTime, RejectReason> {
        let timestamp = match self.timestamp {
            When::Absent => return Err(RejectReason::NoTimestamp),
            When::Unreadable => return Err(RejectReason::BadTimestamp),
            When::At(timestamp) => timestamp,
        };
        if timestamp < limits.earliest || timestamp >= limits.latest {
            return Err(RejectReason::TimestampOutOfRange);
        }
        Ok(timestamp)
    }

    /// The rule inside the rule group that terminated. A rule group whose own action is overridden
    /// to COUNT still names its terminating rule, though something else ended the request.
    fn inner_rule(&self) -> Option<&str> {
        let ended_by_group = match self.rule_type.as_deref() {
            Some("REGULAR" | "RATE_BASED") => false,
            _ => self.rule.as_deref() != Some(DEFAULT_ACTION),
        };
        self.matches
            .inner_rule
            .as_deref()
            .filter(|_| ended_by_group)
    }

    /// The path without its query string, should the log hold one here. A fragment goes with it: it
    /// is where single-page applications carry tokens.
    fn path(&self) -> Option<&str> {
        let uri = self.request.uri.as_deref()?;
        let end = memchr2(b'?', b'#', uri.as_bytes()).unwrap_or(uri.len());
        (end > 0).then(|| &uri[..end])
    }
}

/// The one way to write an IPv6 address (RFC 5952); anything else as it is.
fn canonical_address(address: &str) -> Cow<'_, str> {
    if !address.bytes().any(|byte| byte == b':') {
        return Cow::Borrowed(address);
    }
    match address.parse::<Ipv6Addr>() {
        Ok(parsed) => Cow::Owned(parsed.to_string()),
        Err(_) => Cow::Borrowed(address),
    }
}

/// Cuts texts to length and counts the cuts.
#[derive(Default)]
struct Shears {
    cuts: u64,
}

impl Shears {
    fn cut<'t>(&mut self, text: &'t str, limit: usize) -> &'t str {
        self.cuts += u64::from(text.len() > limit);
        cut(text, limit)
    }

    fn trim<'t>(&mut self, text: Option<&'t str>, limit: usize) -> Option<&'t str> {
        text.map(|text| self.cut(text, limit))
    }

    fn trim_all<'t>(&mut self, texts: &'t [Cow<'_, str>], limit: usize) -> Vec<&'t str> {
        if texts.is_empty() {
            return Vec::new();
        }
        texts.iter().map(|text| self.cut(text, limit)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_has_one_form_and_the_rest_stays() {
        for (written, kept) in [
            ("2001:0DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("192.0.2.1", "192.0.2.1"),
            ("X.X.X.X", "X.X.X.X"),
            ("[::1]:443", "[::1]:443"),
        ] {
            assert_eq!(canonical_address(written), kept);
        }
    }

    #[test]
    fn cuts_fall_between_characters_and_are_counted() {
        let mut shears = Shears::default();
        assert_eq!(shears.cut("aüb", 2), "a");
        assert_eq!(shears.cut("aüb", 3), "aü");
        assert_eq!(shears.cut("aüb", 4), "aüb");
        assert_eq!(shears.cuts, 2);
    }
}
