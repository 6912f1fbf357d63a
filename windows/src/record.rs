//! What a window counts: one decoded WAF log record, and batches of them.
//!
//! A [`RecordBatch`] owns the text of its records in one buffer, so that decoding allocates nothing
//! per record, a batch can cross threads, and reading it back yields borrowed [`Record`]s.

use crate::text_list::{Span, TextList};
use crate::time::EventTime;

/// What WAF finally did with a request.
///
/// `COUNT` is never a final action; see [`Record::counted`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action<'a> {
    /// The request went through.
    Allow,
    /// The request was refused.
    Block,
    /// A CAPTCHA puzzle was sent instead of the page.
    Captcha,
    /// A silent browser challenge was sent instead of the page.
    Challenge,
    /// An action this version does not know, kept by name.
    Other(&'a str),
}

impl<'a> Action<'a> {
    /// The action named `name`, as WAF spells it.
    #[must_use]
    pub fn from_name(name: &'a str) -> Self {
        match name {
            "ALLOW" => Self::Allow,
            "BLOCK" => Self::Block,
            "CAPTCHA" => Self::Captcha,
            "CHALLENGE" => Self::Challenge,
            other => Self::Other(other),
        }
    }

    /// The name as WAF spells it.
    #[must_use]
    pub fn name(self) -> &'a str {
        match self {
            Self::Allow => "ALLOW",
            Self::Block => "BLOCK",
            Self::Captcha => "CAPTCHA",
            Self::Challenge => "CHALLENGE",
            Self::Other(name) => name,
        }
    }
}

/// One WAF log record, reduced to what windows count.
///
/// Query strings, cookies and authorization headers have no field here: they never leave ingest.
/// Absent, `null` and `"-"` values are `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// When WAF saw the request.
    pub timestamp: EventTime,
    /// The Web ACL: its ARN, or the bare id where the log has only that.
    pub acl: &'a str,
    /// What WAF finally did.
    pub action: Action<'a>,
    /// Whether at least one non-terminating rule matched with action COUNT.
    pub counted: bool,
    /// The terminating rule; `Default_Action` where no rule terminated.
    pub rule: Option<&'a str>,
    /// Where a rule group terminated, the rule inside it, as `group/rule`.
    pub inner_rule: Option<&'a str>,
    /// Non-terminating rules that matched with action COUNT; in a group, as `group/rule`.
    pub counted_rules: TextList<'a>,
    /// Label names.
    pub labels: TextList<'a>,
    /// The client address as WAF saw it; `X.X.X.X` where it was redacted.
    pub client_address: Option<&'a str>,
    /// Two-letter country of the client address.
    pub country: Option<&'a str>,
    /// Path of the request, without its query string.
    pub uri: Option<&'a str>,
    /// `User-Agent` header.
    pub user_agent: Option<&'a str>,
    /// `Host` header.
    pub host: Option<&'a str>,
    /// HTTP method.
    pub method: Option<&'a str>,
    /// JA3 fingerprint of the TLS client.
    pub ja3: Option<&'a str>,
    /// JA4 fingerprint of the TLS client.
    pub ja4: Option<&'a str>,
    /// Kind of the protected resource and its id, as `ALB` or `APIGW`.
    pub http_source: Option<&'a str>,
    /// Size of the log record in bytes.
    pub log_bytes: u64,
    /// `requestBodySize`, zero where absent.
    pub body_bytes: u64,
}

impl<'a> Record<'a> {
    /// A record with only what every record has; the rest absent.
    #[must_use]
    pub fn new(timestamp: EventTime, acl: &'a str, action: Action<'a>) -> Self {
        Self {
            timestamp,
            acl,
            action,
            counted: false,
            rule: None,
            inner_rule: None,
            counted_rules: TextList::default(),
            labels: TextList::default(),
            client_address: None,
            country: None,
            uri: None,
            user_agent: None,
            host: None,
            method: None,
            ja3: None,
            ja4: None,
            http_source: None,
            log_bytes: 0,
            body_bytes: 0,
        }
    }
}

/// Records that share one text buffer.
#[derive(Debug, Clone, Default)]
pub struct RecordBatch {
    text: String,
    /// Spans of counted rules and labels of all records, in the order of the records.
    lists: Vec<Span>,
    rows: Vec<Row>,
}

/// A [`Record`] whose texts are spans of the batch's buffer.
#[derive(Debug, Clone)]
struct Row {
    timestamp: EventTime,
    acl: Span,
    action: RowAction,
    counted: bool,
    rule: Option<Span>,
    inner_rule: Option<Span>,
    counted_rules: Span,
    labels: Span,
    client_address: Option<Span>,
    country: Option<Span>,
    uri: Option<Span>,
    user_agent: Option<Span>,
    host: Option<Span>,
    method: Option<Span>,
    ja3: Option<Span>,
    ja4: Option<Span>,
    http_source: Option<Span>,
    log_bytes: u64,
    body_bytes: u64,
}

#[derive(Debug, Clone)]
enum RowAction {
    Allow,
    Block,
    Captcha,
    Challenge,
    Other(Span),
}

impl RecordBatch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies `record` to the end of the batch.
    ///
    /// # Panics
    ///
    /// When the batch's text would exceed 4 GiB; callers cap their batches far below.
    pub fn push(&mut self, record: &Record<'_>) {
        let acl = self.keep(record.acl);
        let action = match record.action {
            Action::Allow => RowAction::Allow,
            Action::Block => RowAction::Block,
            Action::Captcha => RowAction::Captcha,
            Action::Challenge => RowAction::Challenge,
            Action::Other(name) => RowAction::Other(self.keep(name)),
        };
        let counted_rules = self.keep_list(record.counted_rules);
        let labels = self.keep_list(record.labels);
        let row = Row {
            timestamp: record.timestamp,
            acl,
            action,
            counted: record.counted,
            rule: self.keep_optional(record.rule),
            inner_rule: self.keep_optional(record.inner_rule),
            counted_rules,
            labels,
            client_address: self.keep_optional(record.client_address),
            country: self.keep_optional(record.country),
            uri: self.keep_optional(record.uri),
            user_agent: self.keep_optional(record.user_agent),
            host: self.keep_optional(record.host),
            method: self.keep_optional(record.method),
            ja3: self.keep_optional(record.ja3),
            ja4: self.keep_optional(record.ja4),
            http_source: self.keep_optional(record.http_source),
            log_bytes: record.log_bytes,
            body_bytes: record.body_bytes,
        };
        self.rows.push(row);
    }

    /// The records in the order they were pushed.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        self.rows.iter().map(|row| self.view(row))
    }

    /// The record at `index`, in the order they were pushed.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Record<'_>> {
        self.rows.get(index).map(|row| self.view(row))
    }

    /// How many records the batch holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the batch holds no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of text held, a measure of the batch's size in memory.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// Forgets the records and keeps the memory for the next ones.
    pub fn clear(&mut self) {
        self.text.clear();
        self.lists.clear();
        self.rows.clear();
    }

    fn view<'a>(&'a self, row: &'a Row) -> Record<'a> {
        let optional = |span: &Option<Span>| span.as_ref().map(|span| self.text_of(span));
        Record {
            timestamp: row.timestamp,
            acl: self.text_of(&row.acl),
            action: match &row.action {
                RowAction::Allow => Action::Allow,
                RowAction::Block => Action::Block,
                RowAction::Captcha => Action::Captcha,
                RowAction::Challenge => Action::Challenge,
                RowAction::Other(name) => Action::Other(self.text_of(name)),
            },
            counted: row.counted,
            rule: optional(&row.rule),
            inner_rule: optional(&row.inner_rule),
            counted_rules: self.list_of(&row.counted_rules),
            labels: self.list_of(&row.labels),
            client_address: optional(&row.client_address),
            country: optional(&row.country),
            uri: optional(&row.uri),
            user_agent: optional(&row.user_agent),
            host: optional(&row.host),
            method: optional(&row.method),
            ja3: optional(&row.ja3),
            ja4: optional(&row.ja4),
            http_source: optional(&row.http_source),
            log_bytes: row.log_bytes,
            body_bytes: row.body_bytes,
        }
    }

    fn text_of(&self, span: &Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    fn list_of(&self, span: &Span) -> TextList<'_> {
        let spans = &self.lists[span.start as usize..span.end as usize];
        TextList::kept(&self.text, spans)
    }

    fn keep(&mut self, text: &str) -> Span {
        let start = offset(self.text.len());
        self.text.push_str(text);
        start..offset(self.text.len())
    }

    fn keep_optional(&mut self, text: Option<&str>) -> Option<Span> {
        text.map(|text| self.keep(text))
    }

    fn keep_list(&mut self, texts: TextList<'_>) -> Span {
        let start = offset(self.lists.len());
        for text in texts.iter() {
            let span = self.keep(text);
            self.lists.push(span);
        }
        start..offset(self.lists.len())
    }
}

fn offset(length: usize) -> u32 {
    u32::try_from(length).expect("a batch is capped far below 4 GiB of text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_gives_back_what_was_pushed() {
        let plain = Record::new(EventTime(1), "acl-1", Action::Allow);
        let full = Record {
            counted: true,
            rule: Some("rule"),
            inner_rule: Some("group/inner"),
            counted_rules: TextList::of(&["a", "b/c"]),
            labels: TextList::of(&["awswaf:x", ""]),
            client_address: Some("192.0.2.1"),
            country: Some("DE"),
            uri: Some("/ü"),
            user_agent: Some("curl"),
            host: Some("example.com"),
            method: Some("GET"),
            ja3: Some("j3"),
            ja4: Some("j4"),
            http_source: Some("ALB"),
            log_bytes: 7,
            body_bytes: 8,
            ..Record::new(EventTime(-2), "acl-2", Action::Other("FUTURE"))
        };
        let mut batch = RecordBatch::new();
        batch.push(&plain);
        batch.push(&full);
        assert_eq!(batch.iter().collect::<Vec<_>>(), [plain.clone(), full]);
        batch.clear();
        assert!(batch.is_empty());
        batch.push(&plain);
        assert_eq!(batch.iter().collect::<Vec<_>>(), [plain]);
    }
}
