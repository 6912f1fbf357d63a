//! JSON in what a model wrote: fenced, introduced, commented, with commas too many, cut by a stop token.
//!
//! The text is capped before anything else. The object is looked for by its braces, with regard to
//! strings; comments and trailing commas are removed outside of strings only.

use serde_json::Value;

/// Longest text that is looked at.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Braces that may begin the object.
const MAX_STARTS: usize = 8;

/// Why there is no JSON object in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// There is nothing.
    #[error("it was empty")]
    Empty,
    /// There is too much.
    #[error("it was longer than {MAX_ANSWER_BYTES} bytes")]
    TooLong,
    /// No object begins.
    #[error("it was no JSON")]
    NoObject,
    /// An object begins and does not end.
    #[error("it ended in the middle of the JSON")]
    Unfinished,
    /// What looks like an object is none.
    #[error("its JSON was malformed")]
    Malformed,
}

/// The JSON object in `text`, which ends at `stop_token` where it occurs.
///
/// # Errors
///
/// Why there is none.
pub fn object_in(text: &str, stop_token: &str) -> Result<Value, ParseError> {
    if text.len() > MAX_ANSWER_BYTES {
        return Err(ParseError::TooLong);
    }
    let end = match stop_token {
        "" => None,
        token => text.find(token),
    };
    let text = &text[..end.unwrap_or(text.len())];
    if text.trim().is_empty() {
        return Err(ParseError::Empty);
    }
    let mut problem = ParseError::NoObject;
    for (start, _) in text.match_indices('{').take(MAX_STARTS) {
        match object_at(&text[start..]) {
            Ok(value) => return Ok(value),
            // What begins further on is a part of this one.
            Err(ParseError::Unfinished) if problem == ParseError::NoObject => {
                return Err(ParseError::Unfinished);
            }
            // The first one is what the answer was meant to be.
            Err(error) if problem == ParseError::NoObject => problem = error,
            Err(_) => {}
        }
    }
    Err(problem)
}

fn object_at(text: &str) -> Result<Value, ParseError> {
    let cleaned = cleaned(text).ok_or(ParseError::Unfinished)?;
    match serde_json::from_str(&cleaned) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(ParseError::Malformed),
    }
}

/// The object that `text` begins with, without comments and trailing commas; `None` where it does not
/// end.
fn cleaned(text: &str) -> Option<String> {
    let mut object = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut depth = 0_usize;
    // Where the last comma stands in the object, as long as only blanks followed.
    let mut comma: Option<usize> = None;
    while let Some(character) = characters.next() {
        match character {
            '/' if characters.peek() == Some(&'/') => {
                characters.find(|next| *next == '\n');
                continue;
            }
            '/' if characters.peek() == Some(&'*') => {
                characters.next();
                skip_comment(&mut characters)?;
                continue;
            }
            '"' => {
                comma = None;
                object.push('"');
                push_string(&mut object, &mut characters)?;
                continue;
            }
            '{' | '[' => depth += 1,
            '}' | ']' => {
                if let Some(at) = comma {
                    object.truncate(at);
                }
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        match character {
            ',' => comma = Some(object.len()),
            blank if blank.is_whitespace() => {}
            _ => comma = None,
        }
        object.push(character);
        if depth == 0 {
            return Some(object);
        }
    }
    None
}

fn skip_comment(characters: &mut impl Iterator<Item = char>) -> Option<()> {
    let mut last = ' ';
    for character in characters {
        if last == '*' && character == '/' {
            return Some(());
        }
        last = character;
    }
    None
}

fn push_string(object: &mut String, characters: &mut impl Iterator<Item = char>) -> Option<()> {
    let mut is_escaped = false;
    for character in characters {
        match character {
            // Models break lines inside strings, which JSON forbids.
            '\n' => object.push_str("\\n"),
            '\r' => object.push_str("\\r"),
            '\t' => object.push_str("\\t"),
            other => object.push(other),
        }
        if character == '"' && !is_escaped {
            return Some(());
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const STOP: &str = "<END_JSON>";

    #[test]
    fn json_is_found_however_it_is_wrapped() {
        for text in [
            r#"{"a": [1, 2], "b": "x"}"#,
            "```json\n{\"a\": [1, 2], \"b\": \"x\"}\n```",
            "Here is the report:\n{\"a\": [1, 2], \"b\": \"x\"} I hope it helps {really}.",
            "{\"a\": [1, 2,], \"b\": \"x\",\n}",
            "{\"a\": [1, // one\n 2], /* and { two } */ \"b\": \"x\"}",
            "{\"a\": [1, 2], \"b\": \"x\"}<END_JSON>{\"a\": 3}",
            "{see below} {\"a\": [1, 2], \"b\": \"x\"}",
            "\u{feff} {\"a\":[1,2],\"b\":\"x\"}",
        ] {
            let value = object_in(text, STOP).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(value, json!({"a": [1, 2], "b": "x"}), "{text}");
        }
    }

    #[test]
    fn strings_are_left_alone() {
        let text = r#"{"a": "x,} // not a \" comment /* { */ <", "b": "c:\\"}"#;
        let value = object_in(text, STOP).expect("is JSON");
        assert_eq!(value["a"], "x,} // not a \" comment /* { */ <");
        assert_eq!(value["b"], "c:\\");
        let broken = object_in("{\"a\": \"one\ntwo\"}", STOP).expect("is mended");
        assert_eq!(broken["a"], "one\ntwo");
    }

    #[test]
    fn what_is_no_object_is_named() {
        for (text, problem) in [
            ("", ParseError::Empty),
            (" \n<END_JSON>{}", ParseError::Empty),
            ("I cannot help with that.", ParseError::NoObject),
            ("[1, 2]", ParseError::NoObject),
            ("{\"a\": \"unfinished", ParseError::Unfinished),
            ("{\"a\": [1, 2", ParseError::Unfinished),
            ("{\"a\": {\"b\": 1}, \"c\"", ParseError::Unfinished),
            ("{\"a\" 1}", ParseError::Malformed),
            ("{a: 1}", ParseError::Malformed),
        ] {
            assert_eq!(object_in(text, STOP), Err(problem), "{text}");
        }
        assert_eq!(
            object_in(&" ".repeat(10 << 20), STOP),
            Err(ParseError::TooLong)
        );
        let deep = "{\"a\":".repeat(9_000);
        assert_eq!(object_in(&deep, STOP), Err(ParseError::Unfinished));
        let deep = format!("{}{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
        assert_eq!(object_in(&deep, STOP), Err(ParseError::Malformed));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in any::<String>()) {
            let _ = object_in(&text, STOP);
        }

        #[test]
        fn what_is_json_stays_the_same(texts in prop::collection::vec(any::<String>(), 0..5)) {
            let value = json!({"texts": texts, "n": 1.5});
            prop_assert_eq!(object_in(&value.to_string(), "\u{0}never"), Ok(value));
        }
    }
}
