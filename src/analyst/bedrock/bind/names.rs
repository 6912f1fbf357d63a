//! Whether a word names something, and whether that was shown.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::LazyLock;

use crate::analyst::Cause;
use crate::analyst::bedrock::hostile::Kind;
use crate::analyst::bedrock::prompt::Shown;

static TERMS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let text = include_str!("../prompts/terms.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_ascii_whitespace).collect()
});

/// Words behind which a capitalised word is taken for a person.
const BEFORE_PEOPLE: [&str; 7] = [
    "by",
    "user",
    "role",
    "principal",
    "administrator",
    "engineer",
    "operator",
];
/// Shortest part of a shown name that counts as naming it.
const SHORTEST_PART: usize = 4;
/// Letters behind a number that belong to it.
const SUFFIXES: [&str; 8] = ["%", "x", "-fold", "k", "s", "ms", "th", "st"];

/// What a word is.
pub(super) enum Word<'a> {
    /// An ordinary word, or a name that was shown.
    Known,
    /// A reference that was given, with what stands around it.
    Reference {
        front: &'a str,
        reference: &'a str,
        back: &'a str,
    },
    /// A name that was not shown.
    Unknown,
}

/// What `word` is, which stands behind `before`.
pub(super) fn checked<'a>(word: &'a str, before: &str, shown: &Shown) -> Word<'a> {
    let (front, core, back) = trimmed(word);
    if is_reference(core) {
        if shown.references.value(core).is_some() {
            return Word::Reference {
                front: front.trim_end_matches('['),
                reference: core,
                back: back.trim_start_matches(']'),
            };
        }
        if !shown.names.contains(core) && !TERMS.contains(core) {
            return Word::Unknown;
        }
    }
    if is_known(core, before, shown) {
        Word::Known
    } else {
        Word::Unknown
    }
}

/// The word without the brackets, quotes and punctuation around it.
fn trimmed(word: &str) -> (&str, &str, &str) {
    let start = word
        .find(|c: char| !"([{\"'`*“‘".contains(c))
        .unwrap_or(word.len());
    let (front, rest) = word.split_at(start);
    let core = rest.trim_end_matches(|c: char| ".,;:!?)]}\"'`*”’".contains(c));
    let core = core.strip_suffix("'s").unwrap_or(core);
    (front, core, &rest[core.len()..])
}

/// A letter of a reference, and a number.
fn is_reference(word: &str) -> bool {
    let digits = word.strip_prefix(['U', 'G', 'H', 'N', 'P', 'T']);
    digits.is_some_and(|digits| {
        (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_known(word: &str, before: &str, shown: &Shown) -> bool {
    if word.is_empty() || TERMS.contains(word) || shown.names.contains(word) {
        return true;
    }
    if let Ok(address) = word.parse::<IpAddr>() {
        return shown.addresses.contains(&address.to_string());
    }
    if word.contains("://") || word.contains('@') || word.contains('\\') {
        return false;
    }
    if word.starts_with('/') {
        return is_shown_value(word, Kind::Path, shown);
    }
    if word.contains(|c: char| c.is_ascii_digit()) {
        return is_shown_number(word, shown) || is_part_of_name(word, shown);
    }
    if has_domain(word) {
        return is_shown_value(word, Kind::Host, shown) || is_part_of_name(word, shown);
    }
    if is_two_capitals(word) {
        return false;
    }
    if looks_like_identifier(word) {
        return Cause::ALL.iter().any(|cause| cause.name() == word) || is_part_of_name(word, shown);
    }
    !is_person(word, before)
}

fn is_shown_value(word: &str, kind: Kind, shown: &Shown) -> bool {
    let references = &shown.references;
    let is_value = references.reference_of(kind, word).is_some();
    is_value || references.sketches(kind).any(|sketch| sketch == word)
}

/// Every number in the word was shown, and nothing but their usual marks stands around them.
fn is_shown_number(word: &str, shown: &Shown) -> bool {
    let core = word.trim_start_matches(['$', '~', '<', '>', '+', '-', '≈', '×']);
    let core = SUFFIXES
        .iter()
        .find_map(|suffix| core.strip_suffix(suffix))
        .unwrap_or(core);
    if shown.numbers.contains(&normalised(core)) {
        return true;
    }
    let parts = core
        .split(|c: char| "-:/TZ–".contains(c))
        .filter(|part| !part.is_empty());
    let mut parts = parts.peekable();
    parts.peek().is_some() && parts.all(|part| shown.numbers.contains(&normalised(part)))
}

/// A number without separators of thousands, a closing mark, and zeros that say nothing.
pub(super) fn normalised(number: &str) -> String {
    let number = number.trim_matches(['.', ',']).replace(',', "");
    match number.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole.to_owned(),
        Some((whole, fraction)) if !fraction.contains('.') => {
            format!("{whole}.{}", fraction.trim_end_matches('0'))
        }
        _ => number,
    }
}

fn is_part_of_name(word: &str, shown: &Shown) -> bool {
    word.len() >= SHORTEST_PART && shown.names.iter().any(|name| name.contains(word))
}

/// `evil.example`, but no `e.g`.
fn has_domain(word: &str) -> bool {
    let mut labels = word.split('.');
    let first = labels.next().unwrap_or_default();
    let mut rest = labels.peekable();
    let is_label = |label: &str| label.chars().filter(|c| c.is_alphanumeric()).count() >= 2;
    rest.peek().is_some() && is_label(first) && rest.all(is_label)
}

fn is_two_capitals(word: &str) -> bool {
    word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Marks inside, capitals behind small letters, or more hyphens than English words have.
fn looks_like_identifier(word: &str) -> bool {
    let has_marks = word.contains(['_', '#', ':', '$', '=', '{', '<']);
    let letters: Vec<char> = word.chars().collect();
    let has_humps = letters
        .windows(2)
        .any(|pair| pair[0].is_lowercase() && pair[1].is_uppercase());
    has_marks || has_humps || word.matches('-').count() >= 2
}

fn is_person(word: &str, before: &str) -> bool {
    let is_capitalised = word.starts_with(char::is_uppercase);
    let before = before.to_lowercase();
    is_capitalised && BEFORE_PEOPLE.contains(&before.as_str()) && !word.starts_with("AWS")
}
