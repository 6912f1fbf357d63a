//! JSON for terminals.

use std::fmt::Write as _;

/// Escapes in JSON text what could act on a terminal or reorder what it shows: control characters
/// beyond ASCII, and Unicode's direction, formatting and tag characters. Inside strings, where alone
/// they can stand, the escape means the same character.
#[must_use]
pub fn inert(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if !is_active(character) {
            text.push(character);
            continue;
        }
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            write!(text, "\\u{unit:04x}").expect("writing to a string cannot fail");
        }
    }
    text
}

fn is_active(character: char) -> bool {
    matches!(
        character,
        '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_escaped_and_means_the_same() {
        let hostile = "a\u{9b}31m\u{202e}b\u{e0041}ü\n";
        let json = serde_json::to_string(hostile).expect("a string encodes");
        let inert = inert(&json);
        assert!(!inert.chars().any(is_active), "{inert}");
        assert_eq!(
            serde_json::from_str::<String>(&inert).expect("decodes"),
            hostile
        );
    }
}
