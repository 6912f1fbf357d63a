//! Shows how a rejected unit begins without showing a single value of it.
//!
//! A rejected unit is malformed by definition, so no parser can tell where in it a cookie or a query
//! string begins: a record cut in two starts in the middle of a string, and quotes are then inside
//! out. The rule is therefore lexical and holds whatever the bytes are: only words of a fixed list
//! (the field names of the WAF log and its envelopes, and the actions), the six structural
//! characters of JSON, double quotes and single spaces come through. Everything else, run by run,
//! becomes `…`. The sample's origin and offset lead to the original.

use std::fmt::Write;

/// Longest excerpt in bytes.
const EXCERPT_BYTES: usize = 120;

/// Bytes of a unit that are looked at.
const SCANNED_BYTES: usize = 4096;

const MASK: &str = "…";

/// Words that no secret is made of; sorted.
const KNOWN_WORDS: [&str; 49] = [
    "ALLOW",
    "BLOCK",
    "CAPTCHA",
    "CHALLENGE",
    "CONTROL_MESSAGE",
    "COUNT",
    "DATA_MESSAGE",
    "Records",
    "action",
    "args",
    "awslogs",
    "captchaResponse",
    "challengeResponse",
    "clientIp",
    "country",
    "data",
    "excludedRules",
    "exclusionType",
    "false",
    "formatVersion",
    "headers",
    "host",
    "httpMethod",
    "httpRequest",
    "httpSourceId",
    "httpSourceName",
    "httpVersion",
    "ja3Fingerprint",
    "ja4Fingerprint",
    "kinesis",
    "labels",
    "logEvents",
    "message",
    "messageType",
    "name",
    "nonTerminatingMatchingRules",
    "null",
    "rateBasedRuleList",
    "records",
    "requestId",
    "ruleGroupId",
    "ruleGroupList",
    "ruleId",
    "terminatingRule",
    "terminatingRuleId",
    "timestamp",
    "true",
    "uri",
    "webaclId",
];

/// The masked beginning of `unit`, on one line.
pub(super) fn excerpt(unit: &[u8]) -> String {
    let scanned = &unit[..unit.len().min(SCANNED_BYTES)];
    let mut shown = String::new();
    let mut position = 0;
    while position < scanned.len() {
        let rest = &scanned[position..];
        let length = token_length(rest);
        let token = shown_token(&rest[..length]);
        position += length;
        let repeats_mask = token == MASK && shown.ends_with(MASK);
        let repeats_space = token == " " && (shown.is_empty() || shown.ends_with(' '));
        if repeats_mask || repeats_space {
            continue;
        }
        if shown.len() + token.len() > EXCERPT_BYTES {
            break;
        }
        shown.push_str(token);
    }
    shown
}

/// `text` with control characters escaped, cut to about its last `limit` bytes.
pub(super) fn escape_controls(text: &str, limit: usize) -> String {
    let mut start = text.len().saturating_sub(limit);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let mut escaped = String::new();
    if start > 0 {
        escaped.push_str(MASK);
    }
    for character in text[start..].chars() {
        if is_harmless(character) {
            escaped.push(character);
        } else {
            write!(escaped, "{}", character.escape_default()).expect("a string takes all writes");
        }
    }
    escaped
}

/// Neither a control character nor one that breaks or reorders a line.
fn is_harmless(character: char) -> bool {
    let reorders = matches!(
        character,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    !character.is_control() && !reorders
}

fn token_length(rest: &[u8]) -> usize {
    let class = class_of(rest[0]);
    match class {
        Class::Structure => 1,
        Class::Blank | Class::Word => rest
            .iter()
            .position(|&byte| class_of(byte) != class)
            .unwrap_or(rest.len()),
    }
}

fn shown_token(token: &[u8]) -> &str {
    match class_of(token[0]) {
        Class::Blank => " ",
        Class::Structure => std::str::from_utf8(token).unwrap_or(MASK),
        Class::Word => match std::str::from_utf8(token) {
            Ok(word) if KNOWN_WORDS.binary_search(&word).is_ok() => word,
            _ => MASK,
        },
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Blank,
    Structure,
    Word,
}

fn class_of(byte: u8) -> Class {
    match byte {
        b' ' | b'\t' | b'\r' | b'\n' => Class::Blank,
        b'{' | b'}' | b'[' | b']' | b':' | b',' | b'"' => Class::Structure,
        _ => Class::Word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sorted() {
        assert!(KNOWN_WORDS.is_sorted());
    }

    #[test]
    fn structure_stays_and_values_go() {
        assert_eq!(
            excerpt(br#"{"timestamp":17,"webaclId":"arn:aws","httpRequest":{"args":"token=s3"}}"#),
            r#"{"timestamp":…,"webaclId":"…:…","httpRequest":{"args":"…"}}"#
        );
    }

    #[test]
    fn a_record_that_starts_inside_a_string_shows_nothing_of_it() {
        let shown = excerpt(br#"s3cret; id=1","args":"token=hunter2"}"#);
        assert_eq!(shown, r#"… …","args":"…"}"#);
    }

    #[test]
    fn it_is_one_short_line_whatever_comes() {
        let hostile: Vec<u8> = (0..=255u8).cycle().take(10_000).collect();
        for unit in [&hostile[..], &b"\"a\":".repeat(5_000), b"\n\r\0\x1b[31m"] {
            let shown = excerpt(unit);
            assert!(shown.len() <= EXCERPT_BYTES);
            assert!(!shown.chars().any(char::is_control));
        }
    }

    #[test]
    fn control_and_reordering_characters_are_escaped() {
        assert_eq!(escape_controls("a\r\n\u{202e}b", 99), "a\\r\\n\\u{202e}b");
        assert_eq!(escape_controls("ü12345", 6), "…12345");
    }
}
