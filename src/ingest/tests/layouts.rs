//! Every way to lay out JSON values in text, and where decoding goes on after a bad one.

use super::*;
use crate::ingest::RejectReason::{InvalidUtf8, NotAnObject, NotJson, TooDeep, Truncated};

fn pretty(uri: &str) -> String {
    let value: Value = serde_json::from_str(&record(uri)).expect("a record is JSON");
    serde_json::to_string_pretty(&value).expect("a value serialises")
}

fn check(name: &str, text: &str, uris: &[&str], reasons: &[(RejectReason, u64)]) {
    let decoded = decoded(text.as_bytes());
    assert_eq!(decoded.uris(), uris, "{name}");
    assert_eq!(decoded.reasons(), reasons, "{name}");
}

#[test]
fn every_layout_gives_the_same_records() {
    let [a, b] = ["/a", "/b"].map(record);
    let [pretty_a, pretty_b] = ["/a", "/b"].map(pretty);
    let values: Vec<Value> = [&a, &b]
        .map(|text| serde_json::from_str(text).expect("a record is JSON"))
        .to_vec();
    let pretty_array = serde_json::to_string_pretty(&values).expect("a value serialises");
    for (name, text) in [
        ("lines", format!("{a}\n{b}\n")),
        ("no line feed at the end", format!("{a}\n{b}")),
        ("CRLF", format!("{a}\r\n{b}\r\n")),
        ("blank lines", format!("\n\n{a}\n \t\n\r\n{b}\n\n")),
        ("byte order mark", format!("\u{feff}{a}\n\u{feff}{b}")),
        ("concatenated", format!("{a}{b}")),
        ("concatenated with blanks", format!("{a} {b} ")),
        ("commas at line ends", format!("{a},\n{b},\n")),
        ("pretty-printed", format!("{pretty_a}\n{pretty_b}\n")),
        (
            "pretty-printed, concatenated",
            format!("{pretty_a}{pretty_b}"),
        ),
        (
            "pretty-printed, CRLF",
            format!("{pretty_a}\n{pretty_b}").replace('\n', "\r\n"),
        ),
        ("array", format!("[{a},{b}]")),
        ("array over lines", format!("[\n{a},\n{b}\n]\n")),
        (
            "array that opens with its first element",
            format!("[{a},\n{b}]"),
        ),
        ("pretty-printed array", pretty_array),
        ("arrays on lines", format!("[{a}]\n[{b}]")),
        ("arrays in arrays", format!("[[{a}],[[{b}]]]")),
        ("the middle of an array", format!("{a},\n{b},")),
        ("the beginning of an array", format!("[\n{a},\n{b},\n")),
        ("the end of an array", format!("{a},\n{b}\n]\n")),
    ] {
        check(name, &text, &["/a", "/b"], &[]);
    }
}

#[test]
fn nothing_is_nothing() {
    for text in ["", " \n\r\n\t", "\u{feff}", "[]", "[\n]\n"] {
        let decoded = decoded(text.as_bytes());
        assert_eq!(decoded.accounts.read, 0, "{text:?}");
    }
}

#[test]
fn after_a_bad_record_decoding_goes_on_at_the_next() {
    let [a, b] = ["/a", "/b"].map(record);
    let cut = &a[..a.len() - 20];
    let broken = a.replacen(':', ";", 1);
    let pretty_broken = pretty("/x").replacen("\"ALLOW\"", "ALLOW", 1);
    for (name, text, reason) in [
        ("cut line", format!("{a}\n{cut}\n{b}"), Truncated),
        ("broken line", format!("{a}\n{broken}\n{b}"), NotJson),
        ("cut, concatenated", format!("{a}{cut}{a}{b}"), NotJson),
        ("broken, concatenated", format!("{a}{broken}{b}"), NotJson),
        (
            "a line that is no JSON",
            format!("{a}\nGET / 200\n{b}"),
            NotJson,
        ),
        (
            "the end of a record",
            format!("alue\"}}]}}}}{a}{b}"),
            NotJson,
        ),
        ("broken element", format!("[{a},{broken},{b}]"), NotJson),
        (
            "element that is no object",
            format!("[{a}, 17, {b}]"),
            NotAnObject,
        ),
        (
            "element that is no JSON",
            format!("[{a}, nope, {b}]"),
            NotJson,
        ),
        ("string", format!("{a}\n\"text\"\n{b}"), NotAnObject),
        ("null", format!("{a}\nnull\n{b}"), NotAnObject),
        ("NUL bytes", format!("{a}\n\0\0\0\n{b}"), NotJson),
        (
            "NUL in a record",
            format!("{a}\n{}\n{b}", a.replace("ALLOW", "A\0")),
            NotJson,
        ),
        (
            "pretty-printed",
            format!("{}\n{pretty_broken}\n{}", pretty("/a"), pretty("/b")),
            NotJson,
        ),
        (
            "cut at a colon",
            format!("{a}\n{{\"timestamp\":\n{b}"),
            Truncated,
        ),
        ("cut behind the brace", format!("{a}\n{{\n{b}"), Truncated),
        ("cut at the end", format!("{a}\n{b}\n{cut}"), Truncated),
    ] {
        check(name, &text, &["/a", "/b"], &[(reason, 1)]);
    }
}

#[test]
fn braces_in_strings_mislead_nobody() {
    let forged = record("/a}{\"timestamp\":1}{\"webaclId\":\"evil\"}");
    let decoded_whole = decoded(forged.as_bytes());
    assert_eq!(decoded_whole.counts(), (1, 0));

    // Cut off, so that decoding must find its way again through text of the client's choice.
    let next = record("/next");
    let cut = forged.replacen("\"action\":", "\"action\"", 1);
    let resumed = decoded(format!("{cut}{next}").as_bytes());
    assert_eq!(resumed.uris(), ["/next"]);
}

#[test]
fn only_lines_that_are_not_utf8_are_lost() {
    let [a, b, c] = ["/a", "/b", "/ü"].map(record);
    let bad = b"{\"uri\":\"\xff\xfe\"}".to_vec();
    let lines = [a.as_bytes(), &bad, b.as_bytes(), &bad, c.as_bytes()].join(&b'\n');
    let of_lines = decoded(&lines);
    assert_eq!(of_lines.uris(), ["/a", "/b", "/ü"]);
    assert_eq!(of_lines.reasons(), [(InvalidUtf8, 2)]);
    let offset = of_lines.accounts.samples[0].offset;
    assert_eq!(offset, 1_000 + a.len() as u64 + 1);

    let of_one_line = decoded(&[a.as_bytes(), &bad, b.as_bytes(), c.as_bytes()].concat());
    assert_eq!(of_one_line.uris(), ["/a", "/b", "/ü"]);
    assert_eq!(of_one_line.reasons(), [(InvalidUtf8, 1)]);
}

#[test]
fn arrays_nest_only_so_deep() {
    let deep = format!("{}\n{}", "[".repeat(65), record("/a"));
    check("deep", &deep, &["/a"], &[(TooDeep, 1)]);
    check("cut before the first element", "[[", &[], &[(Truncated, 1)]);
}
