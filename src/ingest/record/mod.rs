//! Reads one JSON object of the WAF log, or tells that it is an envelope.
//!
//! The schema is the one of the AWS documentation ("Log fields for web ACL traffic"), read without
//! trust in types: a number where a string belongs and the other way round, null, `-` and missing
//! fields are all met. Where a key occurs twice, the last value wins, as in most JSON readers, and
//! lists join; of repeated headers the first wins. Fields that records do not keep are read over
//! without a copy.

mod accept;
pub(super) mod field_name;
mod known;
mod labels;
pub(super) mod lenient;
mod matches;
mod names;
pub(super) mod parser;
mod request;
mod scan;
mod timestamp;
pub(super) mod values;

pub(super) use accept::Accepted;
pub use known::KnownRuns;

use std::borrow::Cow;

use serde::de::{DeserializeSeed, IgnoredAny};
use serde_json::error::Category;

use self::field_name::{FieldName, Spelling};
use self::labels::Labels;
use self::lenient::{Depth, Fields, Shape};
use self::matches::{Matches, RuleGroups, TopLevelMatches};
use self::parser::Lenient;
use self::request::{Request, RequestShape};
use self::scan::{Scanner, Unusual};
use self::timestamp::{When, WhenShape};
use self::values::{Is, Size, Text};
use super::reason::RejectReason;

/// One JSON object: the fields of a WAF record, and the marks of envelopes.
#[derive(Debug, Default)]
pub(super) struct Unit<'a> {
    timestamp: When,
    acl: Option<Cow<'a, str>>,
    action: Option<Cow<'a, str>>,
    rule: Option<Cow<'a, str>>,
    rule_type: Option<Cow<'a, str>>,
    matches: Matches<'a>,
    labels: Labels<'a>,
    request: Request<'a>,
    ja3: Option<Cow<'a, str>>,
    ja4: Option<Cow<'a, str>>,
    http_source: Option<Cow<'a, str>>,
    body_bytes: u64,
    envelope: Option<EnvelopeKind>,
    is_control_message: bool,
}

/// The JSON envelopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnvelopeKind {
    /// CloudWatch Logs subscription record, with `logEvents`.
    CloudWatchLogs,
    /// CloudWatch Logs event of a Lambda function, with `awslogs`.
    LambdaLogs,
    /// Firehose transformation event, with `records`.
    Firehose,
    /// Kinesis event of a Lambda function, with `Records`.
    Kinesis,
}

/// What a unit turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnitKind {
    Record,
    Envelope(EnvelopeKind),
    ControlMessage,
}

/// Reads the object that `text` begins with, and tells how long it is; nothing where it is not over
/// with its line, or is left to [`parse_object`].
pub(super) fn scan_object<'t>(
    text: &'t str,
    depth: u16,
    known: &mut KnownRuns,
) -> Option<(Unit<'t>, usize)> {
    scanned(text, depth, known).ok()
}

fn scanned<'t>(
    text: &'t str,
    depth: u16,
    known: &mut KnownRuns,
) -> Result<(Unit<'t>, usize), Unusual> {
    let mut unit = Unit::default();
    let mut scanner = Scanner::new(text, depth);
    let shape = UnitShape(&mut unit, Depth::unminded(depth), known);
    scanner.value(shape)?;
    Ok((unit, scanner.finish()?))
}

/// Reads the object that `line` begins with and should end with, and tells how long it is.
///
/// An object that opens no more levels than it may, side by side or nested, cannot be too deep: the
/// first reading skims over what records do not keep, and is enough for nearly all. What it cannot
/// answer is read once more, minding the depth everywhere. An envelope needs no such reading, since
/// it is read again when it is opened.
pub(super) fn parse_object(line: &str, depth: u16) -> Result<(Unit<'_>, usize), RejectReason> {
    if let Ok((unit, length)) = read_unit(line, Depth::unminded(depth))
        && (unit.envelope.is_some() || openings(&line[..length]) <= usize::from(depth))
    {
        return Ok((unit, length));
    }
    read_unit(line, Depth::minded(depth))
}

/// Reads the object that `text` begins with, of which many may begin nested in each other: minding
/// the depth everywhere keeps a hostile text from being read to its end at each of its lines.
pub(super) fn read_spread_out_object(
    text: &str,
    depth: u16,
) -> Result<(Unit<'_>, usize), RejectReason> {
    read_unit(text, Depth::minded(depth))
}

fn read_unit(text: &str, depth: Depth) -> Result<(Unit<'_>, usize), RejectReason> {
    let mut unit = Unit::default();
    let mut known = KnownRuns::default();
    let shape = UnitShape(&mut unit, depth, &mut known);
    let length = read_value(text, Lenient(shape))?;
    Ok((unit, length))
}

/// How many brackets and braces open in `text`, those in strings included.
fn openings(text: &str) -> usize {
    // Blocks short enough for a sum of bytes let the compiler count 16 or more at a time.
    let blocks = text.as_bytes().chunks(usize::from(u8::MAX));
    let in_block = |block: &[u8]| -> u8 {
        let is_opening = |&byte: &u8| u8::from(byte | 0x20 == b'{');
        block.iter().map(is_opening).sum()
    };
    blocks.map(|block| usize::from(in_block(block))).sum()
}

/// Reads the value that `text` begins with, and tells how long it is.
pub(super) fn read_value<'t>(
    text: &'t str,
    seed: impl DeserializeSeed<'t, Value = ()>,
) -> Result<usize, RejectReason> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    seed.deserialize(&mut deserializer)
        .map_err(|error| match error.classify() {
            Category::Data => RejectReason::TooDeep,
            Category::Eof => RejectReason::Truncated,
            Category::Syntax | Category::Io => RejectReason::NotJson,
        })?;
    Ok(deserializer.into_iter::<IgnoredAny>().byte_offset())
}

impl Unit<'_> {
    /// A WAF record may hold anything beside its own fields; only what has no ACL is an envelope.
    pub(super) fn kind(&self) -> UnitKind {
        if self.acl.is_some() {
            return UnitKind::Record;
        }
        if self.is_control_message {
            return UnitKind::ControlMessage;
        }
        self.envelope.map_or(UnitKind::Record, UnitKind::Envelope)
    }
}

#[derive(Clone, Copy)]
enum UnitKey {
    Timestamp,
    WebaclId,
    Action,
    TerminatingRuleId,
    TerminatingRuleType,
    HttpSourceName,
    RuleGroupList,
    NonTerminatingMatchingRules,
    HttpRequest,
    Labels,
    Ja3Fingerprint,
    Ja4Fingerprint,
    RequestBodySize,
    MessageType,
    LogEvents,
    Awslogs,
    FirehoseRecords,
    KinesisRecords,
    Other,
}

impl FieldName for UnitKey {
    const KNOWN: &'static [(Spelling, Self)] = &[
        (Spelling::of("timestamp"), Self::Timestamp),
        (Spelling::of("formatVersion"), Self::Other),
        (Spelling::of("webaclId"), Self::WebaclId),
        (Spelling::of("terminatingRuleId"), Self::TerminatingRuleId),
        (
            Spelling::of("terminatingRuleType"),
            Self::TerminatingRuleType,
        ),
        (Spelling::of("action"), Self::Action),
        (Spelling::of("terminatingRuleMatchDetails"), Self::Other),
        (Spelling::of("httpSourceName"), Self::HttpSourceName),
        (Spelling::of("httpSourceId"), Self::Other),
        (Spelling::of("ruleGroupList"), Self::RuleGroupList),
        (Spelling::of("rateBasedRuleList"), Self::Other),
        (
            Spelling::of("nonTerminatingMatchingRules"),
            Self::NonTerminatingMatchingRules,
        ),
        (Spelling::of("requestHeadersInserted"), Self::Other),
        (Spelling::of("responseCodeSent"), Self::Other),
        (Spelling::of("httpRequest"), Self::HttpRequest),
        (Spelling::of("labels"), Self::Labels),
        (Spelling::of("captchaResponse"), Self::Other),
        (Spelling::of("challengeResponse"), Self::Other),
        (Spelling::of("ja3Fingerprint"), Self::Ja3Fingerprint),
        (Spelling::of("ja4Fingerprint"), Self::Ja4Fingerprint),
        (Spelling::of("requestBodySize"), Self::RequestBodySize),
        (Spelling::of("requestBodySizeInspectedByWAF"), Self::Other),
        (Spelling::of("messageType"), Self::MessageType),
        (Spelling::of("logEvents"), Self::LogEvents),
        (Spelling::of("awslogs"), Self::Awslogs),
        (Spelling::of("records"), Self::FirehoseRecords),
        (Spelling::of("Records"), Self::KinesisRecords),
    ];
    const OTHER: Self = Self::Other;
}

struct UnitShape<'u, 'de>(&'u mut Unit<'de>, Depth, &'u mut KnownRuns);

impl<'de> Shape<'de> for UnitShape<'_, 'de> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) {}

    fn object<F: Fields<'de>>(self, inner: Depth, fields: &mut F) -> Result<(), F::Error> {
        let Self(unit, _, known) = self;
        let mut is_first = true;
        // The reader's place behind the time, where all so far comes from the text from there on.
        let mut run = None;
        while let Some(key) = fields.next()? {
            let text = || Text(inner);
            match key {
                UnitKey::Timestamp => {
                    unit.timestamp = fields.value(WhenShape(inner))?;
                    run = is_first.then(|| fields.place()).flatten();
                    if run.is_some() && unit.take_known_run(known, fields) {
                        run = None;
                        fields.value(RequestShape(&mut unit.request, inner))?;
                    }
                }
                UnitKey::WebaclId => unit.acl = fields.value(text())?,
                UnitKey::Action => unit.action = fields.value(text())?,
                UnitKey::TerminatingRuleId => unit.rule = fields.value(text())?,
                UnitKey::TerminatingRuleType => unit.rule_type = fields.value(text())?,
                UnitKey::HttpSourceName => unit.http_source = fields.value(text())?,
                UnitKey::Ja3Fingerprint => unit.ja3 = fields.value(text())?,
                UnitKey::Ja4Fingerprint => unit.ja4 = fields.value(text())?,
                UnitKey::RequestBodySize => {
                    unit.body_bytes = fields.value(Size(inner))?;
                }
                UnitKey::RuleGroupList => {
                    fields.value(RuleGroups(&mut unit.matches, inner))?;
                }
                UnitKey::NonTerminatingMatchingRules => {
                    fields.value(TopLevelMatches(&mut unit.matches, inner))?;
                }
                UnitKey::HttpRequest => {
                    if let (Some(start), Some(end)) = (run.take(), fields.place()) {
                        known.keep(end.text_since(&start), end.expected, unit);
                    }
                    fields.value(RequestShape(&mut unit.request, inner))?;
                }
                UnitKey::Labels => {
                    fields.value(labels::LabelList(&mut unit.labels, inner))?;
                }
                UnitKey::MessageType => {
                    let control = Is("CONTROL_MESSAGE", inner);
                    unit.is_control_message = fields.value(control)?;
                }
                UnitKey::LogEvents => unit.mark(EnvelopeKind::CloudWatchLogs, inner, fields)?,
                UnitKey::Awslogs => unit.mark(EnvelopeKind::LambdaLogs, inner, fields)?,
                UnitKey::FirehoseRecords => unit.mark(EnvelopeKind::Firehose, inner, fields)?,
                UnitKey::KinesisRecords => unit.mark(EnvelopeKind::Kinesis, inner, fields)?,
                UnitKey::Other => fields.skip(inner)?,
            }
            is_first = false;
        }
        Ok(())
    }
}

impl<'u> Unit<'u> {
    /// Takes what a known run says, if the reader stands before one, and moves it behind that.
    fn take_known_run<F: Fields<'u>>(&mut self, known: &mut KnownRuns, fields: &mut F) -> bool {
        let Some((run, text)) = fields.known_run(known) else {
            return false;
        };
        run.tell(text, self);
        true
    }

    /// Whether nothing is said but the time and what a [known run](known) keeps.
    fn is_of_a_run(&self) -> bool {
        let Self {
            timestamp: _,
            acl: _,
            action: _,
            rule: _,
            rule_type: _,
            matches: _,
            http_source: _,
            labels,
            request,
            ja3,
            ja4,
            body_bytes,
            envelope,
            is_control_message,
        } = self;
        let are_empty = labels.are_none() && request.is_none() && ja3.is_none() && ja4.is_none();
        are_empty && *body_bytes == 0 && envelope.is_none() && !is_control_message
    }

    fn mark<'de, F: Fields<'de>>(
        &mut self,
        kind: EnvelopeKind,
        inner: Depth,
        fields: &mut F,
    ) -> Result<(), F::Error> {
        self.envelope = Some(kind);
        fields.skip(inner)
    }
}

/// The beginning of `text`, at most `limit` bytes of it, cut between characters.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
