#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proptest::prelude::*;
use wafwatch_windows::time::EventTime;

use super::super::detect::{AnomalyMode, DetectorKind};
use super::super::investigate::InvestigateConfig;
use super::super::keys::known_keys;
use super::super::notify::{
    NotifyConfig, NotifyTarget, SecretPlace, SecurityHubConfig, SlackConfig, SnsConfig,
    WebhookConfig,
};
use super::super::ranges::{ACCEPTED, Accepted};
use super::*;
use crate::incident::Level;
use crate::report::AddressMask;

/// Every key, each with a value that is not its default.
const EVERYTHING: &str = r#"
[windows]
size_seconds = 300
lateness_seconds = 31
longest_wait_seconds = 121
idle_delay_seconds = 61
top_n = 21
watched_uris = ["/login", "/api/token"]
max_acls = 257
memory_mib = 25
partial_budget_kib = 129
seed = 9223372036854775807
dormant_after_hours = 25

[ingest]
max_record_kib = 1025
max_line_mib = 9
max_decompressed_mib = 257
max_depth = 65
max_nesting = 9
accept_from = "2020-01-01T00:00:00Z"
accept_future_minutes = 11

[detect]
detector = "ewma"

[detect.classic]
history_hours = 48
history_days = 3
anomaly_mode = "ratio"
use_nonzero_baseline = false

[detect.calibrated]
false_incidents_per_week = 2.5

[detect.ewma]
alpha = 0.5
sigma = 4.5
train_days = 0
top_k = 101

[incident]
resolve_after_windows = 6
calendar = "plans.toml"
minimum_level = "medium"

[investigate]
account = true
changes_hours = 48
archive_bucket = "waf-logs"
archive_prefix = "archive/"
time_pad_minutes = 6
s3_max_keys = 400
s3_max_objects = 100
s3_max_bytes = 1000000

[analyst]
kind = "bedrock"
model = "eu.amazon.nova-lite-v1:0"
region = "eu-west-1"
timeout_seconds = 31
connect_timeout_seconds = 11
attempts = 4
max_output_tokens = 2049
temperature = 0.25
stop_token = "<FINISHED>"
json_mode = false
guardrail_id = "gr-1"
guardrail_version = "2"
confidence_threshold = 0.75
tokens_per_hour = 200001
tokens_per_day = 1000001
usd_per_hour = 1.5
usd_per_day = 2.5
input_price = 3.5
output_price = 4.5

[store]
path = "/var/lib/wafwatch/state.db"
commit_mib = 8
retention_days = 31

[privacy]
mask_account_ids = true
mask_addresses = "host"

[[notify]]
kind = "terminal"
name = "screen"
minimum_level = "info"

[[notify]]
kind = "jsonl"
path = "incidents.jsonl"

[[notify]]
kind = "webhook"
url = "https://user@example.com/secret/path?x=1"
secret_env = "HOOK_SECRET"
timeout_seconds = 11
attempts = 9
headers = { Authorization = "Bearer hidden" }

[[notify]]
kind = "slack"
url_env = "SLACK_HOOK"

[[notify]]
kind = "slack"
name = "team"
url_file = "/run/secrets/slack"
timeout_seconds = 12
attempts = 4

[[notify]]
kind = "sns"
topic_arn = "arn:aws:sns:eu-central-1:123456789012:incidents"
region = "eu-west-1"

[[notify]]
kind = "securityhub"
product_arn = "arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default"
attempts = 5
"#;

fn load(text: &str, variables: &[(&str, &str)]) -> Result<(Settings, Vec<Warning>), ConfigError> {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let lookup = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    Settings::load(Some((Path::new("waf.toml"), text)), &lookup)
}

fn error(text: &str) -> String {
    load(text, &[]).unwrap_err().to_string()
}

fn environment_error(variable: &str, value: &str) -> String {
    load("", &[(variable, value)]).unwrap_err().to_string()
}

#[test]
fn every_key_arrives() {
    let (settings, warnings) = load(EVERYTHING, &[]).unwrap();
    let windows = &settings.windows;
    assert_eq!(windows.size.seconds(), 300);
    assert_eq!(windows.lateness_seconds, 31);
    assert_eq!(windows.longest_wait_seconds, 121);
    assert_eq!(windows.idle_delay_seconds, 61);
    assert_eq!(windows.top_n, 21);
    assert_eq!(windows.watched_uris, ["/login", "/api/token"]);
    assert_eq!(windows.max_acls, 257);
    assert_eq!(windows.memory_mib, 25);
    assert_eq!(windows.partial_budget_kib, 129);
    assert_eq!(windows.seed, Some(i64::MAX as u64));
    assert_eq!(windows.dormant_after_hours, 25);
    let ingest = &settings.ingest;
    assert_eq!(ingest.max_record_kib, 1025);
    assert_eq!(ingest.max_line_mib, 9);
    assert_eq!(ingest.max_decompressed_mib, 257);
    assert_eq!(ingest.max_depth, 65);
    assert_eq!(ingest.max_nesting, 9);
    assert_eq!(ingest.accept_from, EventTime(1_577_836_800_000));
    assert_eq!(ingest.accept_future_minutes, 11);
    let detect = &settings.detect;
    assert_eq!(detect.detector, DetectorKind::Ewma);
    assert_eq!(detect.classic.history_seconds(), 48 * 3600);
    assert_eq!(detect.classic.anomaly_mode, AnomalyMode::Ratio);
    assert!(!detect.classic.use_nonzero_baseline);
    assert!((detect.calibrated.false_incidents_per_week - 2.5).abs() < 1e-9);
    let ewma = &detect.ewma;
    assert_eq!((ewma.alpha, ewma.sigma, ewma.train_days), (0.5, 4.5, 0.0));
    assert_eq!(ewma.top_k, 101);
    assert_eq!(settings.incident.resolve_after_windows, 6);
    assert_eq!(settings.incident.minimum_level, Level::Medium);
    assert_eq!(
        settings.incident.calendar,
        Some(PathBuf::from("plans.toml"))
    );
    assert_eq!(settings.investigate, investigated());
    assert_analyst(&settings.analyst.bedrock());
    assert_eq!(
        settings.store.path,
        PathBuf::from("/var/lib/wafwatch/state.db")
    );
    assert_eq!(settings.store.retention_days, 31);
    assert!(settings.privacy.mask_account_ids);
    assert_eq!(settings.privacy.mask_addresses, AddressMask::Host);
    let expected = [
        NotifyConfig {
            name: "screen".to_owned(),
            minimum_level: Level::Info,
            target: NotifyTarget::Terminal,
        },
        NotifyConfig {
            name: "jsonl".to_owned(),
            minimum_level: Level::Low,
            target: NotifyTarget::Jsonl {
                path: PathBuf::from("incidents.jsonl"),
            },
        },
        NotifyConfig {
            name: "webhook".to_owned(),
            minimum_level: Level::Low,
            target: NotifyTarget::Webhook(WebhookConfig {
                url: "https://user@example.com/secret/path?x=1".to_owned(),
                secret_env: Some("HOOK_SECRET".to_owned()),
                timeout_seconds: 11,
                attempts: 9,
                headers: BTreeMap::from([("Authorization".into(), "Bearer hidden".into())]),
            }),
        },
        NotifyConfig {
            name: "slack".to_owned(),
            minimum_level: Level::Low,
            target: NotifyTarget::Slack(SlackConfig {
                url: SecretPlace::Variable("SLACK_HOOK".to_owned()),
                ..SlackConfig::default()
            }),
        },
        NotifyConfig {
            name: "team".to_owned(),
            minimum_level: Level::Low,
            target: NotifyTarget::Slack(SlackConfig {
                url: SecretPlace::File(PathBuf::from("/run/secrets/slack")),
                timeout_seconds: 12,
                attempts: 4,
            }),
        },
        NotifyConfig {
            name: "sns".to_owned(),
            minimum_level: Level::Low,
            target: NotifyTarget::Sns(SnsConfig {
                topic_arn: "arn:aws:sns:eu-central-1:123456789012:incidents".to_owned(),
                region: Some("eu-west-1".to_owned()),
                attempts: 8,
            }),
        },
        NotifyConfig {
            name: "securityhub".to_owned(),
            minimum_level: Level::Low,
            target: NotifyTarget::SecurityHub(SecurityHubConfig {
                product_arn:
                    "arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default"
                        .to_owned(),
                attempts: 5,
            }),
        },
    ];
    assert_eq!(settings.notify, expected);
    let both = Warning::Ignored {
        ignored: "detect.classic.history_days",
        used: "detect.classic.history_hours",
    };
    assert_eq!(warnings, [both]);
}

#[test]
fn the_ranges_cover_every_key_and_no_other() {
    fn below(path: &str, keys: &mut BTreeSet<String>) {
        for name in known_keys(path).unwrap() {
            let key = format!("{path}.{name}");
            let key = key.trim_start_matches('.').replace("notify.", "notify[].");
            let table = if key == "notify" { "notify[]" } else { &key };
            if known_keys(table).is_some() {
                below(table, keys);
            } else {
                keys.insert(key);
            }
        }
    }
    let mut keys = BTreeSet::new();
    below("", &mut keys);
    let ranges: BTreeSet<String> = ACCEPTED.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(keys, ranges);
    for key in &keys {
        let name = key.rsplit('.').next().unwrap();
        assert!(
            EVERYTHING.contains(&format!("\n{name} = ")),
            "{key} is not tested"
        );
    }
}

#[test]
fn the_defaults_are_in_their_ranges_and_survive_being_written() {
    let defaults = Settings::default();
    defaults.check().unwrap();
    let (settings, warnings) = Settings::load(None, &|_| None).unwrap();
    assert_eq!(warnings, []);
    let text = defaults.to_toml().unwrap();
    assert_eq!(settings.to_toml().unwrap(), text);
    assert_eq!(Settings::from_toml(&text).unwrap().to_toml().unwrap(), text);
    let (everything, _) = load(EVERYTHING, &[]).unwrap();
    let text = everything.to_toml().unwrap();
    assert_eq!(Settings::from_toml(&text).unwrap().to_toml().unwrap(), text);
    assert_eq!(defaults.detect.classic.history_seconds(), 3600);
}

#[test]
fn both_ends_of_every_range_are_accepted_and_nothing_beyond() {
    for (key, accepted) in ACCEPTED {
        let (table, name) = key.rsplit_once('.').unwrap();
        let text = |value: &str| match table {
            "notify[]" => {
                format!("[[notify]]\nkind = \"webhook\"\nurl = \"http://a\"\n{name} = {value}")
            }
            // The longest wait must be no shorter than the lateness.
            "windows" if name == "lateness_seconds" => {
                format!("[windows]\nlongest_wait_seconds = 86400\n{name} = {value}")
            }
            "windows" if name == "longest_wait_seconds" => {
                format!("[windows]\nlateness_seconds = 0\n{name} = {value}")
            }
            // Each price takes the other.
            "analyst" if name.ends_with("_price") => {
                let other = match name {
                    "input_price" => "output_price",
                    _ => "input_price",
                };
                format!("[analyst]\n{other} = 1.0\n{name} = {value}")
            }
            _ => format!("[{table}]\n{name} = {value}"),
        };
        let (inside, outside) = match *accepted {
            Accepted::Whole { least, most } => {
                let outside = [least.checked_sub(1), most.checked_add(1)];
                let outside = outside.into_iter().flatten().map(|value| value.to_string());
                ([least.to_string(), most.to_string()], outside.collect())
            }
            Accepted::Number { least, most } => {
                let outside = vec![
                    (least - 0.1).to_string(),
                    (most + 0.1).to_string(),
                    "nan".into(),
                ];
                ([least.to_string(), format!("{most:?}")], outside)
            }
            Accepted::Words(_) | Accepted::Other(_) => continue,
        };
        for value in inside {
            load(&text(&value), &[]).unwrap_or_else(|error| panic!("{error}"));
        }
        for value in outside {
            let error = error(&text(&value));
            let shown = key.replace("[]", "[0]");
            assert!(
                error.contains(&format!("`{shown}` cannot be `{value}`")),
                "{error}"
            );
            assert!(error.contains(&format!("it takes {accepted}")), "{error}");
        }
    }
}

fn assert_analyst(bedrock: &crate::analyst::bedrock::BedrockSettings) {
    assert_eq!(bedrock.model, "eu.amazon.nova-lite-v1:0");
    assert_eq!(bedrock.region.as_deref(), Some("eu-west-1"));
    assert_eq!(
        (bedrock.timeout.as_secs(), bedrock.connect_timeout.as_secs()),
        (31, 11)
    );
    assert_eq!((bedrock.attempts, bedrock.max_output_tokens), (4, 2_049));
    assert_eq!(
        (bedrock.temperature, bedrock.confidence_threshold),
        (0.25, 0.75)
    );
    assert_eq!(
        (bedrock.stop_token.as_str(), bedrock.json_mode),
        ("<FINISHED>", false)
    );
    assert_eq!(bedrock.guardrail, Some(("gr-1".to_owned(), "2".to_owned())));
    let (hour, day) = (bedrock.budget.hour, bedrock.budget.day);
    assert_eq!((hour.tokens, day.tokens), (Some(200_001), Some(1_000_001)));
    assert_eq!((hour.cost_usd, day.cost_usd), (Some(1.5), Some(2.5)));
    let price = bedrock.price.unwrap();
    assert_eq!((price.input, price.output), (3.5, 4.5));
}

fn investigated() -> InvestigateConfig {
    InvestigateConfig {
        account: true,
        changes_hours: 48,
        archive_bucket: Some("waf-logs".to_owned()),
        archive_prefix: "archive/".to_owned(),
        time_pad_minutes: 6,
        s3_max_keys: 400,
        s3_max_objects: 100,
        s3_max_bytes: 1_000_000,
    }
}

#[test]
fn what_is_looked_up_is_set_by_the_names_that_users_know() {
    let environment = [
        ("WAFWATCH_ACCOUNT_EVIDENCE", "yes"),
        ("WAFWATCH_CHANGES_HOURS", "48"),
        ("WAF_LOG_BUCKET", "waf-logs"),
        ("WAF_LOG_PREFIX", "archive/"),
        ("TIME_PAD_MINUTES", "6"),
        ("S3_MAX_KEYS", "400"),
        ("S3_MAX_OBJECTS", "100"),
        ("S3_MAX_BYTES", "1000000"),
    ];
    let (settings, warnings) = load("", &environment).unwrap();
    assert_eq!((settings.investigate, warnings.len()), (investigated(), 0));
}

#[test]
fn the_analyst_is_set_by_the_names_that_users_know() {
    let variables = [
        ("WAFWATCH_ANALYST", "bedrock"),
        ("BEDROCK_MODEL_ID", "eu.amazon.nova-lite-v1:0"),
        ("BEDROCK_REGION", "eu-west-1"),
        ("BEDROCK_READ_TIMEOUT_SECONDS", "31"),
        ("BEDROCK_CONNECT_TIMEOUT_SECONDS", "11"),
        ("BEDROCK_MAX_ATTEMPTS", "4"),
        ("BEDROCK_MAX_TOKENS", "2049"),
        ("BEDROCK_TEMPERATURE", "0.25"),
        ("FM_STOP_TOKEN", "<FINISHED>"),
        ("USE_BEDROCK_JSON_MODE", "false"),
        ("BEDROCK_GUARDRAIL_ID", "gr-1"),
        ("BEDROCK_GUARDRAIL_VERSION", "2"),
        ("CONFIDENCE_THRESHOLD", "0.75"),
        ("BEDROCK_TOKENS_PER_HOUR", "200001"),
        ("BEDROCK_TOKENS_PER_DAY", "1000001"),
        ("BEDROCK_USD_PER_HOUR", "1.5"),
        ("BEDROCK_USD_PER_DAY", "2.5"),
    ];
    let prices = "[analyst]\ninput_price = 3.5\noutput_price = 4.5";
    let (settings, warnings) = load(prices, &variables).unwrap();
    assert_eq!(warnings, []);
    assert_analyst(&settings.analyst.bedrock());
    let origin = settings.origin("analyst.model").to_string();
    assert_eq!(origin, "environment variable BEDROCK_MODEL_ID");
    let (settings, warnings) = load("", &[("BEDROCK_READ_TIMEOUT_SECONDS", "36000")]).unwrap();
    assert_eq!(
        (settings.analyst.timeout_seconds, warnings.len()),
        (3_600, 1)
    );
    assert!(environment_error("FM_STOP_TOKEN", "a b").contains("FM_STOP_TOKEN"));
    assert!(environment_error("BEDROCK_REGION", "EU").contains("BEDROCK_REGION"));
}

#[test]
fn an_unknown_key_names_its_place_and_the_nearest_known_one() {
    let cases = [
        (
            "[windows]\n\nsize_second = 1",
            "waf.toml, line 3: unknown key `size_second` in [windows]; the nearest known key is `size_seconds`",
        ),
        (
            "[window]",
            "waf.toml, line 1: unknown key `window` at the top level; the nearest known key is `windows`",
        ),
        (
            "[detect.clasic]",
            "waf.toml, line 1: unknown key `clasic` in [detect]; the nearest known key is `classic`",
        ),
        (
            "[detect]\nsigma = 2",
            "waf.toml, line 2: unknown key `sigma` in [detect]; the nearest known key is `detect.ewma.sigma`",
        ),
        (
            "top_n = 2",
            "waf.toml, line 1: unknown key `top_n` at the top level; the nearest known key is `windows.top_n`",
        ),
        (
            "[[notify]]\nkind = \"terminal\"\n[[notify]]\nsecret = \"x\"",
            "waf.toml, line 4: unknown key `secret` in [[notify]]; the nearest known key is `secret_env`",
        ),
        (
            "store = { pth = \"x\" }",
            "waf.toml, line 1: unknown key `pth` in [store]; the nearest known key is `path`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), expected);
    }
    assert!(error("xyzzy = 1").contains("the nearest known key is `"));
}

#[test]
fn a_bad_value_names_the_key_the_value_and_what_is_accepted() {
    let cases = [
        (
            "[windows]\ntop_n = \"many\"",
            "waf.toml, line 2: `windows.top_n` cannot be `\"many\"`: it takes a whole number, 1 to 100",
        ),
        (
            "[windows]\ntop_n = -1",
            "waf.toml, line 2: `windows.top_n` cannot be `-1`: it takes a whole number, 1 to 100",
        ),
        (
            "[windows]\nwatched_uris = [\"login\"]",
            "waf.toml, line 2: `windows.watched_uris` cannot be `[\"login\"]`: it takes up to 3 different paths of at most 256 bytes, such as [\"/login\"]",
        ),
        (
            "[windows]\nsize_seconds = 5",
            "waf.toml, line 2: `windows.size_seconds` cannot be `5`: it takes a whole number, 10 to 86400",
        ),
        (
            "[windows]\nlongest_wait_seconds = 29",
            "waf.toml, line 2: `windows.longest_wait_seconds` cannot be `29`: it takes no less than windows.lateness_seconds, which is 30",
        ),
        (
            "detect.detector = \"magic\"",
            "waf.toml, line 1: `detect.detector` cannot be `\"magic\"`: it takes classic, ewma or calibrated",
        ),
        (
            "[incident]\nminimum_level = 3",
            "waf.toml, line 2: `incident.minimum_level` cannot be `3`: it takes info, low, medium, high or critical",
        ),
        (
            "[ingest]\naccept_from = \"soon\"",
            "waf.toml, line 2: `ingest.accept_from` cannot be `\"soon\"`: it takes an RFC 3339 time such as \"2015-10-01T00:00:00Z\"",
        ),
        (
            "[store]\npath = \"\"",
            "waf.toml, line 2: `store.path` cannot be `\"\"`: it takes a path in quotes",
        ),
        (
            "[privacy]\nmask_account_ids = \"no\"",
            "waf.toml, line 2: `privacy.mask_account_ids` cannot be `\"no\"`: it takes true or false",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), expected);
    }
    let long = error(&format!("[windows]\ntop_n = \"{}\"", "x".repeat(9_999)));
    assert!(long.len() < 200, "{long}");
    assert!(error("windows = 1").starts_with("waf.toml, line 1: `windows`: "));
    assert!(error("[windows]\ntop_n = \n").starts_with("waf.toml, line 2: cannot read"));
}

#[test]
fn a_native_time_is_accepted_too() {
    let (settings, _) = load("[ingest]\naccept_from = 2020-01-01T01:00:00+01:00", &[]).unwrap();
    assert_eq!(settings.ingest.accept_from, EventTime(1_577_836_800_000));
}

#[test]
fn a_notify_block_that_makes_no_sense_is_refused_without_showing_secrets() {
    let cases = [
        ("kind = \"jsonl\"", "needs the key `path`"),
        ("kind = \"webhook\"", "needs the key `url`"),
        (
            "kind = \"terminal\"\nurl = \"http://hidden\"",
            "`url` does not belong to `kind = \"terminal\"`",
        ),
        (
            "kind = \"webhook\"\nurl = \"hidden\"",
            "begins with http:// or https://",
        ),
        (
            "kind = \"webhook\"\nurl = \"https:///hidden\"",
            "and a host",
        ),
        (
            "kind = \"webhook\"\nurl = [\"http://hidden\"]",
            "it takes a URL in quotes",
        ),
        (
            "kind = \"webhook\"\nurl = \"http://a\"\nsecret_env = \"hidden-0/+\"",
            "never the secret itself",
        ),
        (
            "kind = \"webhook\"\nurl = \"http://a\"\nheaders = { \"a b\" = \"hidden\" }",
            "`headers` has names",
        ),
        (
            "kind = \"webhook\"\nurl = \"http://a\"\nheaders = { a = \"hidden\\n\" }",
            "of one line",
        ),
        ("kind = \"terminal\"\nname = \" \"", "`name` is not empty"),
        ("name = \"x\"", "missing field `kind`"),
        (
            "kind = \"mail\"",
            "`notify[0].kind` cannot be `\"mail\"`: it takes terminal, jsonl, webhook, slack, sns or securityhub",
        ),
        ("kind = \"sns\"", "needs the key `topic_arn`"),
        (
            "kind = \"slack\"\nurl = \"https://hidden\"",
            "`url` does not belong to `kind = \"slack\"`",
        ),
        (
            "kind = \"slack\"\nurl_env = \"https://hidden\"",
            "`url_env` is the name of an environment variable",
        ),
        (
            "kind = \"slack\"\nurl_env = \"A\"\nurl_file = \"hidden\"",
            "two places for one secret",
        ),
        ("kind = \"securityhub\"", "needs the key `product_arn`"),
        (
            "kind = \"securityhub\"\nproduct_arn = \"arn:aws:securityhub:eu-west-1::product/a/b\"",
            "`product_arn` is the ARN of a product of Security Hub",
        ),
        (
            "kind = \"sns\"\ntopic_arn = \"incidents\"",
            "`topic_arn` is the ARN of an SNS topic",
        ),
        (
            "kind = \"sns\"\ntopic_arn = \"arn:aws:sns:eu-west-1:123456789012:a\"\nregion = \"EU\"",
            "`region` is the name of a region",
        ),
        (
            "kind = \"jsonl\"\npath = \"a\"\nregion = \"eu-west-1\"",
            "`region` does not belong to `kind = \"jsonl\"`",
        ),
    ];
    for (block, expected) in cases {
        let error = error(&format!("\n[[notify]]\n{block}"));
        assert!(error.starts_with("waf.toml, line "), "{error}");
        assert!(error.contains("`notify[0]"), "{error}");
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("hidden"), "{error}");
    }
    let second = error("[[notify]]\nkind = \"terminal\"\n[[notify]]\nkind = \"jsonl\"");
    assert!(
        second.starts_with("waf.toml, line 3: `notify[1]`: "),
        "{second}"
    );
    let twice = error(&"[[notify]]\nkind = \"terminal\"\n".repeat(2));
    assert!(
        twice.starts_with("waf.toml, line 3: `notify[1]`: another block"),
        "{twice}"
    );
    let single = error("[notify]\nkind = \"terminal\"");
    assert!(single.contains("write it as [[notify]]"), "{single}");
}

#[test]
fn the_name_of_a_header_cannot_drive_a_terminal() {
    let text = "[[notify]]\nkind = \"webhook\"\nurl = \"https://a.example\"\n\
                headers.\"\\u001b[31m\" = 5\n";
    let error = error(text);
    assert!(error.contains("notify[0].headers. [31m"), "{error}");
    assert!(!error.chars().any(char::is_control), "{error:?}");
}

#[test]
fn the_environment_is_put_over_the_file() {
    let variables = [
        ("WINDOW_MINUTES", "2"),
        ("HISTORY_HOURS", " 7 "),
        ("ANOMALY_MODE", "Total"),
        ("USE_NONZERO_BASELINE", "YES"),
        ("EWMA_ALPHA", "0.25"),
        ("SIGMA", "5"),
        ("TRAIN_DAYS", "0.5"),
        ("TOP_K", "7"),
        ("WAFWATCH_DETECTOR", "classic"),
        ("WAFWATCH_STORE", "other.db"),
        ("WAFWATCH_LATENESS_SECONDS", "5"),
        ("WAFWATCH_LONGEST_WAIT_SECONDS", "6"),
        ("WAFWATCH_IDLE_DELAY_SECONDS", "7"),
        ("WAFWATCH_RETENTION_DAYS", "8"),
        ("WAFWATCH_SEED", "9223372036854775806"),
        ("WAFWATCH_MINIMUM_LEVEL", "Critical"),
        ("WAFWATCH_MASK_ACCOUNT_IDS", "true"),
        ("WAFWATCH_MASK_ADDRESSES", "Network"),
    ];
    let (settings, warnings) = load(EVERYTHING, &variables).unwrap();
    assert_eq!(warnings, []);
    let windows = &settings.windows;
    assert_eq!(
        (windows.lateness_seconds, windows.longest_wait_seconds),
        (5, 6)
    );
    assert_eq!(windows.idle_delay_seconds, 7);
    assert_eq!(settings.store.retention_days, 8);
    assert_eq!(windows.seed, Some(9_223_372_036_854_775_806));
    assert_eq!(settings.incident.minimum_level, Level::Critical);
    assert!(settings.privacy.mask_account_ids);
    assert_eq!(settings.privacy.mask_addresses, AddressMask::Network);
    assert_eq!(settings.windows.size.seconds(), 120);
    assert_eq!(settings.detect.detector, DetectorKind::Classic);
    let classic = &settings.detect.classic;
    assert_eq!(
        (classic.history_hours, classic.history_days),
        (Some(7), None)
    );
    assert_eq!(classic.anomaly_mode, AnomalyMode::Total);
    assert!(classic.use_nonzero_baseline);
    let ewma = &settings.detect.ewma;
    assert_eq!((ewma.alpha, ewma.sigma, ewma.train_days), (0.25, 5.0, 0.5));
    assert_eq!(ewma.top_k, 7);
    assert_eq!(settings.store.path, PathBuf::from("other.db"));
    let variable = "WINDOW_MINUTES";
    assert_eq!(
        settings.origin("windows.size_seconds"),
        Origin::Environment { variable }
    );

    let (settings, _) = load(EVERYTHING, &[("HISTORY_DAYS", "2")]).unwrap();
    assert_eq!(settings.detect.classic.history_seconds(), 2 * 86_400);
    let both = [("HISTORY_DAYS", "2"), ("HISTORY_HOURS", "3")];
    let (settings, warnings) = load("", &both).unwrap();
    assert_eq!(settings.detect.classic.history_seconds(), 3 * 3600);
    assert_eq!(
        warnings[0].to_string(),
        "HISTORY_DAYS is ignored, because HISTORY_HOURS is given too"
    );
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let (settings, warnings) = load("", &[("WINDOW_MINUTES", ""), ("SIGMA", "  ")]).unwrap();
    assert_eq!(
        settings.to_toml().unwrap(),
        Settings::default().to_toml().unwrap()
    );
    assert_eq!(warnings, []);
}

#[test]
fn numbers_out_of_range_are_held_at_its_ends_and_told() {
    let seconds = |settings: &Settings| f64::from(settings.windows.size.seconds());
    let hours = |settings: &Settings| settings.detect.classic.history_seconds() as f64 / 3600.0;
    let alpha = |settings: &Settings| settings.detect.ewma.alpha;
    let train = |settings: &Settings| settings.detect.ewma.train_days;
    let keys = |settings: &Settings| f64::from(settings.detect.ewma.top_k);
    type Read = fn(&Settings) -> f64;
    let cases: [(&str, &str, Read, f64, &str); 10] = [
        ("WINDOW_MINUTES", "0", seconds, 60.0, "1"),
        ("WINDOW_MINUTES", "-5", seconds, 60.0, "1"),
        ("WINDOW_MINUTES", "1441", seconds, 86_400.0, "1440"),
        ("HISTORY_HOURS", "0", hours, 1.0, "1"),
        (
            "HISTORY_HOURS",
            "99999999999999999999999999",
            hours,
            2160.0,
            "2160",
        ),
        ("HISTORY_DAYS", "0", hours, 24.0, "1"),
        ("HISTORY_DAYS", "91", hours, 2160.0, "90"),
        ("EWMA_ALPHA", "1.5", alpha, 1.0, "1"),
        ("TRAIN_DAYS", "-1", train, 0.0, "0"),
        ("TOP_K", "0", keys, 1.0, "1"),
    ];
    for (variable, given, read, expected, used) in cases {
        let (settings, warnings) = load("", &[(variable, given)]).unwrap();
        assert_eq!(read(&settings), expected, "{variable}={given}");
        let text = warnings[0].to_string();
        let start = format!("{variable}={given} is out of range: {used} is used (it takes ");
        assert!(text.starts_with(&start), "{text}");
        assert_eq!(warnings.len(), 1);
    }
    for (variable, most) in [("WINDOW_MINUTES", "1440"), ("HISTORY_HOURS", "2160")] {
        assert_eq!(load("", &[(variable, most)]).unwrap().1, []);
    }
}

#[test]
fn what_is_no_number_is_an_error_that_names_the_variable() {
    for value in ["many", "1.5", "0x10", "1e3", "", "inf"] {
        if value.is_empty() {
            continue;
        }
        assert_eq!(
            environment_error("WINDOW_MINUTES", value),
            format!(
                "environment variable WINDOW_MINUTES: `windows.size_seconds` cannot be `{value}`: \
                 it takes a whole number, 1 to 1440"
            )
        );
    }
    let cases = [
        ("SIGMA", "nan", "a number, 1 to 100"),
        ("ANOMALY_MODE", "all", "total, mixed or ratio"),
        (
            "USE_NONZERO_BASELINE",
            "maybe",
            "true, false, 1, 0, yes or no",
        ),
        ("WAFWATCH_DETECTOR", "magic", "classic, ewma or calibrated"),
        (
            "WAFWATCH_SEED",
            "9223372036854775808",
            "a whole number, 0 to 9223372036854775807",
        ),
    ];
    for (variable, value, accepted) in cases {
        let error = environment_error(variable, value);
        let start = format!("environment variable {variable}: ");
        assert!(
            error.starts_with(&start) && error.ends_with(accepted),
            "{error}"
        );
    }
}

#[test]
fn the_effective_settings_show_where_they_come_from_and_no_secret() {
    let text = "[store]\n\npath = \"a.db\"\n[[notify]]\nkind = \"webhook\"\nurl = \
                \"https://u:hidden@example.com/hidden\"\nheaders = { X-Key = \"hidden\" }\n";
    let (mut settings, _) = load(text, &[("SIGMA", "4")]).unwrap();
    settings.windows.seed = Some(u64::MAX);
    settings.set_by_flag("windows.seed", "--seed");
    let shown = settings.effective();
    let line = |start: &str| {
        let found = shown.lines().find(|line| line.starts_with(start));
        found.unwrap_or_else(|| panic!("{start} is missing in\n{shown}"))
    };
    assert!(line("size_seconds = 60 ").ends_with("# default"));
    assert!(line("path = \"a.db\" ").ends_with("# waf.toml, line 3"));
    assert!(line("sigma = 4.0 ").ends_with("# environment variable SIGMA"));
    assert!(line("seed = \"18446744073709551615\" ").ends_with("# flag --seed"));
    assert!(line("url = \"https://example.com/…\" ").ends_with("# waf.toml, line 6"));
    line("headers = { \"X-Key\" = \"…\" }");
    line("# history_hours is not set");
    assert!(!shown.contains("hidden") && !format!("{settings:?}").contains("hidden"));
    assert!(settings.check().is_err(), "a file cannot hold that seed");

    let defaults = Settings::default();
    let parsed = Settings::from_toml(&defaults.effective()).unwrap();
    assert_eq!(parsed.to_toml().unwrap(), defaults.to_toml().unwrap());
}

fn toml_text() -> impl Strategy<Value = String> {
    let lines = EVERYTHING.lines().map(str::to_owned).collect::<Vec<_>>();
    let line = prop_oneof![
        6 => prop::sample::select(lines),
        1 => "[a-z_]{0,9} = (-?[0-9]{1,20}|\"[^\"\\\\]{0,9}\"|nan|\\[\\]|\\{\\})",
        1 => "\\[{1,2}[a-z.]{0,9}\\]{1,2}",
        1 => ".{0,20}",
    ];
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

/// The topics that settings publish to: name of the block, ARN, region.
fn topics(settings: &Settings) -> Vec<(&str, &str, &str)> {
    let topics = settings
        .notify
        .iter()
        .filter_map(|block| match &block.target {
            NotifyTarget::Sns(sns) => {
                Some((block.name.as_str(), sns.topic_arn.as_str(), sns.region()))
            }
            _ => None,
        });
    topics.collect()
}

#[test]
fn a_topic_is_set_by_the_file_or_the_environment() {
    const HERE: &str = "arn:aws:sns:eu-central-1:123456789012:here";
    const THERE: &str = "arn:aws-cn:sns:cn-north-1:123456789012:there.fifo";
    let block = format!("[[notify]]\nkind = \"sns\"\ntopic_arn = \"{HERE}\"\nattempts = 3");
    let variables = [("SNS_TOPIC_ARN", THERE), ("SNS_REGION", "us-east-1")];

    let (settings, _) = load(&block, &[]).unwrap();
    assert_eq!(topics(&settings), [("sns", HERE, "eu-central-1")]);
    let again = settings.to_toml().unwrap();
    assert_eq!(load(&again, &[]).unwrap().0.notify, settings.notify);

    let (settings, _) = load(&block, &variables).unwrap();
    assert_eq!(topics(&settings), [("sns", THERE, "us-east-1")]);
    let line = format!("topic_arn = \"{THERE}\" # environment variable SNS_TOPIC_ARN");
    assert!(
        settings.effective().contains(&line),
        "{}",
        settings.effective()
    );

    let (settings, _) = load("", &variables[..1]).unwrap();
    assert_eq!(topics(&settings), [("sns", THERE, "cn-north-1")]);
    assert_eq!(settings.notify.len(), 2, "the terminal stays");

    let named = format!("{block}\nname = \"team\"");
    let (settings, _) = load(&named, &variables).unwrap();
    assert_eq!(topics(&settings), [("team", HERE, "eu-central-1")]);

    let error = environment_error("SNS_TOPIC_ARN", "here");
    assert!(error.contains("the ARN of an SNS topic"), "{error}");
    let bad_region = [("SNS_TOPIC_ARN", HERE), ("SNS_REGION", "here!")];
    let error = load("", &bad_region).unwrap_err().to_string();
    assert!(error.contains("SNS_REGION"), "{error}");
}

#[test]
fn findings_and_slack_are_added_by_the_environment() {
    const PRODUCT: &str = "arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default";
    let variables = [
        ("SECURITYHUB_PRODUCT_ARN", PRODUCT),
        ("SLACK_WEBHOOK_URL", "https://hooks.example/hidden"),
    ];
    let (settings, _) = load("", &variables).unwrap();
    let names: Vec<&str> = settings
        .notify
        .iter()
        .map(|block| block.name.as_str())
        .collect();
    assert_eq!(names, ["terminal", "securityhub", "slack"]);
    let NotifyTarget::SecurityHub(hub) = &settings.notify[1].target else {
        panic!("{:?}", settings.notify[1]);
    };
    assert_eq!((hub.region(), hub.account()), ("eu-west-1", "123456789012"));
    let shown = settings.effective();
    assert!(
        shown.contains("# environment variable SECURITYHUB_PRODUCT_ARN"),
        "{shown}"
    );
    assert!(shown.contains("url_env = \"SLACK_WEBHOOK_URL\""), "{shown}");
    assert!(!shown.contains("hidden"), "{shown}");

    // A block with a name of its own is set on purpose, and so is another variable.
    let slack = "[[notify]]\nkind = \"slack\"\nname = \"team\"\nurl_env = \"TEAM\"";
    let (settings, _) = load(slack, &variables[1..]).unwrap();
    assert_eq!(settings.notify.len(), 1);
    let error = environment_error("SECURITYHUB_PRODUCT_ARN", "here");
    assert!(error.contains("the ARN of a product"), "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_a_panic(text in prop_oneof![any::<String>(), toml_text()]) {
        match Settings::from_toml(&text) {
            Ok(settings) => {
                let written = settings.to_toml().unwrap();
                let again = Settings::from_toml(&written).unwrap();
                prop_assert_eq!(again.to_toml().unwrap(), written);
                prop_assert!(settings.effective().contains("size_seconds"));
            }
            Err(error) => prop_assert!(!error.to_string().contains('\n')),
        }
    }

    #[test]
    fn no_variable_makes_a_panic(name in 0usize..20, value: String) {
        const NAMES: [&str; 20] = [
            "WINDOW_MINUTES", "HISTORY_HOURS", "HISTORY_DAYS", "ANOMALY_MODE",
            "USE_NONZERO_BASELINE", "EWMA_ALPHA", "SIGMA", "TRAIN_DAYS", "TOP_K",
            "WAFWATCH_DETECTOR", "WAFWATCH_STORE", "WAFWATCH_LATENESS_SECONDS",
            "WAFWATCH_LONGEST_WAIT_SECONDS", "WAFWATCH_IDLE_DELAY_SECONDS",
            "WAFWATCH_RETENTION_DAYS", "WAFWATCH_SEED", "WAFWATCH_MINIMUM_LEVEL",
            "WAFWATCH_MASK_ACCOUNT_IDS", "WAFWATCH_CALENDAR", "WAFWATCH_MASK_ADDRESSES",
        ];
        if let Ok((settings, _)) = load("", &[(NAMES[name], &value)]) {
            settings.check().unwrap();
        }
    }
}
