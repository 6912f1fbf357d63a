//! Writes addresses, URLs and host names so that no reader of text makes a link of them.

use std::net::{Ipv4Addr, Ipv6Addr};

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

/// Defangs dotted quads, and host names unless `word` is a path.
fn push_defanged_path(safe: &mut String, word: &str) {
    // `Chrome/120.0.0.0` is a version: nothing makes a link of what follows a product name.
    if is_product_with_version(word) {
        safe.push_str(word);
        return;
    }
    if word.starts_with('/') {
        push_defanged_quads(safe, word);
        return;
    }
    let mut marked = String::with_capacity(word.len());
    for (position, character) in word.char_indices() {
        if character == '.' && begins_a_domain(&word[position + 1..]) {
            marked.push_str("[.]");
        } else {
            marked.push(character);
        }
    }
    push_defanged_quads(safe, &marked);
}

fn is_product_with_version(word: &str) -> bool {
    word.split_once('/').is_some_and(|(product, version)| {
        let is_name = !product.is_empty() && product.chars().all(|c| c.is_ascii_alphabetic());
        is_name && version.parse::<Ipv4Addr>().is_ok()
    })
}

/// Whether what follows a dot may be the rest of a host name: a label with letters, as `example`
/// or `xn--p1ai`, but no version such as `0` or `31`.
fn begins_a_domain(after_dot: &str) -> bool {
    let is_label = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let label: Vec<char> = after_dot.chars().take_while(is_label).collect();
    label.iter().filter(|c| c.is_alphabetic()).count() >= 2 || {
        // `a.b.example`: a short label, with the rest of the name behind it.
        let rest = after_dot.chars().nth(label.len());
        !label.is_empty() && rest == Some('.') && label.iter().any(|c| c.is_alphabetic())
    }
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
        for (text, safe) in [
            ("mail bob@evil.example.", "mail bob@evil[.]example."),
            ("user:x@evil.example!", "user:x@evil[.]example!"),
            ("*evil.xn--p1ai*", "*evil[.]xn--p1ai*"),
            ("text/a.b.evil.com", "text/a[.]b[.]evil[.]com"),
            ("http://[2001:db8::1]/", "hxxp://[2001[:]db8[:][:]1]/"),
        ] {
            assert_eq!(defang(text), safe);
        }
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
