//! Lines of evidence that grow, and what they name.

use std::collections::HashSet;

use crate::analyst::bedrock::hostile::{Kind, address, is_name, sketch};
use crate::analyst::bedrock::prompt::Shown;
use crate::analyst::bedrock::{bind, tokens};
use wafwatch_windows::summary::Dimension;

const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

/// Lines under construction. Whatever is not our own word or number goes through its methods.
#[derive(Debug, Default)]
pub(super) struct Page {
    lines: Vec<String>,
    shown: Shown,
    /// References whose sketch stands in a line already.
    introduced: HashSet<String>,
}

impl Page {
    /// A line of our own words, of numbers, and of what the other methods gave.
    pub(super) fn line(&mut self, line: String) {
        self.lines.push(line);
    }

    /// A value of `dimension`.
    pub(super) fn value(&mut self, dimension: Dimension, value: &str) -> String {
        match dimension {
            Dimension::ClientAddress => self.address(value),
            Dimension::Uri | Dimension::BlockedUri => self.reference(Kind::Path, value),
            Dimension::UserAgent => self.reference(Kind::Agent, value),
            Dimension::Host => self.reference(Kind::Host, value),
            Dimension::Method if METHODS.contains(&value) => value.to_owned(),
            Dimension::Country | Dimension::BlockedCountry if is_country(value) => {
                self.shown.names.insert(value.to_owned());
                value.to_owned()
            }
            Dimension::Rule
            | Dimension::CountedRule
            | Dimension::Label
            | Dimension::HttpSource
            | Dimension::OtherAction => self.name(value),
            Dimension::Method
            | Dimension::Country
            | Dimension::BlockedCountry
            | Dimension::Ja3
            | Dimension::Ja4 => self.reference(Kind::Text, value),
        }
    }

    /// An address, or a reference where it is none.
    pub(super) fn address(&mut self, value: &str) -> String {
        let Some(address) = address(value) else {
            return self.reference(Kind::Text, value);
        };
        self.shown.addresses.insert(address.clone());
        address
    }

    /// A name that the site's owner or AWS gave, or a reference where it does not look like one.
    pub(super) fn name(&mut self, value: &str) -> String {
        if !is_name(value) {
            return self.reference(Kind::Name, value);
        }
        self.shown.names.insert(value.to_owned());
        value.to_owned()
    }

    /// A reference; with a sketch of the value the first time.
    pub(super) fn reference(&mut self, kind: Kind, value: &str) -> String {
        let reference = self.shown.references.refer(kind, value);
        if !self.introduced.insert(reference.clone()) {
            return reference;
        }
        // People and accounts are not for a model to know.
        if kind == Kind::Person {
            return reference;
        }
        format!("{reference} \"{}\"", sketch(value))
    }

    /// The first lines that take at most so many tokens and bytes.
    pub(super) fn cut(mut self, max_tokens: u64, max_bytes: usize) -> Self {
        let mut taken = 0;
        let mut bytes = 0;
        let fitting = self.lines.iter().take_while(|line| {
            // The line's end counts too.
            taken += tokens::estimated(line) + 1;
            bytes += line.len() + 1;
            taken <= max_tokens && bytes <= max_bytes
        });
        let keep = fitting.count();
        self.lines.truncate(keep);
        self
    }

    /// The text, and what the answer to it may name.
    pub(super) fn finish(self) -> (String, Shown) {
        let text: String = self
            .lines
            .iter()
            .flat_map(|line| [line.as_str(), "\n"])
            .collect();
        let mut shown = self.shown;
        shown.numbers = bind::numbers_in(&text);
        (text, shown)
    }
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}
