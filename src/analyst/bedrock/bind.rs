//! Holds an answer to the evidence: what it names must stand there.
//!
//! Prose is taken sentence by sentence. A sentence that names an address, a path, a host, a link, a
//! number, a rule or a country that the prompt did not show is removed and counted; so is an entry of a
//! list, and so is a figure that differs from the counted one. Each removal lowers the confidence. What
//! stays has its references replaced by the values.
//!
//! The check is by form (`names.rs`): numbers in digits, words with the marks of identifiers. An invented
//! number in letters, or an invented name that looks like an ordinary word, is not told from English.
//! That is one reason why an answer moves no severity by more than a level and silences nothing.

mod names;

use std::collections::HashSet;

use super::hostile::Kind;
use super::prompt::Shown;
use super::schema::Answer;
use crate::analyst::{Cause, MetricsOverview};
use names::Word;

/// What each removed statement leaves of the confidence.
const LEFT_PER_REMOVAL: f64 = 0.85;
/// Difference of ratios that is rounding.
const ROUNDING: f64 = 0.01;

/// An answer as far as the evidence holds it. References are replaced by values.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The summary; empty where nothing of it stood.
    pub executive_summary: String,
    /// The cause in a sentence; empty where nothing of it stood.
    pub anomaly_cause: String,
    /// How the model says it got there.
    pub methodology: String,
    /// Addresses that it names, in its order.
    pub offenders: Vec<String>,
    /// Other causes.
    pub possible_causes: Vec<(Cause, f64, String)>,
    /// Advice.
    pub actions: Vec<String>,
    /// Lowered by what was removed.
    pub confidence: f64,
    /// How much was removed.
    pub removed: u32,
}

/// The numbers in `text`, each as it is written, without separators of thousands, and its runs of digits.
#[must_use]
pub fn numbers_in(text: &str) -> HashSet<String> {
    let mut numbers = HashSet::new();
    for run in text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')) {
        numbers.insert(names::normalised(run));
        let digits = run.split(|c: char| !c.is_ascii_digit());
        numbers.extend(digits.map(str::to_owned));
    }
    numbers.remove("");
    numbers
}

/// Holds `answer` to what was `shown`; `exact` are the figures that were counted.
#[must_use]
pub fn bind(answer: Answer, shown: &Shown, exact: &MetricsOverview) -> Bound {
    let mut binding = Binding { shown, removed: 0 };
    binding.figures(&answer.metrics, exact);
    let offenders = binding.entries(&answer.primary_offenders, Binding::address);
    binding.entries(&answer.top_rules, Binding::name);
    binding.entries(&answer.top_uris, Binding::path);
    binding.texts(&answer.changes);
    let executive_summary = binding.prose(&answer.executive_summary);
    let anomaly_cause = binding.prose(&answer.anomaly_cause);
    let methodology = binding.prose(&answer.methodology);
    let actions = binding.texts(&answer.recommended_actions);
    let mut possible_causes = Vec::new();
    for (cause, confidence, reason) in &answer.possible_causes {
        let reason = binding.prose(reason);
        if !reason.is_empty() {
            possible_causes.push((*cause, *confidence, reason));
        }
    }
    let removals = i32::try_from(binding.removed).unwrap_or(i32::MAX);
    Bound {
        executive_summary,
        anomaly_cause,
        methodology,
        offenders,
        possible_causes,
        actions,
        confidence: answer.confidence * LEFT_PER_REMOVAL.powi(removals),
        removed: binding.removed,
    }
}

struct Binding<'a> {
    shown: &'a Shown,
    removed: u32,
}

impl Binding<'_> {
    fn remove(&mut self) {
        self.removed = self.removed.saturating_add(1);
    }

    fn figures(&mut self, given: &[f64; 6], exact: &MetricsOverview) {
        let counted = [
            exact.records_examined,
            exact.blocked_total,
            exact.allowed_total,
            exact.count_total,
            exact.overall_total,
        ];
        let [counts @ .., ratio] = given;
        for (given, counted) in counts.iter().zip(counted) {
            if (given - counted as f64).abs() > 0.5 {
                self.remove();
            }
        }
        if (ratio - exact.avg_blocked_ratio_top_offenders).abs() > ROUNDING {
            self.remove();
        }
    }

    /// The values of those entries that were shown.
    fn entries(
        &mut self,
        entries: &[String],
        value: fn(&Self, &str) -> Option<String>,
    ) -> Vec<String> {
        let mut values = Vec::new();
        for entry in entries {
            match value(self, entry.trim().trim_matches(['[', ']'])) {
                Some(value) => values.push(value),
                None => self.remove(),
            }
        }
        values
    }

    fn address(&self, entry: &str) -> Option<String> {
        let entry = super::hostile::address(entry)?;
        self.shown.addresses.contains(&entry).then_some(entry)
    }

    fn name(&self, entry: &str) -> Option<String> {
        let is_shown = self.shown.names.contains(entry);
        let named = is_shown.then(|| entry.to_owned());
        named.or_else(|| self.shown.references.value(entry).map(str::to_owned))
    }

    fn path(&self, entry: &str) -> Option<String> {
        // A model may repeat the sketch behind the reference.
        let entry = entry.split_ascii_whitespace().next().unwrap_or_default();
        let references = &self.shown.references;
        let named = references.reference_of(Kind::Path, entry).map(|_| entry);
        references.value(entry).or(named).map(str::to_owned)
    }

    fn texts(&mut self, texts: &[String]) -> Vec<String> {
        let texts: Vec<String> = texts.iter().map(|text| self.prose(text)).collect();
        texts.into_iter().filter(|text| !text.is_empty()).collect()
    }

    /// The sentences of `text` that name nothing else than what was shown.
    fn prose(&mut self, text: &str) -> String {
        let mut kept = Vec::new();
        for sentence in sentences(text) {
            match self.sentence(sentence) {
                Some(sentence) => kept.push(sentence),
                None => self.remove(),
            }
        }
        kept.join(" ")
    }

    fn sentence(&self, sentence: &str) -> Option<String> {
        let mut written = String::with_capacity(sentence.len());
        let mut before = "";
        for (place, word) in sentence.split_whitespace().enumerate() {
            if place > 0 {
                written.push(' ');
            }
            match names::checked(word, before, self.shown) {
                Word::Known => written.push_str(word),
                Word::Reference {
                    front,
                    reference,
                    back,
                } => {
                    written.push_str(front);
                    written.push_str(&self.shown.references.quoted(reference)?);
                    written.push_str(back);
                }
                Word::Unknown => return None,
            }
            before = word;
        }
        Some(written)
    }
}

/// `text` cut behind full stops, question and exclamation marks that a blank follows, and at line ends.
fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    for line in text.lines() {
        let mut rest = line;
        while let Some(end) = sentence_end(rest) {
            let (sentence, after) = rest.split_at(end);
            sentences.push(sentence.trim());
            rest = after;
        }
        sentences.push(rest.trim());
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

fn sentence_end(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let ends = matches!(character, '.' | '!' | '?');
        if ends
            && characters
                .peek()
                .is_some_and(|(_, next)| next.is_whitespace())
        {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests;
