//! Recognises base64 text that carries an envelope or a record.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{gzip, kpl};

/// The standard alphabet; padding may be there or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Characters that decode to the 4 bytes that tell what the text carries, and a bit more.
const PROBE_CHARACTERS: usize = 8;

/// The bytes of `text`, an envelope's part that should be base64. Line breaks are passed over.
pub(super) fn decode_part(text: &str) -> Option<Vec<u8>> {
    let is_break = |character: char| matches!(character, '\r' | '\n');
    let joined: Cow<'_, str> = if text.contains(is_break) {
        Cow::Owned(text.replace(is_break, ""))
    } else {
        Cow::Borrowed(text)
    };
    LENIENT.decode(joined.as_bytes()).ok()
}

/// What the word that `text` begins with decodes to, and the word's length, where it is base64 of
/// something that can be decoded further.
pub(super) fn decode_word(text: &str) -> Option<(Vec<u8>, usize)> {
    let probe = text.get(..PROBE_CHARACTERS)?;
    let start = LENIENT.decode(probe).ok()?;
    let is_known = start.starts_with(&gzip::MAGIC)
        || start.starts_with(&kpl::MAGIC)
        || matches!(start.first(), Some(b'{' | b'['));
    if !is_known {
        return None;
    }
    let is_foreign = |byte: u8| !byte.is_ascii_alphanumeric() && !b"+/=".contains(&byte);
    let length = text.bytes().position(is_foreign).unwrap_or(text.len());
    let decoded = LENIENT.decode(&text[..length]).ok()?;
    Some((decoded, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_decoded_only_where_it_carries_something_known() {
        let object = br#"{"a":1}"#.to_vec();
        assert_eq!(decode_word("eyJhIjoxfQ=="), Some((object.clone(), 12)));
        assert_eq!(decode_word("eyJhIjoxfQ, x"), Some((object, 10)));
        assert_eq!(decode_word("aGVsbG8gd29ybGQ="), None);
        assert_eq!(decode_word("eyJhIjox=fQ="), None);
        assert_eq!(decode_word("hello"), None);
        assert_eq!(decode_word("äöüäöüäöü"), None);
    }

    #[test]
    fn a_part_may_be_broken_into_lines() {
        assert_eq!(
            decode_part("eyJh\r\nIjoxfQ=="),
            Some(br#"{"a":1}"#.to_vec())
        );
        assert_eq!(decode_part("no base64!"), None);
    }
}
