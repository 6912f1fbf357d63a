//! How many tokens a text takes, estimated without a model's tokenizer.
//!
//! Every model splits differently, and Bedrock counts some models only. The estimate is meant to be
//! too high: a token for every four letters of a word (long English words take fewer), for every
//! pair of digits, for every pair of marks or line ends that follow each other (as in JSON, where
//! tokenizers join more), and two for every character beyond ASCII. Blanks go with their words.

/// Letters that one token holds at least, in English.
const LETTERS: usize = 4;
/// Digits that one token holds at least.
const DIGITS: usize = 2;
/// Marks in a row that one token holds at least.
const MARKS: usize = 2;

/// Tokens of `text`, rather too many than too few.
#[must_use]
pub fn estimated(text: &str) -> u64 {
    let mut tokens = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let kind = kind(first);
        let end = rest.find(|c| self::kind(c) != kind).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        tokens += match kind {
            Kind::Letter => run.len().div_ceil(LETTERS),
            Kind::Digit => run.len().div_ceil(DIGITS),
            Kind::Mark => run.len().div_ceil(MARKS),
            Kind::Blank => 0,
            Kind::Other => 2 * run.chars().count(),
        };
    }
    tokens as u64
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
    Mark,
    Blank,
    Other,
}

fn kind(character: char) -> Kind {
    match character {
        'a'..='z' | 'A'..='Z' => Kind::Letter,
        '0'..='9' => Kind::Digit,
        ' ' => Kind::Blank,
        _ if character.is_ascii() => Kind::Mark,
        _ => Kind::Other,
    }
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
