//! What a subscription of CloudWatch Logs sends.

use super::keys::About;
use crate::json::{push_number, push_text};

/// One message of the subscription of a Web ACL's log group with `records`, all of that Web ACL, whose
/// events are numbered from `first` on.
pub(super) fn envelope<'a>(
    first: u64,
    records: impl Iterator<Item = (&'a About, &'a [u8])>,
) -> Vec<u8> {
    let mut text = Vec::new();
    for (place, (about, line)) in records.enumerate() {
        match place {
            0 => push_head(&mut text, &about.acl),
            _ => text.push(b','),
        }
        text.extend_from_slice(b"{\"id\":\"");
        // Events have ids of 56 digits.
        let id = format!("{:056}", first + place as u64);
        text.extend_from_slice(id.as_bytes());
        text.extend_from_slice(b"\",\"timestamp\":");
        push_number(&mut text, about.timestamp_ms);
        text.extend_from_slice(b",\"message\":\"");
        push_text(&mut text, &String::from_utf8_lossy(line.trim_ascii_end()));
        text.extend_from_slice(b"\"}");
    }
    text.extend_from_slice(b"]}");
    text
}

fn push_head(text: &mut Vec<u8>, acl: &str) {
    // arn:aws:wafv2:REGION:ACCOUNT:SCOPE/webacl/NAME/ID
    let mut parts = acl.splitn(6, ':').skip(3);
    let region = parts.next().unwrap_or_default();
    let account = parts.next().unwrap_or_default();
    let name = acl.split('/').nth(2).unwrap_or(acl);
    text.extend_from_slice(b"{\"messageType\":\"DATA_MESSAGE\"");
    for (field, value) in [
        ("owner", account.to_owned()),
        ("logGroup", format!("aws-waf-logs-{name}")),
        ("logStream", format!("{region}_{name}_0")),
    ] {
        text.extend_from_slice(format!(",\"{field}\":\"").as_bytes());
        push_text(text, &value);
        text.push(b'"');
    }
    text.extend_from_slice(b",\"subscriptionFilters\":[\"to-stream\"],\"logEvents\":[");
}
