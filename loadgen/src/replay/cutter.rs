//! Cuts a text into its JSON objects, however they follow each other: on lines of their own, one behind
//! the other, over several lines, or as elements of an array.
//!
//! Braces outside of strings tell where an object ends; whether it is one is for others to say. What
//! stands between objects and is no part of an array is given out by the line. Every byte is looked at
//! once, and at most [`MAX_PIECE`] bytes are kept.

/// Longest piece: more than any service puts into one envelope.
pub const MAX_PIECE: usize = 16 << 20;

/// What was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// An object, or a line of something else.
    Piece(Vec<u8>),
    /// A piece that is too long to be kept.
    TooLong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between pieces.
    Between,
    /// In an object, so many braces deep.
    Object(u32),
    /// In a string of an object.
    Text(u32),
    /// Behind a backslash in it.
    Escape(u32),
    /// In a line that is no object.
    Line,
    /// In a line of which the beginning was too long.
    Skipped,
}

/// Cuts what is pushed.
#[derive(Debug)]
pub struct Cutter {
    bytes: Vec<u8>,
    /// Begin of the piece at hand.
    start: usize,
    scanned: usize,
    state: State,
}

impl Default for Cutter {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            scanned: 0,
            state: State::Between,
        }
    }
}

impl Cutter {
    /// More of the text.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether a piece has begun that has not ended.
    #[must_use]
    pub fn is_amid(&self) -> bool {
        self.state != State::Between
    }

    /// The next piece that is whole.
    pub fn next_piece(&mut self) -> Option<Cut> {
        while let Some(byte) = self.bytes.get(self.scanned) {
            self.scanned += 1;
            let (state, is_end) = step(self.state, *byte);
            if self.state == State::Between {
                self.start = match state {
                    State::Between => self.scanned,
                    _ => self.scanned - 1,
                };
            }
            let was_skipped = self.state == State::Skipped;
            self.state = state;
            if is_end && was_skipped {
                self.start = self.scanned;
                continue;
            }
            if is_end {
                return Some(self.take());
            }
            if state == State::Skipped {
                self.start = self.scanned;
            } else if self.scanned - self.start > MAX_PIECE {
                self.state = State::Skipped;
                self.start = self.scanned;
                return Some(Cut::TooLong);
            }
        }
        None
    }

    /// What is left where the text, or what belongs together of it, has ended.
    pub fn end(&mut self) -> Option<Cut> {
        let is_open = !matches!(self.state, State::Between | State::Skipped);
        self.state = State::Between;
        let rest = self.take();
        is_open.then_some(rest)
    }

    fn take(&mut self) -> Cut {
        let piece = self.bytes[self.start..self.scanned].to_vec();
        self.start = self.scanned;
        Cut::Piece(piece)
    }
}

/// The state behind `byte`, and whether a piece ends with it.
fn step(state: State, byte: u8) -> (State, bool) {
    match (state, byte) {
        (State::Between, b'{') => (State::Object(1), false),
        (State::Between, b'[' | b']' | b',') => (State::Between, false),
        (State::Between, byte) if byte.is_ascii_whitespace() => (State::Between, false),
        (State::Between, _) => (State::Line, false),
        (State::Object(depth), b'"') => (State::Text(depth), false),
        (State::Object(depth), b'{') => (State::Object(depth.saturating_add(1)), false),
        (State::Object(1), b'}') => (State::Between, true),
        (State::Object(depth), b'}') => (State::Object(depth - 1), false),
        (State::Text(depth), b'"') => (State::Object(depth), false),
        (State::Text(depth), b'\\') => (State::Escape(depth), false),
        (State::Escape(depth), _) => (State::Text(depth), false),
        (State::Line | State::Skipped, b'\n') => (State::Between, true),
        (state, _) => (state, false),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(text: &[u8], chunk: usize) -> Vec<Cut> {
        let mut cutter = Cutter::default();
        let mut found = Vec::new();
        for part in text.chunks(chunk) {
            cutter.push(part);
            while let Some(cut) = cutter.next_piece() {
                found.push(cut);
            }
        }
        found.extend(cutter.end());
        found
    }

    fn texts(text: &str) -> Vec<String> {
        let text_of = |cut| match cut {
            Cut::Piece(bytes) => String::from_utf8(bytes).expect("text"),
            Cut::TooLong => panic!("too long"),
        };
        pieces(text.as_bytes(), 3)
            .into_iter()
            .map(text_of)
            .collect()
    }

    #[test]
    fn objects_are_found_however_they_follow_each_other() {
        let expected = [r#"{"a":"}{\"\\"}"#, r#"{"b":[{},{}]}"#];
        let [one, other] = expected;
        for text in [
            format!("{one}\n{other}\n"),
            format!("{one}{other}"),
            format!("[{one},\n {other}]"),
            format!("[\r\n{one}\r\n,{other}]\n[]"),
        ] {
            assert_eq!(texts(&text), expected, "{text}");
        }
        assert_eq!(texts("{\n \"a\": {\n}\n}\n"), ["{\n \"a\": {\n}\n}"]);
    }

    #[test]
    fn what_is_no_object_is_given_out_by_the_line() {
        assert_eq!(
            texts("nonsense {\n{}\nrest"),
            ["nonsense {\n", "{}", "rest"]
        );
        assert_eq!(texts("{\"a\":"), ["{\"a\":"]);
        assert_eq!(texts(" \n [ , ] "), Vec::<String>::new());
    }

    #[test]
    fn what_is_too_long_is_read_over_up_to_its_line_end() {
        for begin in ["{\"", "x"] {
            let text = format!("{begin}{}\n{{}}\n", "y".repeat(2 * MAX_PIECE));
            let expected = [Cut::TooLong, Cut::Piece(b"{}".to_vec())];
            assert_eq!(pieces(text.as_bytes(), 1 << 16), expected);
        }
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(text in "[{}\\[\\]\",:a\n\\\\ ]{0,200}", chunk in 1_usize..50) {
            prop_assert_eq!(pieces(text.as_bytes(), chunk), pieces(text.as_bytes(), 1_000));
        }
    }
}
