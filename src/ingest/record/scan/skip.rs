//! Reads over a value, checking its syntax.
//!
//! Positions are handed from step to step, and none is kept on the way: the next byte to look at is
//! then known as early as can be, and on that depends how fast a record is read. Spaces are looked for
//! only where something else was expected.

use super::{Scanner, Unusual};

impl Scanner<'_> {
    /// Moves behind the next value.
    #[inline]
    pub(super) fn skip(&mut self) -> Result<(), Unusual> {
        let at = self.position;
        let end = match self.behind(at, b"\"") {
            Some(at) => self.string_end(at),
            None => self.value_end(at, self.levels),
        };
        self.position = end.ok_or(Unusual)?;
        Ok(())
    }

    /// The position behind the closing quote of the string whose first character stands at `at`.
    #[inline(always)]
    fn string_end(&mut self, at: usize) -> Option<usize> {
        self.marks.next_quote(at).map(|quote| quote + 1)
    }

    /// The position behind the value that stands at or behind `at`, and opens at most `levels`.
    fn value_end(&mut self, at: usize, levels: u16) -> Option<usize> {
        match self.bytes.get(at)? {
            b'"' => self.string_end(at + 1),
            b'{' => self.object_end(at + 1, levels.checked_sub(1)?),
            b'[' => self.array_end(at + 1, levels.checked_sub(1)?),
            b'0'..=b'9' => self.integer(at).map(|(_, end)| end),
            b'n' => self.behind(at, b"null"),
            b't' => self.behind(at, b"true"),
            b'f' => self.behind(at, b"false"),
            b' ' => self.value_end(self.behind_some_spaces(at), levels),
            _ => None,
        }
    }

    #[inline]
    fn object_end(&mut self, at: usize, levels: u16) -> Option<usize> {
        if let Some(end) = self.behind(self.behind_spaces(at), b"}") {
            return Some(end);
        }
        let mut at = at;
        loop {
            let name = match self.behind(at, b"\"") {
                Some(name) => name,
                None => self.behind(self.behind_spaces(at), b"\"")?,
            };
            at = self.string_end(name)?;
            // What writers put there nearly always.
            at = match self.behind(at, b":\"") {
                Some(at) => self.string_end(at)?,
                None => {
                    let at = self.behind(self.behind_spaces(at), b":")?;
                    self.value_end(at, levels)?
                }
            };
            match self.separator(at, b'}')? {
                Separator::Comma(next) => at = next,
                Separator::End(end) => return Some(end),
            }
        }
    }

    #[inline]
    fn array_end(&mut self, at: usize, levels: u16) -> Option<usize> {
        if let Some(end) = self.behind(self.behind_spaces(at), b"]") {
            return Some(end);
        }
        self.elements_end(at, levels)
    }

    /// The position behind the array of which an element stands at or behind `at`.
    pub(super) fn elements_end(&mut self, at: usize, levels: u16) -> Option<usize> {
        let mut at = at;
        loop {
            at = match self.pair_end(at) {
                Some(end) if levels > 0 => end,
                _ => self.value_end(at, levels)?,
            };
            match self.separator(at, b']')? {
                Separator::Comma(next) => at = next,
                Separator::End(end) => return Some(end),
            }
        }
    }

    /// The position behind the pair of a name and a value at `at`, which lists of headers consist of.
    #[inline(always)]
    fn pair_end(&mut self, at: usize) -> Option<usize> {
        let name = self.behind(at, b"{\"name\":\"")?;
        let name_end = self.marks.next_quote(name)?;
        let value = self.behind(name_end, b"\",\"value\":\"")?;
        let value_end = self.marks.next_quote(value)?;
        self.behind(value_end, b"\"}")
    }

    /// The comma or closing bracket at or behind `at`.
    #[inline(always)]
    fn separator(&self, at: usize, close: u8) -> Option<Separator> {
        match *self.bytes.get(at)? {
            b',' => Some(Separator::Comma(at + 1)),
            byte if byte == close => Some(Separator::End(at + 1)),
            b' ' => self.separator_behind_spaces(at, close),
            _ => None,
        }
    }

    #[cold]
    fn separator_behind_spaces(&self, at: usize, close: u8) -> Option<Separator> {
        let at = self.behind_some_spaces(at);
        match *self.bytes.get(at)? {
            b',' => Some(Separator::Comma(at + 1)),
            byte if byte == close => Some(Separator::End(at + 1)),
            _ => None,
        }
    }
}

/// What follows a value, and where it goes on behind that.
enum Separator {
    Comma(usize),
    End(usize),
}
