//! Finds where JSON objects begin and end without parsing them.
//!
//! The scanner knows strings and braces, nothing else: that is enough to tell a brace that ends a
//! record from one inside a URI. Input need not be valid; then the marks mean less, but nothing
//! panics and the next newline repairs the string state, because JSON strings hold no raw newline.

use memchr::{memchr, memchr3};

/// A place where a block may end. Positions count from the beginning of the scanned bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Behind a newline inside an object.
    InnerLine(usize),
    /// Behind a newline outside of every object.
    Line(usize),
    /// Behind the `}` that ends an outermost object.
    ObjectEnd(usize),
    /// At the `{` of an outermost object that follows another one with only blanks between.
    NextObject(usize),
    /// At a `{` that begins a line inside an object: where a writer that indents begins a record,
    /// so that the object before it was never finished.
    UnindentedObject(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Text {
    #[default]
    Outside,
    Inside,
    /// Inside, after a backslash.
    Escaped,
}

/// The state of the scanner between two bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Structure {
    depth: u32,
    text: Text,
    /// An outermost object has ended, and only blanks since.
    after_object: bool,
    /// The byte before was a newline.
    at_line_start: bool,
}

impl Structure {
    /// Goes on at `cursor` to the next mark, or to the end of `bytes`; moves `cursor` behind what
    /// was scanned.
    pub(super) fn next_mark(&mut self, bytes: &[u8], cursor: &mut usize) -> Option<Mark> {
        while *cursor < bytes.len() {
            if self.text == Text::Inside {
                let Some(length) = memchr3(b'"', b'\\', b'\n', &bytes[*cursor..]) else {
                    *cursor = bytes.len();
                    return None;
                };
                *cursor += length;
            }
            let at = *cursor;
            *cursor += 1;
            if let Some(mark) = self.step(bytes[at], at) {
                return Some(mark);
            }
        }
        None
    }

    fn step(&mut self, byte: u8, at: usize) -> Option<Mark> {
        if byte == b'\n' {
            self.text = Text::Outside;
            self.at_line_start = true;
            return Some(match self.depth {
                0 => Mark::Line(at + 1),
                _ => Mark::InnerLine(at + 1),
            });
        }
        let begins_line = std::mem::take(&mut self.at_line_start);
        match (self.text, byte) {
            (Text::Escaped, _) => self.text = Text::Inside,
            (Text::Inside, b'\\') => self.text = Text::Escaped,
            (Text::Inside, b'"') => self.text = Text::Outside,
            (Text::Inside, _) => {}
            (Text::Outside, b'{') => return self.open(at, begins_line),
            (Text::Outside, b'}') => return self.close(at),
            (Text::Outside, b' ' | b'\t' | b'\r') => {}
            (Text::Outside, b'"') => {
                self.text = Text::Inside;
                self.after_object = false;
            }
            (Text::Outside, _) => self.after_object = false,
        }
        None
    }

    fn open(&mut self, at: usize, begins_line: bool) -> Option<Mark> {
        let follows = std::mem::take(&mut self.after_object);
        let outer = self.depth;
        self.depth = outer.saturating_add(1);
        match (outer, follows, begins_line) {
            (0, true, _) => Some(Mark::NextObject(at)),
            (0, false, _) => None,
            (_, _, true) => Some(Mark::UnindentedObject(at)),
            (_, _, false) => None,
        }
    }

    fn close(&mut self, at: usize) -> Option<Mark> {
        if self.depth == 0 {
            self.after_object = false;
            return None;
        }
        self.depth -= 1;
        if self.depth > 0 {
            return None;
        }
        self.after_object = true;
        Some(Mark::ObjectEnd(at + 1))
    }
}

/// Replaces what separates the elements of a top-level array by blanks, so that `bytes`, which
/// begin outside of every object, become a sequence of objects. `opening` is the index of the
/// array's own bracket, where it lies in `bytes`.
pub(super) fn blank_array_separators(bytes: &mut [u8], opening: Option<usize>) {
    if let Some(bracket) = opening.and_then(|index| bytes.get_mut(index)) {
        *bracket = b' ';
    }
    let mut cursor = 0;
    while cursor < bytes.len() {
        let object = memchr(b'{', &bytes[cursor..]).map_or(bytes.len(), |gap| cursor + gap);
        for byte in &mut bytes[cursor..object] {
            if matches!(byte, b',' | b']') {
                *byte = b' ';
            }
        }
        cursor = object;
        skip_object(bytes, &mut cursor);
    }
}

/// Moves `cursor` from the `{` of an object behind its `}`, or to the end of `bytes`.
fn skip_object(bytes: &[u8], cursor: &mut usize) {
    let mut structure = Structure::default();
    while let Some(mark) = structure.next_mark(bytes, cursor) {
        if matches!(mark, Mark::ObjectEnd(_)) {
            return;
        }
    }
}

/// Whether `bytes` end behind an outermost object that is closed, blanks aside.
pub(super) fn ends_with_object(bytes: &[u8]) -> bool {
    let mut structure = Structure::default();
    let mut cursor = 0;
    let mut object_end = None;
    while let Some(mark) = structure.next_mark(bytes, &mut cursor) {
        if let Mark::ObjectEnd(end) = mark {
            object_end = Some(end);
        }
    }
    let is_blank = |end| bytes[end..].iter().all(u8::is_ascii_whitespace);
    object_end.is_some_and(is_blank)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &str) -> Vec<Mark> {
        let mut structure = Structure::default();
        let mut cursor = 0;
        std::iter::from_fn(|| structure.next_mark(text.as_bytes(), &mut cursor)).collect()
    }

    #[test]
    fn braces_inside_strings_are_text() {
        let (first, second) = (r#"{"a":"}{\"}{\\"}"#, r#"{"b":{"}":"\\"}}"#);
        let text = [first, second].concat();
        let first = first.len();
        let expected = [
            Mark::ObjectEnd(first),
            Mark::NextObject(first),
            Mark::ObjectEnd(text.len()),
        ];
        assert_eq!(marks(&text), expected);
    }

    #[test]
    fn a_newline_repairs_an_open_string() {
        let text = "{\"a\": \"cut\n{\"b\": 1}\n";
        let expected = [
            Mark::InnerLine(11),
            Mark::UnindentedObject(11),
            Mark::InnerLine(20),
        ];
        assert_eq!(marks(text), expected);
    }

    #[test]
    fn an_object_that_is_closed_ends_the_text() {
        for text in [r#"{"a":{}}"#, "{} {\n}\r\n "] {
            assert!(ends_with_object(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "\n",
            "[1]",
            r#"{"a":{}"#,
            r#"{"a":"}"#,
            "{}x",
            "{}{",
            "{}]",
        ] {
            assert!(!ends_with_object(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn an_object_follows_only_after_blanks() {
        assert!(marks("{} \r\n\t{}").contains(&Mark::NextObject(6)));
        assert!(!marks("{}x{}").contains(&Mark::NextObject(3)));
        assert!(!marks("{}},{}").contains(&Mark::NextObject(4)));
    }

    #[test]
    fn scanning_in_any_portions_finds_the_same_marks() {
        let text = "[{\"a\":\"x\\\\\\\"}{\"}} {\n\"b\":{}}\n{\n{";
        let whole = marks(text);
        for cut in 0..text.len() {
            let mut structure = Structure::default();
            let mut cursor = 0;
            let mut found = Vec::new();
            for end in [cut, text.len()] {
                let bytes = &text.as_bytes()[..end];
                found.extend(std::iter::from_fn(|| {
                    structure.next_mark(bytes, &mut cursor)
                }));
            }
            assert_eq!(found, whole, "cut at {cut}");
        }
    }

    #[test]
    fn a_top_level_array_becomes_a_sequence_of_objects() {
        let mut bytes = b" [ {\"a\":[1,2]},\n{\"b\":\",]\"} ]\n".to_vec();
        blank_array_separators(&mut bytes, Some(1));
        assert_eq!(bytes, b"   {\"a\":[1,2]} \n{\"b\":\",]\"}  \n");
    }
}
