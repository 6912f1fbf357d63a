//! Finds the units in text: one JSON value after the other, however they are laid out.
//!
//! The common case, a usual record on every line, is one pass by the scanner, which takes nothing that
//! goes on behind a line's end. What it leaves is bounded by that end, and the next value starts behind it. Only a value
//! that ends mid-line in a way that says it goes on makes the reader look further.

use super::decoder::Decoder;
use super::encoded;
use super::reason::RejectReason;
use super::record::lenient::Depth;
use super::record::parser::Skip;
use super::record::{
    Accepted, Unit, UnitKind, parse_object, read_spread_out_object, read_value, scan_object,
};
use super::resume;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Decoder<'_> {
    /// Decodes `bytes` as text. Where they are not UTF-8, only the lines, or the objects of a line of
    /// concatenated ones, that are not are lost.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        // All of it is text nearly always, which this check tells fastest. Where something is wrong it
        // goes to the end all the same, so it must not be repeated.
        if let Ok(text) = simdutf8::basic::from_utf8(bytes) {
            return self.text(text, 0);
        }
        let mut start = 0;
        while start < bytes.len() {
            let error = match std::str::from_utf8(&bytes[start..]) {
                Ok(text) => return self.text(text, start),
                Err(error) => error,
            };
            let valid_until = start + error.valid_up_to();
            let bad_line = memchr::memrchr(b'\n', &bytes[start..valid_until])
                .map_or(start, |position| start + position + 1);
            self.utf8_or_reject(bytes, start, bad_line);
            let end = resume::line_end(bytes, valid_until);
            self.line_with_bad_utf8(bytes, bad_line, end);
            start = end;
        }
    }

    fn line_with_bad_utf8(&mut self, bytes: &[u8], line: usize, end: usize) {
        let mut start = line;
        while start < end {
            let next = resume::after_concatenated(bytes, start, end);
            self.utf8_or_reject(bytes, start, next);
            start = next;
        }
    }

    fn utf8_or_reject(&mut self, bytes: &[u8], start: usize, end: usize) {
        let piece = &bytes[start..end];
        match std::str::from_utf8(piece) {
            Ok(text) => self.text(text, start),
            Err(_) => self.reject(RejectReason::InvalidUtf8, start, piece),
        }
    }

    /// Decodes the units of `text`, which begins at `base` of the current piece.
    fn text(&mut self, text: &str, base: usize) {
        let mut units = Units {
            text,
            base,
            position: 0,
            line_end: 0,
            open_arrays: 0,
            found: false,
        };
        while let Some(byte) = units.next_significant() {
            match byte {
                b'{' => self.object(&mut units),
                b'[' => self.open_array(&mut units),
                b']' => units.close_array(),
                _ => self.other(&mut units),
            }
        }
        // An array that is cut between elements, as a block of lines of a larger file may be, loses
        // nothing. One that is cut before its first element held something that nobody saw.
        if units.open_arrays > 0 && !units.found {
            self.reject(RejectReason::Truncated, base, text.as_bytes());
        }
    }

    fn object(&mut self, units: &mut Units<'_>) {
        units.found = true;
        let start = units.position;
        let rest = &units.text[start..];
        if let Some((unit, length)) = scan_object(rest, self.limits.depth(), self.known) {
            units.position += length;
            self.unit(&unit, &rest[..length], units.base + start);
            return;
        }
        let end = units.line_end();
        let line = &units.text[start..end];
        match parse_object(line, self.limits.depth()) {
            Ok((unit, length)) => {
                units.position += length;
                self.unit(&unit, &line[..length], units.base + start);
            }
            Err(RejectReason::Truncated) if units.goes_on_behind(start, end) => {
                self.spread_out_object(units);
            }
            Err(reason) => {
                self.reject(reason, units.base + start, line.as_bytes());
                units.position = units.resume_after(start);
            }
        }
    }

    /// An object whose first line ends within it.
    fn spread_out_object(&mut self, units: &mut Units<'_>) {
        let start = units.position;
        let rest = &units.text[start..];
        match read_spread_out_object(rest, self.limits.depth()) {
            Ok((unit, length)) => {
                units.position += length;
                self.unit(&unit, &rest[..length], units.base + start);
            }
            Err(reason) => {
                self.reject(reason, units.base + start, rest.as_bytes());
                units.position = resume::after_spread_out(units.text.as_bytes(), start);
            }
        }
    }

    fn unit(&mut self, unit: &Unit<'_>, text: &str, position: usize) {
        match unit.kind() {
            UnitKind::ControlMessage => self.accounts.control_messages += 1,
            UnitKind::Envelope(kind) => self.envelope(kind, text, position),
            UnitKind::Record => match unit.accept(text.len(), self.limits, self.batch) {
                Ok(Accepted::Pushed { cut_values }) => {
                    self.accounts.accept();
                    self.accounts.cut_values += cut_values;
                }
                Ok(Accepted::OutsideRange) => self.accounts.outside_range += 1,
                Err(reason) => self.reject(reason, position, text.as_bytes()),
            },
        }
    }

    fn open_array(&mut self, units: &mut Units<'_>) {
        units.open_arrays += 1;
        if units.open_arrays <= usize::from(self.limits.depth()) {
            units.position += 1;
            return;
        }
        let start = units.position;
        let end = units.line_end();
        let line = &units.text[start..end];
        self.reject(RejectReason::TooDeep, units.base + start, line.as_bytes());
        units.found = true;
        units.open_arrays = 0;
        units.position = end;
    }

    /// Something that begins neither an object nor an array: a JSON value of another type, base64,
    /// or no JSON at all.
    fn other(&mut self, units: &mut Units<'_>) {
        units.found = true;
        let start = units.position;
        let end = units.line_end();
        let line = &units.text[start..end];
        if let Some((decoded, length)) = encoded::decode_word(line) {
            units.position += length;
            self.part(&decoded, units.base + start);
            return;
        }
        let depth = Depth::minded(self.limits.depth());
        match read_value(line, Skip(depth)) {
            Ok(length) if units.ends_at(start + length) => {
                self.reject(
                    RejectReason::NotAnObject,
                    units.base + start,
                    line.as_bytes(),
                );
                units.position += length;
            }
            Ok(_) | Err(_) => {
                self.reject(RejectReason::NotJson, units.base + start, line.as_bytes());
                units.position = units.resume_after(start);
            }
        }
    }
}

/// A walk over the JSON values of a text.
struct Units<'t> {
    text: &'t str,
    /// Where the text begins in the current piece.
    base: usize,
    position: usize,
    /// End of the line that holds the position, kept so that a long line is not searched for its
    /// end again at each of its units.
    line_end: usize,
    /// Arrays around the position. Their brackets and commas only separate units, so that a block
    /// that holds the middle of a large array decodes too.
    open_arrays: usize,
    /// Whether the text held any unit, accepted or not.
    found: bool,
}

impl Units<'_> {
    /// Moves over blanks, commas and byte order marks, and gives the byte that follows.
    fn next_significant(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            let byte = *bytes.get(self.position)?;
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b',' => self.position += 1,
                b'\xef' if bytes[self.position..].starts_with(BYTE_ORDER_MARK) => {
                    self.position += BYTE_ORDER_MARK.len();
                }
                _ => return Some(byte),
            }
        }
    }

    fn line_end(&mut self) -> usize {
        if self.position >= self.line_end {
            self.line_end = resume::line_end(self.text.as_bytes(), self.position);
        }
        self.line_end
    }

    fn close_array(&mut self) {
        self.position += 1;
        self.open_arrays = self.open_arrays.saturating_sub(1);
    }

    fn resume_after(&mut self, unit: usize) -> usize {
        let end = self.line_end();
        let bytes = self.text.as_bytes();
        if self.open_arrays > 0 {
            resume::after_element(bytes, unit, end)
        } else {
            resume::after_concatenated(bytes, unit, end)
        }
    }

    /// Whether a value that ends at `position` ends as JSON values do.
    fn ends_at(&self, position: usize) -> bool {
        match self.text.as_bytes().get(position) {
            None => true,
            Some(byte) => byte.is_ascii_whitespace() || b",]{[".contains(byte),
        }
    }

    /// Whether an object that begins at `start` and is not over at `end`, the end of its line, goes
    /// on in the next line. One that was cut off does not: it ends anywhere, and the next line
    /// begins a unit of its own.
    fn goes_on_behind(&self, start: usize, end: usize) -> bool {
        let bytes = self.text.as_bytes();
        let ends_open = matches!(
            bytes[start..end].trim_ascii_end().last(),
            Some(b'{' | b'[' | b',' | b':')
        );
        let next = bytes[end..].trim_ascii_start().first();
        ends_open && matches!(next, Some(b'"' | b'}' | b']'))
    }
}
