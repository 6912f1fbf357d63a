//! What every key accepts: for validation, and for the words of an error.

use std::fmt;

use toml::{Table, Value};

/// What a key accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Accepted {
    /// A whole number.
    Whole { least: i64, most: i64 },
    /// Any number.
    Number { least: f64, most: f64 },
    /// One of a few words.
    Words(&'static str),
    /// Something else, described.
    Other(&'static str),
}

impl fmt::Display for Accepted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { least, most } => write!(formatter, "a whole number, {least} to {most}"),
            Self::Number { least, most } => write!(formatter, "a number, {least} to {most}"),
            Self::Words(words) | Self::Other(words) => formatter.write_str(words),
        }
    }
}

const fn whole(least: i64, most: i64) -> Accepted {
    Accepted::Whole { least, most }
}

const fn number(least: f64, most: f64) -> Accepted {
    Accepted::Number { least, most }
}

const DAY_SECONDS: i64 = 86_400;
const LEVELS: Accepted = Accepted::Words("info, low, medium, high or critical");
const TRUTH: Accepted = Accepted::Words("true or false");
const PATH: Accepted = Accepted::Other("a path in quotes");

const WATCHED_URIS: Accepted =
    Accepted::Other("up to 3 different paths of at most 256 bytes, such as [\"/login\"]");

const TOPIC: Accepted = Accepted::Other(
    "the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:123456789012:incidents",
);
const VARIABLE: Accepted = Accepted::Other("the name of an environment variable in quotes");
const PRODUCT: Accepted = Accepted::Other(
    "the ARN of a product of Security Hub, such as \
     arn:aws:securityhub:eu-central-1:123456789012:product/123456789012/default",
);
const REGION: Accepted = Accepted::Other("the name of a region, such as eu-central-1");

/// Every key but the blocks of `notify`, whose keys are written `notify[].key`.
pub(super) const ACCEPTED: &[(&str, Accepted)] = &[
    ("windows.size_seconds", whole(10, DAY_SECONDS)),
    ("windows.lateness_seconds", whole(0, DAY_SECONDS)),
    ("windows.longest_wait_seconds", whole(1, DAY_SECONDS)),
    ("windows.idle_delay_seconds", whole(0, DAY_SECONDS)),
    ("windows.top_n", whole(1, 100)),
    ("windows.watched_uris", WATCHED_URIS),
    ("windows.max_acls", whole(1, 100_000)),
    ("windows.memory_mib", whole(1, 65_536)),
    ("windows.partial_budget_kib", whole(8, 1024)),
    ("windows.seed", whole(0, i64::MAX)),
    ("windows.dormant_after_hours", whole(1, 8_760)),
    ("ingest.max_record_kib", whole(1, 65_536)),
    ("ingest.max_line_mib", whole(1, 1024)),
    ("ingest.max_decompressed_mib", whole(1, 4096)),
    ("ingest.max_depth", whole(8, 120)),
    ("ingest.max_nesting", whole(1, 32)),
    (
        "ingest.accept_from",
        Accepted::Other("an RFC 3339 time such as \"2015-10-01T00:00:00Z\""),
    ),
    ("ingest.accept_future_minutes", whole(0, 525_600)),
    (
        "detect.detector",
        Accepted::Words("classic, ewma or calibrated"),
    ),
    ("detect.classic.history_hours", whole(1, 2160)),
    ("detect.classic.history_days", whole(1, 90)),
    (
        "detect.classic.anomaly_mode",
        Accepted::Words("total, mixed or ratio"),
    ),
    ("detect.classic.use_nonzero_baseline", TRUTH),
    (
        "detect.calibrated.false_incidents_per_week",
        number(0.01, 100.0),
    ),
    ("detect.ewma.alpha", number(0.001, 1.0)),
    ("detect.ewma.sigma", number(1.0, 100.0)),
    ("detect.ewma.train_days", number(0.0, 3650.0)),
    ("detect.ewma.top_k", whole(1, 1000)),
    ("incident.resolve_after_windows", whole(1, 10_000)),
    ("incident.minimum_level", LEVELS),
    ("incident.calendar", PATH),
    ("investigate.account", TRUTH),
    ("investigate.changes_hours", whole(1, 2160)),
    (
        "investigate.archive_bucket",
        Accepted::Other("the name of a bucket in quotes"),
    ),
    (
        "investigate.archive_prefix",
        Accepted::Words("the beginning of keys in quotes"),
    ),
    ("investigate.time_pad_minutes", whole(0, 60)),
    ("investigate.s3_max_keys", whole(1, 1_000)),
    ("investigate.s3_max_objects", whole(1, 10_000)),
    ("investigate.s3_max_bytes", whole(1, 1 << 30)),
    ("analyst.kind", Accepted::Words("built-in or bedrock")),
    (
        "analyst.model",
        Accepted::Other("the id of a model in quotes"),
    ),
    ("analyst.region", REGION),
    ("analyst.timeout_seconds", whole(1, 3600)),
    ("analyst.connect_timeout_seconds", whole(1, 60)),
    ("analyst.attempts", whole(1, 10)),
    ("analyst.max_output_tokens", whole(256, 32_768)),
    ("analyst.temperature", number(0.0, 1.0)),
    ("analyst.stop_token", Accepted::Other("a word in quotes")),
    ("analyst.json_mode", TRUTH),
    (
        "analyst.guardrail_id",
        Accepted::Other("the id of a guardrail in quotes"),
    ),
    (
        "analyst.guardrail_version",
        Accepted::Other("a number in quotes, or DRAFT"),
    ),
    ("analyst.confidence_threshold", number(0.0, 1.0)),
    ("analyst.tokens_per_hour", whole(0, 1_000_000_000)),
    ("analyst.tokens_per_day", whole(0, 1_000_000_000)),
    ("analyst.usd_per_hour", number(0.0, 100_000.0)),
    ("analyst.usd_per_day", number(0.0, 100_000.0)),
    ("analyst.input_price", number(0.0, 10_000.0)),
    ("analyst.output_price", number(0.0, 10_000.0)),
    ("store.path", PATH),
    ("store.commit_mib", whole(1, 1_024)),
    ("store.retention_days", whole(1, 3650)),
    (
        "notify[].kind",
        Accepted::Words("terminal, jsonl, webhook, slack, sns or securityhub"),
    ),
    ("notify[].name", Accepted::Other("a text in quotes")),
    ("notify[].minimum_level", LEVELS),
    ("notify[].path", PATH),
    ("notify[].url", Accepted::Other("a URL in quotes")),
    ("notify[].url_env", VARIABLE),
    ("notify[].url_file", PATH),
    ("notify[].secret_env", VARIABLE),
    ("notify[].timeout_seconds", whole(1, 300)),
    ("notify[].attempts", whole(1, 100)),
    ("notify[].headers", Accepted::Other("a table of texts")),
    ("notify[].topic_arn", TOPIC),
    ("notify[].region", REGION),
    ("notify[].product_arn", PRODUCT),
    ("privacy.mask_account_ids", TRUTH),
    (
        "privacy.mask_addresses",
        Accepted::Words("none, host or network"),
    ),
];

/// What `key` accepts. The index of a `notify` block plays no part.
pub(super) fn accepted(key: &str) -> Option<Accepted> {
    let general = without_index(key);
    let found = ACCEPTED.iter().find(|(known, _)| *known == general);
    found.map(|(_, accepted)| *accepted)
}

/// `notify[].url` for `notify[3].url`.
pub(super) fn without_index(key: &str) -> String {
    let Some((table, (_, rest))) = key
        .split_once('[')
        .and_then(|(table, rest)| Some((table, rest.split_once(']')?)))
    else {
        return key.to_owned();
    };
    format!("{table}[]{rest}")
}

/// A value out of its range.
#[derive(Debug)]
pub(super) struct OutOfRange {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) accepted: Accepted,
}

/// Whether every number in `table`, the settings as TOML, is in its range.
pub(super) fn check(table: &Table) -> Result<(), OutOfRange> {
    check_below(table, "")
}

fn check_below(table: &Table, prefix: &str) -> Result<(), OutOfRange> {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        match value {
            Value::Table(inner) => check_below(inner, &format!("{key}."))?,
            Value::Array(blocks) => {
                for (index, block) in blocks.iter().filter_map(Value::as_table).enumerate() {
                    check_below(block, &format!("{key}[{index}]."))?;
                }
            }
            leaf => check_leaf(key, leaf)?,
        }
    }
    Ok(())
}

fn check_leaf(key: String, value: &Value) -> Result<(), OutOfRange> {
    let Some(accepted) = accepted(&key) else {
        return Ok(());
    };
    let is_in_range = match (accepted, value) {
        (Accepted::Whole { least, most }, Value::Integer(given)) => (least..=most).contains(given),
        (Accepted::Number { least, most }, Value::Float(given)) => (least..=most).contains(given),
        (Accepted::Other(_), Value::String(given)) => !given.is_empty(),
        _ => true,
    };
    if is_in_range {
        return Ok(());
    }
    Err(OutOfRange {
        key,
        value: value.to_string(),
        accepted,
    })
}
