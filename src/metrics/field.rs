//! The fields of the lines that are no metrics: what queries in Logs Insights may name.

/// What a line is: [`KIND_WINDOW`], [`KIND_INCIDENT`], [`KIND_HEALTH`] or [`KIND_MODEL`].
pub const KIND: &str = "kind";
/// A closed window.
pub const KIND_WINDOW: &str = "window";
/// An event of an incident.
pub const KIND_INCIDENT: &str = "incident";
/// What a call of a function did.
pub const KIND_HEALTH: &str = "health";
/// What a model did for an explanation.
pub const KIND_MODEL: &str = "model";

/// The Web ACL's ARN, its account id masked where that is wanted.
pub const ACL_ARN: &str = "acl_arn";
/// Start of the window, RFC 3339.
pub const WINDOW_START: &str = "window_start";
/// End of the window, RFC 3339.
pub const WINDOW_END: &str = "window_end";
/// `complete` or `incomplete`.
pub const COMPLETENESS: &str = "completeness";
/// `ready`, or `learning` as long as there is too little history for findings.
pub const STAGE: &str = "stage";
/// Lower bound of the number of distinct addresses.
pub const DISTINCT_LOWER: &str = "distinct_lower";
/// Upper bound of the number of distinct addresses.
pub const DISTINCT_UPPER: &str = "distinct_upper";
/// Bytes of the window's log records.
pub const LOG_BYTES: &str = "log_bytes";
/// The strongest finding in words; absent where there is none.
pub const STRONGEST: &str = "strongest";
/// Findings: a list of [`SIGNAL`], [`KEY`], [`OBSERVED`], [`EXPECTED`], [`LOWER`], [`UPPER`].
pub const FINDINGS: &str = "findings";
/// In a finding: the signal's kind.
pub const SIGNAL: &str = "signal";
/// In a finding: the rule, path or address that the signal follows, else absent.
pub const KEY: &str = "key";
/// In a finding: what was seen.
pub const OBSERVED: &str = "observed";
/// In a finding: what was expected.
pub const EXPECTED: &str = "expected";
/// In a finding: lower end of the expected band.
pub const LOWER: &str = "lower";
/// In a finding: upper end of the expected band.
pub const UPPER: &str = "upper";
/// In a top list: the value. In rejections: the reason.
pub const VALUE: &str = "value";
/// In a top list: how often it occurred at least.
pub const COUNT: &str = "count";

/// The event's id, by which receivers deduplicate.
pub const EVENT: &str = "event";
/// The incident's id.
pub const INCIDENT: &str = "incident";
/// `opened`, `worse` or `resolved`.
pub const CHANGE: &str = "change";
/// The incident's level: `info` to `critical`.
pub const LEVEL: &str = "level";
/// The incident's severity, 0 to 100.
pub const SEVERITY: &str = "severity";
/// Start of the incident's first window, RFC 3339.
pub const OPENED: &str = "opened";
/// Requests in the incident's windows.
pub const INCIDENT_REQUESTS: &str = "incident_requests";
/// Blocked requests in the incident's windows.
pub const INCIDENT_BLOCKED: &str = "incident_blocked";

/// The kind of the function that says how it went.
pub const FUNCTION: &str = "function_kind";
/// Rejected records by reason: a list of [`VALUE`] and [`COUNT`], only of reasons that occurred.
pub const REJECTED: &str = "rejected";

/// The model that was asked. OpenTelemetry's name, as the next three.
pub const MODEL: &str = "gen_ai.request.model";
/// Always `chat`.
pub const OPERATION: &str = "gen_ai.operation.name";
/// Always `aws.bedrock`.
pub const PROVIDER: &str = "gen_ai.provider.name";
/// `input` or `output`.
pub const TOKEN_TYPE: &str = "gen_ai.token.type";
/// Why the built-in analyst took over; absent where it did not. OpenTelemetry's name.
pub const ERROR_TYPE: &str = "error.type";
/// The version of the prompt.
pub const PROMPT: &str = "prompt";

/// Every field that stands at the top of some line, beside metrics, dimensions and the top lists of
/// [`super::TopField`].
pub const TOP_LEVEL: [&str; 27] = [
    KIND,
    ACL_ARN,
    WINDOW_START,
    WINDOW_END,
    COMPLETENESS,
    STAGE,
    DISTINCT_LOWER,
    DISTINCT_UPPER,
    LOG_BYTES,
    STRONGEST,
    FINDINGS,
    EVENT,
    INCIDENT,
    CHANGE,
    LEVEL,
    SEVERITY,
    OPENED,
    INCIDENT_REQUESTS,
    INCIDENT_BLOCKED,
    FUNCTION,
    REJECTED,
    MODEL,
    OPERATION,
    PROVIDER,
    TOKEN_TYPE,
    ERROR_TYPE,
    PROMPT,
];

/// Every field inside the lists of a line.
pub const IN_LISTS: [&str; 8] = [SIGNAL, KEY, OBSERVED, EXPECTED, LOWER, UPPER, VALUE, COUNT];
