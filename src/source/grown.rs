//! Finds out whether a file that was read to its end has grown since.
//!
//! Positions in a plain file are those on disk, so its size tells. Of a compressed one only decoding
//! tells for certain, which takes as long as counting it anew. So what can be seen from the compressed
//! bytes comes first: a file that holds a single member ends with that member's decoded length (modulo
//! 2^32), and a second member can only begin with the three bytes `1f 8b 08`. Where these occur nowhere
//! else and the length is the known one, nothing was appended.

use std::io::{self, Read};

use memchr::memmem;

use super::error::SourceError;
use super::input::{Input, InputKind};
use super::layout::is_gzip;
use super::progress::Progress;
use super::reader::{open, open_stream};
use super::stream::{Supplied, first_two};

/// The magic number of gzip and the only method there is, deflate.
const MEMBER_START: [u8; 3] = [0x1f, 0x8b, 0x08];
/// The decoded length at the end of a member.
const LENGTH_BYTES: usize = 4;
const PORTION: usize = 64 * 1024;

/// Whether the file `input` has grown since it was read up to `position`, its end then. Standard input
/// and pipes never do.
///
/// # Errors
///
/// [`SourceError::Io`] when the file cannot be opened or read.
pub fn has_grown(input: &Input, position: u64) -> Result<bool, SourceError> {
    if input.kind() != InputKind::File {
        return Ok(false);
    }
    let failed = SourceError::io("read", input.path());
    let start = first_two(&mut open(input)?).map_err(&failed)?;
    if !is_gzip(&start) {
        return Ok(input.bytes_on_disk().is_some_and(|bytes| bytes > position));
    }
    if is_member_of(&mut open(input)?, position).map_err(&failed)? {
        return Ok(false);
    }
    decodes_beyond(input, position)
}

/// Whether `file` is a single gzip member of `length` decoded bytes; false also where that cannot be
/// told.
fn is_member_of(file: &mut impl Read, length: u64) -> io::Result<bool> {
    let mut bytes = Vec::with_capacity(2 * PORTION);
    file.take(1).read_to_end(&mut bytes)?;
    // The first member begins here and is not searched for.
    bytes.clear();
    loop {
        let read = file.take(PORTION as u64).read_to_end(&mut bytes)?;
        if memmem::find(&bytes, &MEMBER_START).is_some() {
            return Ok(false);
        }
        if read == 0 {
            let end = bytes.last_chunk::<LENGTH_BYTES>();
            return Ok(
                end.is_some_and(|end| u64::from(u32::from_le_bytes(*end)) == length % (1 << 32))
            );
        }
        // A start that lies across two portions is found in the second, and the length too.
        let kept = bytes.len().min(LENGTH_BYTES);
        bytes.drain(..bytes.len() - kept);
    }
}

/// Whether there is more than `position` bytes to be had, the break of a damaged stream counted as one.
fn decodes_beyond(input: &Input, position: u64) -> Result<bool, SourceError> {
    let mut stream = open_stream(input, &Progress::default())?;
    let mut portion = Vec::new();
    let mut end = 0;
    while end <= position {
        portion.clear();
        let read = stream.read_some(&mut portion);
        match read.map_err(SourceError::io("read", input.path()))? {
            Supplied::Bytes(bytes) => end += bytes as u64,
            Supplied::Broken(_) => return Ok(end + 1 > position),
            Supplied::End => return Ok(false),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tempfile::tempdir;

    use super::*;

    const LINE: &str = "{\"timestamp\":1700000000000,\"action\":\"ALLOW\"}\n";

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn has_grown_beyond(bytes: &[u8], position: usize) -> bool {
        let folder = tempdir().unwrap();
        let path = folder.path().join("a.log");
        fs::write(&path, bytes).unwrap();
        has_grown(&Input::file(&path).unwrap(), position as u64).unwrap()
    }

    #[test]
    fn a_file_has_grown_when_more_can_be_read_of_it() {
        let text = LINE.repeat(500);
        let length = text.len();
        for (bytes, twice) in [
            (text.clone().into_bytes(), text.repeat(2).into_bytes()),
            (gzip(&text), [gzip(&text), gzip(&text)].concat()),
        ] {
            assert!(!has_grown_beyond(&bytes, length));
            assert!(has_grown_beyond(&bytes, length - 1));
            // The last member says what the first one did, and is another one all the same.
            assert!(has_grown_beyond(&twice, length));
            assert!(!has_grown_beyond(&twice, 2 * length));
        }
    }

    #[test]
    fn what_is_neither_a_file_nor_compressed_well_has_not_grown() {
        assert!(!has_grown(&Input::stdin(), 0).unwrap());
        // Its one fault was counted behind nothing.
        assert!(!has_grown_beyond(b"\x1f\x8b01234567", 1));
    }

    #[test]
    fn a_member_start_across_two_portions_is_seen() {
        for shift in 0..4 {
            let mut bytes = vec![b'x'; PORTION - 1 + shift];
            bytes.extend_from_slice(&MEMBER_START);
            bytes.extend_from_slice(&7_u32.to_le_bytes());
            assert!(!is_member_of(&mut &bytes[..], 7).unwrap(), "{shift}");
        }
        let mut alone = vec![b'x'; 3 * PORTION];
        alone.extend_from_slice(&7_u32.to_le_bytes());
        assert!(is_member_of(&mut &alone[..], 7 + (1 << 32)).unwrap());
        assert!(!is_member_of(&mut &alone[..], 8).unwrap());
    }

    #[test]
    fn a_break_that_was_counted_is_no_growth() {
        let whole = gzip(&LINE.repeat(5_000));
        let folder = tempdir().unwrap();
        let path = folder.path().join("cut.gz");
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let input = Input::file(&path).unwrap();
        let mut reader = crate::source::BlockReader::open(&input, 0).unwrap();
        let mut position = 0;
        while let Some(piece) = reader.next(&mut Vec::new()).unwrap() {
            position = piece.end();
        }
        assert!(!has_grown(&input, position).unwrap());
        fs::write(&path, &whole).unwrap();
        assert!(has_grown(&input, position).unwrap());
    }
}
