//! How many tokens a text takes, estimated without a model's tokenizer.
//!
//! Every model splits differently, and Bedrock counts some models only. The estimate is meant to be
//! too high: a token for every four letters of a word (long English words take fewer), for every
//! digit pair, for every mark, for every blank but a single one, and two for every character beyond
//! ASCII.

/// Letters that one token holds at least, in English.
const LETTERS: usize = 4;
/// Digits that one token holds at least.
const DIGITS: usize = 2;

/// Tokens of `text`, rather too many than too few.
#[must_use]
pub fn estimated(text: &str) -> u64 {
    let mut tokens = 0;
    let mut letters = 0_usize;
    let mut digits = 0_usize;
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_alphabetic() {
            letters += 1;
            continue;
        }
        tokens += letters.div_ceil(LETTERS);
        letters = 0;
        if character.is_ascii_digit() {
            digits += 1;
            continue;
        }
        tokens += digits.div_ceil(DIGITS);
        digits = 0;
        tokens += match character {
            ' ' => 0,
            _ if character.is_ascii() => 1,
            _ => 2,
        };
    }
    tokens as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_estimated_from_above() {
        // As a byte-pair tokenizer splits them: words, dots, groups of three digits, humps.
        for (text, real) in [
            ("The quick brown fox jumps over the lazy dog.", 10),
            ("203.0.113.77", 7),
            ("AWSManagedRulesCommonRuleSet", 6),
        ] {
            let estimate = estimated(text);
            assert!(estimate >= real, "{text}: {estimate}");
            assert!(estimate <= 2 * real, "{text}: {estimate}");
        }
    }
}
