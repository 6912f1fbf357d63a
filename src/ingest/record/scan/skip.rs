//! Reads over a value, checking its syntax.
//!
//! Positions are handed from step to step, and none is kept on the way: the next byte to look at is
//! then known as early as can be, and on that depends how fast a record is read.

use super::{Scanner, Unusual};

impl Scanner<'_> {
    /// Moves behind the next value.
    #[inline]
    pub(super) fn skip(&mut self) -> Result<(), Unusual> {
        self.position = self.value_end(self.position, self.levels).ok_or(Unusual)?;
        Ok(())
    }

    /// The position behind the value that stands at or behind `at`, and opens at most `levels`.
    fn value_end(&mut self, at: usize, levels: u16) -> Option<usize> {
        let at = self.behind_spaces(at);
        match self.bytes.get(at)? {
            b'"' => self.string_end(at + 1),
            b'{' => self.object_end(at + 1, levels.checked_sub(1)?),
            b'[' => self.array_end(at + 1, levels.checked_sub(1)?),
            b'0'..=b'9' => self.integer(at).map(|(_, end)| end),
            b'n' => self.behind(at, b"null"),
            b't' => self.behind(at, b"true"),
            b'f' => self.behind(at, b"false"),
            _ => None,
        }
    }

    fn object_end(&mut self, at: usize, levels: u16) -> Option<usize> {
        let mut at = self.behind_spaces(at);
        if self.bytes.get(at) == Some(&b'}') {
            return Some(at + 1);
        }
        loop {
            at = self.behind(self.behind_spaces(at), b"\"")?;
            at = self.string_end(at)?;
            // What writers put there nearly always.
            at = match self.behind(at, b":\"") {
                Some(at) => self.string_end(at)?,
                None => {
                    let at = self.behind(self.behind_spaces(at), b":")?;
                    self.value_end(at, levels)?
                }
            };
            at = self.behind_spaces(at);
            match self.bytes.get(at)? {
                b',' => at += 1,
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    fn array_end(&mut self, at: usize, levels: u16) -> Option<usize> {
        let mut at = self.behind_spaces(at);
        if self.bytes.get(at) == Some(&b']') {
            return Some(at + 1);
        }
        loop {
            at = self.value_end(at, levels)?;
            at = self.behind_spaces(at);
            match self.bytes.get(at)? {
                b',' => at += 1,
                b']' => return Some(at + 1),
                _ => return None,
            }
        }
    }
}
