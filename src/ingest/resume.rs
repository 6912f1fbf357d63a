//! Finds where decoding goes on after a unit that could not be decoded.
//!
//! A client cannot forge a record through these searches. Each looks for the start of an object with
//! a key, `{"`, and what a client sends stands inside JSON strings, where a quote is written `\"`; a
//! `{` at the very end of a string gives `{"`, but is followed by a name that is no longer quoted.

use memchr::memchr;

/// The end of the line that holds `from`, before its line feed.
pub(super) fn line_end(text: &[u8], from: usize) -> usize {
    memchr(b'\n', &text[from..]).map_or(text.len(), |length| from + length)
}

/// After a unit of concatenated objects: the next `}{"` in its line, which ends at `end`, else `end`.
///
/// One that was cut off takes the object that follows it along, unless the cut fell behind a brace:
/// where the one ends and the other begins within an open string or list, nobody can tell.
pub(super) fn after_concatenated(text: &[u8], unit: usize, end: usize) -> usize {
    let mut position = unit + 1;
    while let Some(length) = memchr(b'}', &text[position.min(end)..end]) {
        let behind = position + length + 1;
        let next = skip_blank(&text[..end], behind);
        if starts_object(&text[next..end]) {
            return next;
        }
        position = behind;
    }
    end
}

/// After an element of an array: behind its closing brace, or for one that is no object before the
/// next comma or opening brace, in its line, which ends at `end`; else `end`. Objects within the
/// element look like further elements, so braces are counted.
pub(super) fn after_element(text: &[u8], unit: usize, end: usize) -> usize {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut position = unit;
    while position < end {
        match (text[position], in_string) {
            (b'\\', true) => position += 1,
            (b'"', _) => in_string = !in_string,
            (b',' | b'{' | b'[', false) if depth == 0 && position > unit => return position,
            (b'{' | b'[', false) => depth += 1,
            (b'}' | b']', false) => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return position + 1;
                }
            }
            _ => {}
        }
        position += 1;
    }
    end
}

/// After an object spread over lines: the next line that starts an object or closes an array, and
/// that is indented no deeper; else the end.
pub(super) fn after_spread_out(text: &[u8], unit: usize) -> usize {
    let own_indentation = indentation_of(text, unit);
    let mut position = line_end(text, unit);
    while position < text.len() {
        let line = position + 1;
        let first = skip_spaces(text, line);
        let starts_unit = matches!(text.get(first), Some(b'{' | b']'));
        if starts_unit && first - line <= own_indentation {
            return first;
        }
        position = line_end(text, line.min(text.len()));
    }
    text.len()
}

/// The first position at or after `from` that holds no space, tab or line break.
fn skip_blank(text: &[u8], from: usize) -> usize {
    let rest = &text[from..];
    let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace());
    from + blank.count()
}

fn skip_spaces(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let spaces = rest
        .iter()
        .take_while(|&&byte| matches!(byte, b' ' | b'\t'));
    from + spaces.count()
}

fn starts_object(rest: &[u8]) -> bool {
    rest.first() == Some(&b'{') && rest.get(skip_blank(rest, 1)) == Some(&b'"')
}

fn indentation_of(text: &[u8], unit: usize) -> usize {
    let before = &text[..unit];
    before
        .iter()
        .rev()
        .take_while(|&&byte| byte != b'\n')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concatenated_objects_resume_at_the_next_object_with_a_key() {
        let text = br#"{"a":{} }x}{} } {"b":1}"#;
        let next = after_concatenated(text, 0, text.len());
        assert_eq!(&text[next..], br#"{"b":1}"#);
        assert_eq!(after_concatenated(b"{\"a\"\n}{\"b", 0, 4), 4);
        assert_eq!(after_concatenated(b"{", 0, 1), 1);
    }

    #[test]
    fn elements_resume_behind_their_closing_brace() {
        let text = br#"{"h":[{"n":"}\"]"},{}],!},{"b":1}]"#;
        assert_eq!(&text[after_element(text, 0, text.len())..], br#",{"b":1}]"#);
        let no_object = br#"!"," ,{"b":1}]"#;
        assert_eq!(
            &no_object[after_element(no_object, 0, 14)..],
            br#",{"b":1}]"#
        );
        assert_eq!(after_element(b"{\"a\n}", 0, 3), 3);
        assert_eq!(after_element(b"{\"a\\", 0, 4), 4);
    }

    #[test]
    fn objects_over_lines_resume_at_the_same_indentation() {
        let text = b"[\n  {\n    \"a\": !,\n    {\n  },\n  {\n  \"b\": 1 } ]";
        let next = after_spread_out(text, 4);
        assert_eq!(&text[next..][..5], b"{\n  \"");
        assert_eq!(after_spread_out(b"{\n!\n", 0), 4);
    }
}
