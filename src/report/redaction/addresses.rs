//! Finds addresses in text, whoever wrote it, and masks their lower parts.
//!
//! Four numbers with dots between them are an address wherever they stand, also with more numbers
//! behind: a version such as `120.0.0.0` loses its last number too, since nobody can tell it from an
//! address. An IPv6 address is masked where it stands as a word; glued to letters it is found only
//! where the event names it ([`known_mask`]).

use std::net::Ipv6Addr;

use super::AddressMask;

/// Stands for a part of an address.
const MASKED_PART: char = 'x';
const QUAD: usize = 4;
/// A shorter IPv6 address, as `::1`, is nobody's, and occurs by chance.
const LEAST_KNOWN_LENGTH: usize = 7;

impl AddressMask {
    /// Octets of an IPv4 address that are shown.
    fn octets(self) -> usize {
        match self {
            Self::None => QUAD,
            Self::Host => 3,
            Self::Network => 2,
        }
    }

    /// Groups of sixteen bits of an IPv6 address that are shown.
    fn groups(self) -> usize {
        match self {
            Self::None => 8,
            Self::Host => 3,
            Self::Network => 2,
        }
    }
}

/// `text` with all its addresses masked.
pub(super) fn masked(text: &str, mask: AddressMask) -> String {
    quads(&words(text, mask), mask)
}

/// What stands for `address` wherever it occurs; `None` where [`masked`] finds it by itself.
pub(super) fn known_mask(address: &str, mask: AddressMask) -> Option<String> {
    if mask == AddressMask::None || address.len() < LEAST_KNOWN_LENGTH {
        return None;
    }
    Some(short(address.parse().ok()?, mask))
}

fn short(address: Ipv6Addr, mask: AddressMask) -> String {
    let groups = address.segments();
    let shown = groups.iter().take(mask.groups());
    let shown: Vec<String> = shown.map(|group| format!("{group:x}")).collect();
    format!("{}:{MASKED_PART}", shown.join(":"))
}

/// Masks IPv6 addresses.
fn words(text: &str, mask: AddressMask) -> String {
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.');
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_glued = false;
    while let Some(start) = rest.find(is_part) {
        let (front, from_part) = rest.split_at(start);
        safe.push_str(front);
        is_glued = front
            .chars()
            .next_back()
            .map_or(is_glued, char::is_alphanumeric);
        let end = from_part.find(|c| !is_part(c)).unwrap_or(from_part.len());
        let (run, after) = from_part.split_at(end);
        let is_glued_behind = after.starts_with(char::is_alphanumeric);
        push_run(&mut safe, run, (is_glued, is_glued_behind), mask);
        rest = after;
    }
    safe.push_str(rest);
    safe
}

/// Writes a run of hexadecimal digits, colons and dots; `glued` tells whether letters stand directly
/// before and behind it.
fn push_run(safe: &mut String, run: &str, glued: (bool, bool), mask: AddressMask) {
    // A colon or a dot may end a sentence, and a colon may follow a name.
    for front in [0, 1] {
        for back in [0, 1] {
            if !is_framed(run, front, back) {
                continue;
            }
            let Some(word) = run.get(front..run.len().saturating_sub(back)) else {
                continue;
            };
            let is_free = (front > 0 || !glued.0) && (back > 0 || !glued.1);
            let has_digits = word.contains(|c: char| c.is_ascii_hexdigit());
            if let (true, true, Ok(address)) = (is_free, has_digits, word.parse()) {
                safe.push_str(&run[..front]);
                safe.push_str(&short(address, mask));
                safe.push_str(&run[run.len() - back..]);
                return;
            }
        }
    }
    safe.push_str(run);
}

/// Whether what is left out at the ends of `run` are marks.
fn is_framed(run: &str, front: usize, back: usize) -> bool {
    let begins = front == 0 || run.starts_with(':');
    let ends = back == 0 || run.ends_with([':', '.']);
    begins && ends
}

/// Masks every run of four numbers or more with dots between them, defanged or not.
fn quads(text: &str, mask: AddressMask) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (front, from_digit) = rest.split_at(start);
        safe.push_str(front);
        let (labels, after) = numbers(from_digit);
        if labels.len() < QUAD {
            safe.push_str(&from_digit[..from_digit.len() - after.len()]);
        } else {
            for (place, (dot, number)) in labels.iter().enumerate() {
                safe.push_str(dot);
                if place < mask.octets() {
                    safe.push_str(number);
                } else {
                    safe.push(MASKED_PART);
                }
            }
        }
        rest = after;
    }
    safe.push_str(rest);
    safe
}

/// The numbers that `text` begins with, each with the dot before it, and what follows them.
fn numbers(text: &str) -> (Vec<(&str, &str)>, &str) {
    let mut numbers = Vec::new();
    let mut rest = text;
    let mut dot = "";
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        numbers.push((dot, number));
        let mut dots = ["[.]", "."].into_iter();
        let next = dots.find_map(|dot| Some((dot, after.strip_prefix(dot)?)));
        match next {
            Some((found, behind)) if behind.starts_with(|c: char| c.is_ascii_digit()) => {
                dot = found;
                rest = behind;
            }
            _ => return (numbers, after),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn host(text: &str) -> String {
        masked(text, AddressMask::Host)
    }

    #[test]
    fn the_host_is_masked() {
        for (text, expected) in [
            ("203.0.113.7", "203.0.113.x"),
            ("from 203.0.113.7.", "from 203.0.113.x."),
            ("203.0.113.7:443/x", "203.0.113.x:443/x"),
            ("http://203.0.113.7/", "http://203.0.113.x/"),
            ("a203.0.113.7b", "a203.0.113.xb"),
            ("1203.0.113.77", "1203.0.113.x"),
            ("1.203.0.113.7", "1.203.0.x.x"),
            ("203[.]0[.]113[.]7", "203[.]0[.]113[.]x"),
            ("2001:db8:1:2::3", "2001:db8:1:x"),
            ("2001:DB8::1: 52 requests", "2001:db8:0:x: 52 requests"),
            ("seen at 2001:db8::1.", "seen at 2001:db8:0:x."),
            ("ip:2001:db8::1", "ip:2001:db8:0:x"),
            ("[2001:db8::1]:443", "[2001:db8:0:x]:443"),
            ("2001:db8::/32", "2001:db8:0:x/32"),
            ("fe80::1%eth0", "fe80:0:0:x%eth0"),
            ("::ffff:203.0.113.7", "0:0:0:x"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:x"),
        ] {
            assert_eq!(host(text), expected);
            assert_eq!(host(expected), expected);
        }
    }

    #[test]
    fn more_is_masked_where_it_is_asked_for() {
        let network = |text| masked(text, AddressMask::Network);
        assert_eq!(network("203.0.113.7"), "203.0.x.x");
        assert_eq!(network("2001:db8:1:2::3"), "2001:db8:x");
        let none = AddressMask::None;
        assert_eq!(masked("203.0.113.7", none), "203.0.113.7");
        assert_eq!(known_mask("2001:db8::1", none), None);
    }

    #[test]
    fn what_is_no_address_stays() {
        for text in [
            "",
            "10:00:00",
            "2024-05-01T10:00:00Z",
            "arn:aws:s3:::bucket",
            "arn:aws:iam::aws:policy/ReadOnly",
            "arn:aws:iam::111122223333:role/x",
            "1.2.3",
            "::",
            "std::fmt",
            "awswaf:managed:aws:core-rule-set",
            "HTTP/1.1 0.25",
        ] {
            assert_eq!(host(text), text);
        }
    }

    proptest! {
        #[test]
        fn no_ipv4_address_survives_anywhere(bits: u32, before in "[a-z0-9.:/ é]{0,6}", behind in "[a-z0-9.:/ é]{0,6}") {
            let address = Ipv4Addr::from(bits).to_string();
            let shown = host(&format!("{before}{address}{behind}"));
            prop_assert!(!shown.contains(&address), "{shown}");
        }

        #[test]
        fn no_ipv6_address_survives_as_a_word(bits: u128) {
            prop_assume!(bits != 0);
            let address = Ipv6Addr::from(bits);
            let long = address.segments().map(|group| format!("{group:04X}")).join(":");
            for form in [address.to_string(), long] {
                let shown = host(&format!("from {form}: (\"{form}\") [{form}]:80, {form}/64"));
                prop_assert!(!shown.contains(&form), "{shown}");
            }
        }

        #[test]
        fn any_text_is_masked_once_and_for_all(text in any::<String>()) {
            let once = host(&text);
            prop_assert_eq!(host(&once), once);
        }
    }
}
