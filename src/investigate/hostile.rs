//! Makes text that came out of a request fit to be shown to people.
//!
//! Whoever sends requests writes the paths, hosts, user agents and labels that end up in reports,
//! mails and terminals. Before such text is shown it goes through two steps:
//!
//! - [`one_line`] keeps letters, digits and printable ASCII. Everything else (control characters,
//!   ANSI escapes, line ends, direction marks, tag characters, zero-width and combining
//!   characters, letters of right-to-left scripts, private use) is written out as `\u{202e}`.
//!   The result is one line of at most the given length whose order on the screen is its order
//!   in memory.
//! - [`defang`] makes sure that nothing in it is turned into a link: `203[.]0[.]113[.]7`,
//!   `2001[:]db8[:][:]1`, `hxxp://evil[.]example/x`.
//!
//! [`line()`] does both. JSON goes through [`escaped_json`] where people may look at it. Both are allow-lists or rewrite everything of a kind, so that a new trick
//! with an unknown character fails by being visible.

mod defang;

use std::fmt::Write;

pub use defang::defang;

/// Ends a text that was cut.
pub const ELLIPSIS: char = '…';

/// `text` on one line without invisible or reordering characters, at most `max_chars` long.
#[must_use]
pub fn one_line(text: &str, max_chars: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(max_chars.saturating_mul(4)));
    let mut length = 0;
    // Where to cut if the rest does not fit: the last place that leaves room for the ellipsis.
    let mut cut_at = 0;
    for character in text.chars() {
        let start = shown.len();
        push_visible(&mut shown, character);
        length += shown[start..].chars().count();
        if length > max_chars {
            shown.truncate(cut_at);
            if max_chars > 0 {
                shown.push(ELLIPSIS);
            }
            return shown;
        }
        if length < max_chars {
            cut_at = shown.len();
        }
    }
    shown
}

/// [`one_line`], then [`defang`].
#[must_use]
pub fn line(text: &str, max_chars: usize) -> String {
    defang(&one_line(text, max_chars))
}

/// A JSON text in which everything that is not plainly visible is written as `\u202e`: for a parser
/// the same document, on a terminal a harmless one.
#[must_use]
pub fn escaped_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        // What else there is below DEL, JSON escapes by itself; line ends stand between values.
        if character < '\u{7f}' || is_plain(character) {
            shown.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    shown
}

fn is_plain(character: char) -> bool {
    character == ELLIPSIS || (character.is_alphanumeric() && !misleads(character))
}

fn push_visible(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        ' '..='~' => shown.push(character),
        _ if is_plain(character) => shown.push(character),
        _ => {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        }
    }
}

/// Letters that are invisible, stack on their neighbours, or reorder the line around them.
fn misleads(character: char) -> bool {
    matches!(u32::from(character),
        // Combining marks that count as alphabetic.
        0x0300..=0x036F | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF
        // Hebrew, Arabic, Syriac, Thaana, N'Ko and the other right-to-left scripts.
        | 0x0590..=0x08FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFF
        | 0x10800..=0x10FFF | 0x1E800..=0x1EFFF
        // Fillers without a shape.
        | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x3164 | 0xFFA0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in [
            "/prod/app",
            "AWSManagedRulesCommonRuleSet",
            "Größe 5",
            "東京",
        ] {
            assert_eq!(line(text, 80), text);
        }
    }

    #[test]
    fn control_characters_and_escapes_become_visible() {
        assert_eq!(
            one_line("a\u{1b}[31mred\r\nX-Injected: 1\0\u{85}\u{7f}", 80),
            "a\\u{1b}[31mred\\r\\nX-Injected: 1\\u{0}\\u{85}\\u{7f}"
        );
    }

    #[test]
    fn direction_tag_and_invisible_characters_become_visible() {
        let tricks = [
            '\u{202e}',
            '\u{2066}',
            '\u{200b}',
            '\u{200d}',
            '\u{feff}',
            '\u{e0041}',
            '\u{fe0f}',
            '\u{2028}',
            '\u{2029}',
            '\u{a0}',
            '\u{ad}',
            '\u{3164}',
            '\u{5d0}',
            '\u{627}',
            '\u{301}',
            '\u{e000}',
            '\u{61c}',
            '\u{180e}',
            '\u{1160}',
        ];
        for trick in tricks {
            let shown = one_line(&format!("a{trick}b"), 80);
            assert_eq!(shown, format!("a\\u{{{:x}}}b", u32::from(trick)));
        }
    }

    #[test]
    fn long_text_is_cut_on_a_character_and_never_inside_an_escape() {
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("abcdefg", 6), "abcde…");
        assert_eq!(one_line("äöüäöü", 4), "äöü…");
        assert_eq!(one_line("ab\u{202e}", 6), "ab…");
        assert_eq!(one_line("abc", 0), "");
    }

    proptest! {
        #[test]
        fn escaped_json_is_harmless_and_the_same_document(text in any::<String>()) {
            let value = serde_json::json!({ "text": text });
            let shown = escaped_json(&value.to_string());
            prop_assert!(shown.chars().all(|c| (' '..='~').contains(&c) || is_plain(c)));
            let parsed: serde_json::Value = serde_json::from_str(&shown).expect("still JSON");
            prop_assert_eq!(parsed, value);
        }

        #[test]
        fn any_text_becomes_one_harmless_line(text in any::<String>(), max in 0_usize..60) {
            let shown = one_line(&text, max);
            prop_assert!(shown.chars().count() <= max);
            prop_assert!(shown.chars().all(|c| c == ELLIPSIS
                || (' '..='~').contains(&c)
                || (c.is_alphanumeric() && !misleads(c))));
        }
    }
}
