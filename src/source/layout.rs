//! How records lie in an input, seen from its first bytes.
//!
//! The decision looks only at the beginning of the decoded stream and, once made, more bytes would
//! not change it. It is therefore the same for every reader of an input and after every restart.

use super::structure::{Mark, Structure};

/// Enough of an input to tell its layout.
pub(super) const HEAD_BYTES: usize = 64 * 1024;

/// Where records may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Every line is a record, or several concatenated ones. The rule for everything that is
    /// neither of the others.
    Lines,
    /// JSON objects that span lines, as pretty-printers write them, maybe inside one array.
    Documents {
        /// Position of the bracket that opens that array.
        array: Option<u64>,
    },
    /// A binary envelope in which a newline means nothing: one record.
    Opaque,
}

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const KPL_MAGIC: &[u8] = &[0xf3, 0x89, 0x9a, 0xc2];
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Whether `head` begins as gzip does.
pub(super) fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(GZIP_MAGIC)
}

impl Layout {
    /// The layout of the stream that begins with `head`; `None` while more bytes are needed.
    ///
    /// A `[` as the first character begins an array. A `{` whose object is still open at the end of
    /// its line begins a document, unless the next line begins with `{` too: that is how a file of
    /// lines looks whose first one was cut.
    pub(super) fn detect(head: &[u8], is_whole: IsWhole) -> Option<Self> {
        let all = is_whole == IsWhole::Yes || head.len() >= HEAD_BYTES;
        let head = &head[..head.len().min(HEAD_BYTES)];
        let undecided = if all { Some(Self::Lines) } else { None };
        if [GZIP_MAGIC, KPL_MAGIC]
            .iter()
            .any(|magic| head.starts_with(magic))
        {
            return Some(Self::Opaque);
        }
        let may_become_binary = head.len() < KPL_MAGIC.len() && KPL_MAGIC.starts_with(head);
        if may_become_binary {
            return undecided;
        }
        let text_start = match head.starts_with(BYTE_ORDER_MARK) {
            true => BYTE_ORDER_MARK.len(),
            false => 0,
        };
        let is_text = |byte: &u8| !byte.is_ascii_whitespace();
        let Some(blanks) = head[text_start..].iter().position(is_text) else {
            return undecided;
        };
        let first = text_start + blanks;
        match head[first] {
            b'[' => Some(Self::Documents {
                array: Some(first as u64),
            }),
            b'{' => of_first_object(&head[first..]).or(undecided),
            _ => Some(Self::Lines),
        }
    }
}

/// Whether the bytes at hand are all there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IsWhole {
    /// The input ends here.
    Yes,
    /// More may come.
    No,
}

fn of_first_object(text: &[u8]) -> Option<Layout> {
    let mut structure = Structure::default();
    let mut cursor = 0;
    loop {
        let next_line = match structure.next_mark(text, &mut cursor)? {
            Mark::Line(_) => return Some(Layout::Lines),
            Mark::InnerLine(next_line) => next_line,
            _ => continue,
        };
        return match text.get(next_line)? {
            b'{' => Some(Layout::Lines),
            _ => Some(Layout::Documents { array: None }),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(head: &[u8]) -> Option<Layout> {
        Layout::detect(head, IsWhole::No)
    }

    #[test]
    fn lines_documents_and_binary_are_told_apart() {
        let document = Some(Layout::Documents { array: None });
        let array = |at| Some(Layout::Documents { array: Some(at) });
        assert_eq!(detect(b"{\"a\":1}\n"), Some(Layout::Lines));
        assert_eq!(detect(b"{\"a\":1}{\"a\":2}\r\n"), Some(Layout::Lines));
        assert_eq!(detect(b"garbage"), Some(Layout::Lines));
        assert_eq!(detect(b"\n\n{\r\n  \"a\""), document);
        assert_eq!(detect(b"\xef\xbb\xbf{\n\t\"a\""), document);
        assert_eq!(detect(b" \n["), array(2));
        assert_eq!(detect(b"[{\"a\":1}"), array(0));
        assert_eq!(
            detect(&[0xf3, 0x89, 0x9a, 0xc2, b'\n']),
            Some(Layout::Opaque)
        );
        assert_eq!(detect(&[0x1f, 0x8b, 8]), Some(Layout::Opaque));
    }

    #[test]
    fn a_first_line_that_was_cut_makes_no_document() {
        assert_eq!(detect(b"{\"a\":\"cu\n{\"a\":1}\n"), Some(Layout::Lines));
    }

    #[test]
    fn no_decision_is_made_that_more_bytes_could_change() {
        for undecided in ["", " \n ", "{\"a\":1", "{\"a\":1}{", "{\n"] {
            assert_eq!(detect(undecided.as_bytes()), None, "{undecided:?}");
            let whole = Layout::detect(undecided.as_bytes(), IsWhole::Yes);
            assert_eq!(whole, Some(Layout::Lines), "{undecided:?}");
        }
        assert_eq!(detect(&[0xf3, 0x89]), None);
        let long_line = vec![b'{'; HEAD_BYTES];
        assert_eq!(detect(&long_line), Some(Layout::Lines));
    }
}
