//! Takes the list of headers out of a record before it is parsed.
//!
//! Headers are more than half of a record, and all but two of them are read over. In the form in
//! which WAF writes them, a list of `{"name":"…","value":"…"}` without blanks, they can be read over
//! several times faster than by a JSON parser, which then reads the rest.
//!
//! The result is the same as that of parsing the whole line, for any line: what is not exactly of
//! this form is left to the parser, and a test holds the two equal.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr, memchr2};

use super::values::is_present;

const KEY: &str = "\"headers\":";
static LIST: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"headers\":["));

/// Stands where the list was, so that the parser can tell that it was the request's.
pub(super) const MARK: u64 = 18_446_744_073_709_551_557;

/// Longer lines hold many records, or one that is not worth the trouble.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// A line without its list of headers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WithoutHeaders<'l, 's> {
    /// The line, with [`MARK`] in place of the list.
    pub text: &'s str,
    /// Where the mark begins in it.
    pub mark_at: usize,
    /// How many bytes the line is longer than the text.
    pub removed: usize,
    /// The first host in the list.
    pub host: Option<&'l str>,
    /// The first user agent in the list.
    pub user_agent: Option<&'l str>,
}

/// Takes the list of headers out of `line`, by way of `scratch`; nothing where the line holds none,
/// several, one of another form, or one that is shorter than its mark.
pub(super) fn take_out<'l, 's>(
    line: &'l str,
    scratch: &'s mut String,
) -> Option<WithoutHeaders<'l, 's>> {
    if line.len() > MAX_LINE_BYTES {
        return None;
    }
    let key_at = LIST.find(line.as_bytes())?;
    let list_at = key_at + KEY.len();
    let list = &line[list_at..];
    let mut headers = List {
        text: list,
        position: 1,
        host: None,
        user_agent: None,
    };
    headers.read()?;
    let (list, rest) = list.split_at(headers.position);
    // A control character is an error in a string, which only the parser knows how to name.
    let has_control = list
        .bytes()
        .fold(false, |found, byte| found | (byte < b' '));
    if has_control || LIST.find(rest.as_bytes()).is_some() {
        return None;
    }
    scratch.clear();
    scratch.push_str(&line[..list_at]);
    scratch.push_str("18446744073709551557");
    scratch.push_str(rest);
    Some(WithoutHeaders {
        mark_at: list_at,
        removed: line.len().checked_sub(scratch.len())?,
        text: scratch,
        host: headers.host,
        user_agent: headers.user_agent,
    })
}

/// A walk over a list; every step gives nothing where the text is not of the expected form.
struct List<'l> {
    text: &'l str,
    position: usize,
    host: Option<&'l str>,
    user_agent: Option<&'l str>,
}

impl<'l> List<'l> {
    fn read(&mut self) -> Option<()> {
        if self.peek()? == b']' {
            self.position += 1;
            return Some(());
        }
        loop {
            self.header()?;
            let separator = self.peek()?;
            self.position += 1;
            match separator {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    fn header(&mut self) -> Option<()> {
        self.expect("{\"name\":\"")?;
        let name = self.plain_string()?;
        self.expect(",\"value\":\"")?;
        if name.eq_ignore_ascii_case("host") {
            let value = self.plain_string()?;
            self.host = self.host.or(is_present(value).then_some(value));
        } else if name.eq_ignore_ascii_case("user-agent") {
            let value = self.plain_string()?;
            self.user_agent = self.user_agent.or(is_present(value).then_some(value));
        } else {
            self.skip_string()?;
        }
        self.expect("}")
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        let is_next = self.text.as_bytes()[self.position..].starts_with(text.as_bytes());
        self.position += text.len();
        is_next.then_some(())
    }

    /// The rest of a string without escapes; ends behind its closing quote.
    fn plain_string(&mut self) -> Option<&'l str> {
        let start = self.position;
        let length = memchr(b'"', &self.text.as_bytes()[start..])?;
        self.position += length + 1;
        let text = &self.text[start..start + length];
        memchr(b'\\', text.as_bytes()).is_none().then_some(text)
    }

    /// Moves behind the closing quote of a string.
    fn skip_string(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        loop {
            let length = memchr2(b'"', b'\\', &bytes[self.position..])?;
            let found = self.position + length;
            if bytes[found] == b'"' {
                self.position = found + 1;
                return Some(());
            }
            // The parser has rules of its own for escapes of code points.
            let is_simple = matches!(
                bytes.get(found + 1)?,
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'
            );
            if !is_simple {
                return None;
            }
            self.position = found + 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{read_object, read_whole};
    use super::*;

    const DEPTH: u16 = 64;

    /// What a line reads as, by way of taking the headers out or not.
    fn read(line: &str, takes_out: bool) -> String {
        let mut scratch = String::new();
        let read = match takes_out {
            true => read_object(line, DEPTH, &mut scratch),
            false => read_whole(line, DEPTH),
        };
        let shown = read.map(|(mut unit, length)| {
            unit.request.headers_were_taken_out = false;
            (format!("{unit:?}"), length)
        });
        format!("{shown:?}")
    }

    fn record(headers: &str) -> String {
        format!(
            r#"{{"timestamp":1,"webaclId":"a","action":"ALLOW","httpRequest":{{"clientIp":"192.0.2.1","headers":{headers},"uri":"/x"}},"labels":[{{"name":"l"}}]}}"#
        )
    }

    #[test]
    fn the_usual_form_is_taken_out() {
        let line = record(
            r#"[{"name":"Host","value":"a.example"},{"name":"x","value":"\"q\\"},{"name":"USER-agent","value":"é"}]"#,
        );
        let mut scratch = String::new();
        let without = take_out(&line, &mut scratch).expect("it is the usual form");
        assert_eq!(
            (without.host, without.user_agent),
            (Some("a.example"), Some("é"))
        );
        assert!(!without.text.contains("example"));
        assert_eq!(read(&line, true), read(&line, false));
        assert_eq!(
            take_out(&record("[]"), &mut scratch),
            None,
            "nothing to gain"
        );
    }

    #[test]
    fn other_forms_are_left_to_the_parser() {
        let others = [
            r#"[ {"name":"Host","value":"a"}]"#,
            r#"[{"name":"Host"}]"#,
            r#"[{"name":"Host","value":"\u0061"}]"#,
            r#"[{"name":"x","value":"\u0061"}]"#,
            r#"[{"name":"x","value":"\q"}]"#,
            "[{\"name\":\"x\",\"value\":\"\t\"}]",
            r#"[{"value":"a","name":"Host"}]"#,
            r#"[{"name":"x","value":"a"}],"headers":[]"#,
            "null",
        ];
        for headers in others {
            let line = record(headers);
            assert_eq!(take_out(&line, &mut String::new()), None, "{line}");
            assert_eq!(read(&line, true), read(&line, false), "{line}");
        }
    }

    #[test]
    fn headers_of_something_else_are_not_the_requests() {
        let line = r#"{"webaclId":"a","other":{"headers":[{"name":"Host","value":"b"}]},"httpRequest":{"uri":"/"}} tail"#;
        assert!(take_out(line, &mut String::new()).is_some());
        assert_eq!(read(line, true), read(line, false));
        let behind = r#"{"webaclId":"a"} {"headers":[]}"#;
        assert_eq!(read(behind, true), read(behind, false));
    }

    fn header() -> impl Strategy<Value = String> {
        let name = prop_oneof![
            Just("Host".to_owned()),
            Just("host".to_owned()),
            Just("user-agent".to_owned()),
            Just("accept".to_owned()),
            Just("ho\\u0073t".to_owned()),
        ];
        let value = prop_oneof![
            Just("-".to_owned()),
            Just(String::new()),
            Just("a\\\"b".to_owned()),
            Just("\\".to_owned()),
            "[a-z{}\\[\\]\",:\t é]{0,8}",
        ];
        (name, value).prop_map(|(name, value)| format!(r#"{{"name":"{name}","value":"{value}"}}"#))
    }

    proptest! {
        #[test]
        fn taking_out_changes_no_reading(
            headers in prop::collection::vec(header(), 0..5),
            edit in prop::option::of((any::<prop::sample::Index>(), "[\\[\\]{}\",:a\\\\ ]{0,3}")),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut line = record(&format!("[{}]", headers.join(",")));
            let boundary = |line: &str, index: prop::sample::Index| {
                let mut at = index.index(line.len() + 1);
                while !line.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            if let Some((index, text)) = edit {
                line.insert_str(boundary(&line, index), &text);
            }
            if let Some(index) = cut {
                line.truncate(boundary(&line, index));
            }
            prop_assert_eq!(read(&line, true), read(&line, false), "{}", line);
        }
    }
}
