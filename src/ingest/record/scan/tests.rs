//! The scanner beside serde_json: whatever it reads, it reads alike.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use wafwatch_loadgen::{Generator, Options, Scenario};

use super::super::{KnownRuns, parse_object, scanned};
use super::Unusual;

const DEPTH: u16 = 64;

/// How a line was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Scanner,
    Parser,
}

/// Reads `line` in both ways where the scanner can, and demands the same fields and length.
///
/// What it cannot read is read by the parser alone, so there is nothing to compare.
fn read_within(line: &str, depth: u16) -> By {
    let mut known = KnownRuns::default();
    let Ok(first) = scanned(line, depth, &mut known) else {
        return By::Parser;
    };
    // The second time teaches what the third is read by.
    for _ in 0..2 {
        let again = scanned(line, depth, &mut known);
        assert_eq!(
            format!("{:?}", Ok::<_, Unusual>(&first)),
            format!("{:?}", again.as_ref()),
            "{line}"
        );
    }
    let scanned = first;
    let parsed = parse_object(line, depth);
    let parsed = parsed.unwrap_or_else(|reason| panic!("scanned, but {reason:?}: {line}"));
    assert_eq!(format!("{scanned:?}"), format!("{parsed:?}"), "{line}");
    By::Scanner
}

fn read(line: &str) -> By {
    read_within(line, DEPTH)
}

/// Some lines of every scenario.
static GENERATED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let lines_of = |scenario| {
        let mut options = Options::new(scenario);
        options.rate = options.rate.min(5.0);
        options.lead_in = Duration::from_secs(10);
        options.event = Duration::from_secs(10);
        options.duration = None;
        let mut generator = Generator::new(&options).expect("the options are in range");
        let mut lines = Vec::new();
        for _ in 0..400 {
            if generator.write_next(&mut lines).is_none() {
                break;
            }
        }
        String::from_utf8(lines).expect("lines are text")
    };
    let texts = Scenario::ALL.map(lines_of);
    texts
        .iter()
        .flat_map(|text| text.lines().map(str::to_owned))
        .collect()
});

#[test]
fn generated_records_are_scanned() {
    assert!(GENERATED.len() > 1_000);
    for line in GENERATED.iter() {
        assert_eq!(read(line), By::Scanner, "{line}");
    }
}

#[test]
fn records_of_other_writers_are_scanned() {
    for line in [
        r#"{"timestamp": 1, "webaclId": "a", "action": "ALLOW", "httpRequest": {"uri": "/ü", "headers": []}}"#,
        r#" { "webaclId" : "a" , "labels" : [ { "name" : "l" } , "m" , { } , [ ] ] } "#,
        r#"{"webaclId":"a","httpRequest":{"headers":[{"name":"Host","value":"a\"b"},{"value":"c\\","name":"User-Agent"}]}}"#,
        r#"{"web\u0061clId":"\u00e4\uD7ff","httpRequest":{"args":"\u00e4\/\n"}}"#,
        r#"{"webaclId":"a","webaclId":null,"action":true,"action":false,"timestamp":"-","requestBodySize":18}tail"#,
        r#"{"ruleGroupList":[{"nonTerminatingMatchingRules":[{"ruleId":"r","action":"COUNT"}],"ruleGroupId":"v#g#1","terminatingRule":{"ruleId":7}}]}"#,
        r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"1","message":"{}"}]}"#,
        r#"{"Records":[{"kinesis":{"data":"e30="}}]}"#,
        "{}",
    ] {
        assert_eq!(read(line), By::Scanner, "{line}");
    }
}

#[test]
fn other_texts_are_left_to_the_parser() {
    for line in [
        "",
        "{",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{"a":1 "b":2}"#,
        r#"{"a":[1,]}"#,
        r#"{"a":[,1]}"#,
        r#"{,"a":1}"#,
        r#"{"a":nul}"#,
        r#"{"a":nullx}"#,
        r#"{"a":01}"#,
        r#"{"a":1.5}"#,
        r#"{"a":1e999}"#,
        r#"{"a":-1}"#,
        r#"{"a":1234567890123456789}"#,
        r#"{"timestamp":-1}"#,
        r#"{"timestamp":1e3}"#,
        r#"{"timestamp":00}"#,
        r#"{"a":"\q"}"#,
        r#"{"a":"\u00g0"}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"action":"\ud800"}"#,
        r#"{"action":"\ud83d\ude00"}"#,
        r#"{"a":"b"#,
        r#"{"a":"b\"#,
        r#"{"a":{"b":[}]}}"#,
        r#"{a:1}"#,
        r#"{'a':1}"#,
        "{\"a\":\"\t\"}",
        "{\"a\":\t1}",
        "{\"a\":\"\u{0}\"}",
        r#"{1:1}"#,
        "1.5",
        "1e3{}",
        r#"{"webaclId":"a",1:1}"#,
    ] {
        assert_eq!(read(line), By::Parser, "{line}");
    }
}

/// How far ahead is marked differs behind a known run. What stands behind the object must not tell.
#[test]
fn what_stands_behind_an_object_changes_nothing_of_it() {
    let object = &GENERATED[0];
    for tail in [r#"{"a":"\u"}"#, r#"\q"#, r#""\ud800""#, "\n", "\u{0}", "\\"] {
        for blanks in [0, 64, 1_000, 3_000] {
            let line = format!("{object}{}{tail}", " ".repeat(blanks));
            assert_eq!(read(&line), By::Scanner, "{blanks} {tail}");
        }
    }
}

#[test]
fn no_level_beyond_the_limit_is_scanned() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for key in ["a", "labels", "ruleGroupList", "httpRequest"] {
            let nested =
                |levels: usize| format!("{}0{}", open.repeat(levels), close.repeat(levels));
            let line = |levels: usize| format!(r#"{{"{key}":{}}}"#, nested(levels - 1));
            assert_eq!(read_within(&line(10), 10), By::Scanner);
            assert_eq!(read_within(&line(11), 10), By::Parser);
        }
        // Levels that have closed count no more.
        let flat = vec![format!("{open}0{close}"); 30].join(",");
        assert_eq!(read_within(&format!(r#"{{"a":[{flat}]}}"#), 3), By::Scanner);
        let flat = format!(r#"{{"labels":[{flat}],"a":[{flat}]}}"#);
        assert_eq!(read_within(&flat, 3), By::Scanner);
    }
    assert_eq!(read_within("{}", 0), By::Parser);
}

#[test]
#[allow(clippy::print_stderr)]
fn real_records_are_scanned() {
    let folder = match std::env::var_os("WAFWATCH_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    for file in ["panther-analysis.ndjson", "awsdocs.ndjson"] {
        let path = folder.join("data/waf").join(file);
        let Ok(text) = std::fs::read_to_string(&path) else {
            eprintln!("skipped: {} is not there", path.display());
            continue;
        };
        for line in text.lines().filter(|line| line.starts_with('{')) {
            assert_eq!(read(line), By::Scanner, "{line}");
        }
    }
}

/// Names that shapes look for, names that they do not, and one written oddly.
const KEYS: &[&str] = &[
    "timestamp",
    "webaclId",
    "action",
    "terminatingRuleId",
    "terminatingRuleType",
    "httpSourceName",
    "ruleGroupList",
    "ruleGroupId",
    "terminatingRule",
    "nonTerminatingMatchingRules",
    "excludedRules",
    "exclusionType",
    "ruleId",
    "httpRequest",
    "clientIp",
    "country",
    "headers",
    "name",
    "value",
    "uri",
    "httpMethod",
    "host",
    "labels",
    "ja3Fingerprint",
    "ja4Fingerprint",
    "requestBodySize",
    "messageType",
    "logEvents",
    "awslogs",
    "records",
    "Records",
    "args",
    "",
    r#"\u0061ction"#,
    r#"ur\u0069"#,
    r#"\"host"#,
];

/// Scalars that are right, and some that are not.
const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "17",
    "-17",
    "1.5",
    "1e999",
    "01",
    "1700000000000",
    "123456789012345678",
    "1234567890123456789",
    "99999999999999999999",
    r#""""#,
    r#""-""#,
    r#""COUNT""#,
    r#""EXCLUDED_AS_COUNT""#,
    r#""CONTROL_MESSAGE""#,
    r#""AWS#Group#1""#,
    r#""arn:aws:wafv2:x:1:global/rulegroup/g/1""#,
    r#""Host""#,
    r#""USER-agent""#,
    r#""1700000000000""#,
    r#""2024-03-20T10:30:00Z""#,
    r#""a\"b\\""#,
    r#""\n\t\/""#,
    r#""\u00e4""#,
    r#""\ud83d\ude00""#,
    r#""\ud800""#,
    r#""ä€😀""#,
    r#""{[}]\\""#,
    "\"\t\"",
    "\"\u{7f}\"",
    "nul",
    "'a'",
];

const PUNCTUATION: &[&str] = &[
    "{", "}", "[", "]", "\"", "\\", ",", ":", " ", "\t", "\n", "\\u", "0", "-", "e", ".", "null",
    "\u{0}", "ü", "},{", "\",\"", "\":\"", "\\\"",
];

fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![12 => Just(""), 3 => Just(" "), 1 => select(&["  ", "\t", "\r", "\n"][..])]
}

fn value() -> impl Strategy<Value = String> {
    let text = "[a-z{}\\[\\]:, é/]{0,40}".prop_map(|text| format!("\"{text}\""));
    let leaf = prop_oneof![4 => select(SCALARS).prop_map(str::to_owned), 1 => text];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let element = (blank(), inner.clone(), blank())
            .prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let array = vec(element, 0..5).prop_map(|elements| format!("[{}]", elements.join(",")));
        prop_oneof![array, object_of(inner)]
    })
}

fn object_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let blanks = (blank(), blank(), blank(), blank());
    let field = (blanks, select(KEYS), value)
        .prop_map(|((a, b, c, d), key, value)| format!("{a}\"{key}\"{b}:{c}{value}{d}"));
    (blank(), vec(field, 0..8))
        .prop_map(|(blank, fields)| format!("{{{blank}{}}}", fields.join(",")))
}

/// A change of a text: cut off, something put in, something left out, or a part of another text.
#[derive(Debug, Clone)]
enum Edit {
    Cut(Index),
    Insert(Index, &'static str),
    Remove(Index, usize),
    Replace(Index, &'static str),
    Copy(Index, Index, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<Index>;
    let token = || prop_oneof![select(PUNCTUATION), select(SCALARS), select(KEYS)];
    prop_oneof![
        1 => index().prop_map(Edit::Cut),
        3 => (index(), token()).prop_map(|(at, token)| Edit::Insert(at, token)),
        2 => (index(), 1..20_usize).prop_map(|(at, length)| Edit::Remove(at, length)),
        2 => (index(), select(PUNCTUATION)).prop_map(|(at, token)| Edit::Replace(at, token)),
        2 => (index(), index(), 1..300_usize).prop_map(|(to, from, length)| Edit::Copy(to, from, length)),
    ]
}

fn boundary(text: &str, at: usize) -> usize {
    (at..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

fn edited(mut text: String, edits: &[Edit]) -> String {
    for edit in edits {
        let at = |index: &Index, text: &str| boundary(text, index.index(text.len() + 1));
        match edit {
            Edit::Cut(index) => text.truncate(at(index, &text)),
            Edit::Insert(index, token) => text.insert_str(at(index, &text), token),
            Edit::Remove(index, length) => {
                let start = at(index, &text);
                let end = boundary(&text, text.len().min(start + length));
                text.replace_range(start..end, "");
            }
            Edit::Replace(index, token) => {
                let start = at(index, &text);
                let end = boundary(&text, text.len().min(start + 1));
                text.replace_range(start..end, token);
            }
            Edit::Copy(to, from, length) => {
                let start = at(from, &text);
                let end = boundary(&text, text.len().min(start + length));
                let copied = text[start..end].to_owned();
                text.insert_str(at(to, &text), &copied);
            }
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn edited_records_are_read_alike(
        record in any::<Index>(),
        edits in vec(edit(), 1..5),
        depth in prop_oneof![9 => Just(DEPTH), 1 => 0..8_u16],
    ) {
        let record = record.get(GENERATED.as_slice()).clone();
        read_within(&edited(record, &edits), depth);
    }

    #[test]
    fn odd_objects_are_read_alike(
        object in object_of(value()),
        edits in vec(edit(), 0..3),
        depth in prop_oneof![4 => Just(DEPTH), 1 => 0..8_u16],
    ) {
        read_within(&edited(object, &edits), depth);
    }

    /// Runs that an earlier record made known change nothing of what a later one says.
    #[test]
    fn edited_records_behind_others_are_read_alike(
        record in any::<Index>(),
        edits in vec(vec(edit(), 0..3), 3..7),
    ) {
        let record = record.get(GENERATED.as_slice());
        let mut known = KnownRuns::default();
        for edits in &edits {
            let line = edited(record.clone(), edits);
            if let Ok(scanned) = scanned(&line, DEPTH, &mut known) {
                let parsed = parse_object(&line, DEPTH).expect("what was scanned");
                prop_assert_eq!(format!("{scanned:?}"), format!("{parsed:?}"), "{}", line);
            }
        }
    }

    #[test]
    fn usual_objects_are_scanned(
        keys in vec((select(KEYS), "[a-z{}\\[\\]:, é/]{0,40}", any::<u32>()), 0..12)
    ) {
        let fields = keys
            .iter()
            .map(|(key, text, number)| format!(r#""{key}":["{text}",{number},{{"{key}":"{text}"}}]"#));
        let object = format!("{{{}}}", fields.collect::<Vec<_>>().join(","));
        prop_assert_eq!(read(&object), By::Scanner);
    }
}
