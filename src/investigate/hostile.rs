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
//! [`line`] does both. Both are allow-lists or rewrite everything of a kind, so that a new trick
//! with an unknown character fails by being visible.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

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

fn push_visible(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        ' '..='~' | ELLIPSIS => shown.push(character),
        _ if character.is_alphanumeric() && !misleads(character) => shown.push(character),
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

/// `text` with addresses, URLs and host names written so that no reader makes a link of them.
#[must_use]
pub fn defang(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while !rest.is_empty() {
        let word_end = rest.find(is_separator).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_end);
        push_defanged_word(&mut safe, word);
        let separators_end = after.find(|c| !is_separator(c)).unwrap_or(after.len());
        safe.push_str(&after[..separators_end]);
        rest = &after[separators_end..];
    }
    safe
}

fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '"' | '\'' | '`' | '<' | '>' | '(' | ')')
        || matches!(character, '[' | ']' | '{' | '}' | ',' | ';' | '|' | '=')
}

fn push_defanged_word(safe: &mut String, word: &str) {
    if is_ipv6(word) {
        safe.push_str(&word.replace(':', "[:]"));
        return;
    }
    let Some(scheme_end) = word.find("://") else {
        push_defanged_path(safe, word);
        return;
    };
    let (scheme, rest) = word.split_at(scheme_end);
    push_defanged_scheme(safe, scheme);
    let rest = &rest["://".len()..];
    let authority_end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    safe.push_str("://");
    safe.push_str(&authority.replace('.', "[.]"));
    // A path may hold further URLs.
    if path.contains("://") {
        let inner = path.find(|c: char| c.is_alphanumeric()).unwrap_or(0);
        safe.push_str(&path[..inner]);
        safe.push_str(&path[inner..].replace("://", "[:]//").replace('.', "[.]"));
        return;
    }
    push_defanged_path(safe, path);
}

fn push_defanged_scheme(safe: &mut String, scheme: &str) {
    let lower = scheme.to_ascii_lowercase();
    // What stands before the scheme in the same word stays.
    if let Some(prefix) = lower.strip_suffix("https") {
        safe.push_str(&scheme[..prefix.len()].replace('.', "[.]"));
        safe.push_str("hxxps");
    } else if let Some(prefix) = lower.strip_suffix("http") {
        safe.push_str(&scheme[..prefix.len()].replace('.', "[.]"));
        safe.push_str("hxxp");
    } else {
        safe.push_str(&scheme.replace('.', "[.]"));
        safe.push_str("[:]");
        // `ftp[:]://` is ugly and safe.
    }
}

/// Defangs dotted quads anywhere in `word`, and the host name that it may begin with.
fn push_defanged_path(safe: &mut String, word: &str) {
    let host_end = word.find(['/', '?', '#', '\\']).unwrap_or(word.len());
    let (host, path) = word.split_at(host_end);
    if is_host_like(host) {
        safe.push_str(&host.replace('.', "[.]"));
    } else {
        push_defanged_quads(safe, host);
    }
    // `Chrome/120.0.0.0` is a version: nothing makes a link of what follows a product name.
    let is_product_version = path.starts_with('/')
        && path[1..].parse::<Ipv4Addr>().is_ok()
        && host.chars().all(|c| c.is_ascii_alphabetic())
        && !host.is_empty();
    if is_product_version {
        safe.push_str(path);
        return;
    }
    push_defanged_quads(safe, path);
}

/// Whether readers may take `word` for a host name or a mail address: it ends in a dot and letters.
fn is_host_like(word: &str) -> bool {
    let without_port = word.split(':').next().unwrap_or(word);
    let trimmed = without_port.trim_end_matches(['.', '!', '?', ':']);
    let Some((front, last)) = trimmed.rsplit_once('.') else {
        return false;
    };
    let is_name = last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
    let is_punycode = last.to_ascii_lowercase().starts_with("xn--");
    !front.is_empty() && (is_name || is_punycode)
}

fn push_defanged_quads(safe: &mut String, text: &str) {
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (front, from_digit) = rest.split_at(start);
        safe.push_str(front);
        let end = from_digit
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(from_digit.len());
        let (run, after) = from_digit.split_at(end);
        let labels = run.split('.').filter(|label| !label.is_empty()).count();
        if labels >= 4 {
            let numbers = run.trim_end_matches('.');
            safe.push_str(&numbers.replace('.', "[.]"));
            safe.push_str(&run[numbers.len()..]);
        } else {
            safe.push_str(run);
        }
        rest = after;
    }
    safe.push_str(rest);
}

fn is_ipv6(word: &str) -> bool {
    let trimmed = word.trim_end_matches(['.', '!', '?']);
    let without_length = trimmed.split('/').next().unwrap_or(trimmed);
    let without_zone = without_length.split('%').next().unwrap_or(without_length);
    without_zone.parse::<Ipv6Addr>().is_ok()
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

    #[test]
    fn addresses_are_defanged() {
        assert_eq!(defang("203.0.113.7"), "203[.]0[.]113[.]7");
        assert_eq!(
            defang("from 203.0.113.7, 198.51.100.1."),
            "from 203[.]0[.]113[.]7, 198[.]51[.]100[.]1."
        );
        assert_eq!(defang("203.0.113.0/24"), "203[.]0[.]113[.]0/24");
        assert_eq!(defang("2001:db8::1"), "2001[:]db8[:][:]1");
        assert_eq!(defang("(2001:db8::/32)"), "(2001[:]db8[:][:]/32)");
    }

    #[test]
    fn urls_and_host_names_are_defanged() {
        assert_eq!(
            defang("http://evil.example/a.b"),
            "hxxp://evil[.]example/a.b"
        );
        assert_eq!(
            defang("HTTPS://1.2.3.4:8080/x"),
            "hxxps://1[.]2[.]3[.]4:8080/x"
        );
        assert_eq!(
            defang("(+http://www.bot.example/b.html)"),
            "(+hxxp://www[.]bot[.]example/b.html)"
        );
        assert_eq!(defang("shop.example.com:443"), "shop[.]example[.]com:443");
        assert_eq!(
            defang("mail bob@evil.example."),
            "mail bob@evil[.]example[.]"
        );
        assert_eq!(defang("ftp://evil.example"), "ftp[:]://evil[.]example");
        assert_eq!(
            defang("/go?to=http://evil.example/"),
            "/go?to=hxxp://evil[.]example/"
        );
        assert_eq!(
            defang("http://a.example/http://evil.example"),
            "hxxp://a[.]example/http[:]//evil[.]example"
        );
    }

    #[test]
    fn paths_and_versions_keep_their_dots() {
        for text in [
            "/index.php",
            "/.env",
            "Mozilla/5.0",
            "Chrome/120.0.0.0",
            "curl/7.61.1",
        ] {
            assert_eq!(defang(text), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_harmless_line(text in any::<String>(), max in 0_usize..60) {
            let shown = one_line(&text, max);
            prop_assert!(shown.chars().count() <= max);
            prop_assert!(shown.chars().all(|c| c == ELLIPSIS
                || (' '..='~').contains(&c)
                || (c.is_alphanumeric() && !misleads(c))));
        }

        #[test]
        fn no_link_survives(text in "[ -~]{0,60}") {
            let safe = defang(&text);
            let lower = safe.to_ascii_lowercase();
            prop_assert!(!lower.contains("http://"), "{safe}");
            prop_assert!(!lower.contains("https://"), "{safe}");
        }

        #[test]
        fn no_address_survives(address in any::<Ipv4Addr>(), front in "[ -~]{0,8} ", back in " [ -~]{0,8}") {
            let address = address.to_string();
            let safe = defang(&format!("{front}{address}{back}"));
            prop_assert!(!safe.contains(&address), "{safe}");
        }
    }
}
