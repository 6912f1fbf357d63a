//! How much of each kind evidence keeps, and how it shrinks until it fits.
//!
//! Lengths of text are measured as JSON writes them, where one control character takes six bytes:
//! otherwise a path of control characters would make evidence six times as large as it looks.

use super::hostile::ELLIPSIS;

/// Bounds on the parts of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Longest text of a request, in bytes as JSON writes it without its quotes.
    pub text_bytes: usize,
    /// Most value comparisons of one dimension.
    pub values_per_dimension: usize,
    /// Most value comparisons.
    pub values: usize,
    /// Most address profiles, and most rule profiles.
    pub profiles: usize,
    /// Most values in each list of a profile.
    pub profile_items: usize,
}

/// From the wanted bounds to bounds that fit whatever the input. The last ones cannot exceed 64
/// KiB: 45 values, 2 x 10 profiles with lists of 2, 16 findings and 20 windows, each text 48
/// bytes long and each number 20, come to less than 50 KiB.
pub(super) const LADDER: [Limits; 4] = [
    Limits {
        text_bytes: 256,
        values_per_dimension: 20,
        values: 120,
        profiles: 15,
        profile_items: 5,
    },
    Limits {
        text_bytes: 128,
        values_per_dimension: 20,
        values: 120,
        profiles: 15,
        profile_items: 3,
    },
    Limits {
        text_bytes: 64,
        values_per_dimension: 12,
        values: 90,
        profiles: 12,
        profile_items: 2,
    },
    Limits {
        text_bytes: 48,
        values_per_dimension: 5,
        values: 45,
        profiles: 10,
        profile_items: 2,
    },
];

/// `text`, cut so that JSON writes it in at most `max_bytes`; a cut text ends with `…`.
pub(super) fn cut(text: &str, max_bytes: usize) -> String {
    let room_for_ellipsis = max_bytes.saturating_sub(ELLIPSIS.len_utf8());
    let mut length = 0;
    let mut keep = 0;
    for (position, character) in text.char_indices() {
        length += json_bytes(character);
        if length > max_bytes {
            let mut kept = text[..keep].to_owned();
            kept.push(ELLIPSIS);
            return kept;
        }
        if length <= room_for_ellipsis {
            keep = position + character.len_utf8();
        }
    }
    text.to_owned()
}

fn json_bytes(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => character.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_that_fits_is_kept_whole() {
        assert_eq!(cut("/prod/app", 9), "/prod/app");
        assert_eq!(cut("/prod/apps", 9), "/prod/…");
    }

    proptest! {
        #[test]
        fn json_never_exceeds_the_limit(text in any::<String>(), max in 3_usize..80) {
            let json = serde_json::to_string(&cut(&text, max)).expect("a string serialises");
            prop_assert!(json.len() <= max + 2);
        }

        #[test]
        fn control_characters_are_measured_as_written(count in 0_usize..100) {
            let json = serde_json::to_string(&cut(&"\u{1}".repeat(count), 48)).expect("serialises");
            prop_assert!(json.len() <= 50);
        }
    }
}
