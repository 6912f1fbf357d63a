//! What a model is asked: versioned instructions, and the evidence in bounded lines.
//!
//! The instructions are the files in `prompts/`, embedded. Their version ([`VERSION`]) stands in every
//! report; a test holds the files to it, so that no word changes without a new version.
//!
//! The evidence is written by `lines` as few lines of figures, names and references
//! ([`super::hostile`]), at first with many values, then with fewer, until the whole question stays
//! under the wanted number of tokens and the evidence under [`MAX_EVIDENCE_BYTES`].

mod lines;
mod page;
mod surroundings;

use std::collections::HashSet;

use super::capabilities::Contract;
use super::hostile::References;
use super::{schema, tokens};
use crate::analyst::Assessment;
use crate::investigate::Evidence;
use page::Page;

/// The version of the instructions.
pub const VERSION: &str = "analyst-1";
const SYSTEM: &str = include_str!("prompts/analyst-1.md");
const BY_TOOL: &str = include_str!("prompts/tool-1.md");
const BY_SCHEMA: &str = include_str!("prompts/json-1.md");
const BY_STOP_TOKEN: &str = include_str!("prompts/stop-token-1.md");

/// Longest evidence as it is sent, in bytes.
pub const MAX_EVIDENCE_BYTES: usize = 16 * 1024;
/// Tokens that all questions about one event take together at most.
pub const MAX_TOKENS: u64 = 4_000;
/// Of these, what the first question takes at most. The rest is enough to ask again with less.
pub const MAX_FIRST_TOKENS: u64 = 2_400;
/// Longest problem that a second question repeats, in characters.
const MAX_PROBLEM_CHARS: usize = 200;

/// How much of each kind a question holds.
#[derive(Debug, Clone, Copy)]
struct Rung {
    values: usize,
    profiles: usize,
    items: usize,
    windows: usize,
    findings: usize,
    changes: usize,
}

const fn rung(
    values: usize,
    profiles: usize,
    items: usize,
    windows: usize,
    findings: usize,
    changes: usize,
) -> Rung {
    Rung {
        values,
        profiles,
        items,
        windows,
        findings,
        changes,
    }
}

/// From the wanted size to the least that makes sense.
const LADDER: [Rung; 6] = [
    rung(12, 8, 5, 8, 8, 12),
    rung(8, 5, 4, 6, 6, 8),
    rung(6, 4, 3, 4, 5, 6),
    rung(4, 3, 2, 3, 4, 4),
    rung(3, 2, 2, 2, 3, 3),
    rung(2, 1, 1, 1, 2, 2),
];

/// How the answer is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Format<'a> {
    /// The contract.
    pub contract: Contract,
    /// Ends the answer where the contract is [`Contract::StopToken`].
    pub stop_token: &'a str,
}

/// A question, with what its answer may name.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The instructions.
    pub system: String,
    /// The evidence, and what was wrong with an earlier answer.
    pub user: String,
    /// Tokens of all of it and of the schema, estimated.
    pub tokens: u64,
    /// What the answer may name.
    pub shown: Shown,
}

/// What stands in a prompt, for holding the answer to it.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Values of requests and people.
    pub references: References,
    /// Addresses.
    pub addresses: HashSet<String>,
    /// Names of rules, labels and the like.
    pub names: HashSet<String>,
    /// Every number.
    pub numbers: HashSet<String>,
}

impl Prompt {
    /// The question about `evidence`, of which `first` is the built-in assessment, in at most
    /// `max_tokens`; `problem` is what was wrong with the last answer, in our words.
    #[must_use]
    pub fn of(
        evidence: &Evidence,
        first: &Assessment,
        format: Format<'_>,
        max_tokens: u64,
        problem: Option<&str>,
    ) -> Self {
        let system = instructions(format);
        let fixed = tokens::estimated(&system) + tokens::estimated(schema_text(format.contract));
        let correction = problem.map(correction).unwrap_or_default();
        let [rungs @ .., last] = &LADDER;
        for rung in rungs {
            let page = lines::written(evidence, first, *rung);
            let prompt = Self::from_page(&system, fixed, page, &correction);
            if prompt.tokens <= max_tokens && prompt.user.len() <= MAX_EVIDENCE_BYTES {
                return prompt;
            }
        }
        // The least one is cut, the least important lines first: they stand last.
        let page = lines::written(evidence, first, *last);
        let overhead = fixed + tokens::estimated(&correction) + tokens::estimated(&framed("", ""));
        let page = page.cut(max_tokens.saturating_sub(overhead), MAX_EVIDENCE_BYTES / 2);
        Self::from_page(&system, fixed, page, &correction)
    }

    fn from_page(system: &str, fixed: u64, page: Page, correction: &str) -> Self {
        let (evidence, shown) = page.finish();
        let user = framed(&evidence, correction);
        Self {
            tokens: fixed + tokens::estimated(&user),
            system: system.to_owned(),
            user,
            shown,
        }
    }
}

/// The instructions, with how to answer.
#[must_use]
pub fn instructions(format: Format<'_>) -> String {
    let how = match format.contract {
        Contract::Schema => BY_SCHEMA.to_owned(),
        Contract::Tool => BY_TOOL.to_owned(),
        Contract::StopToken => BY_STOP_TOKEN.replace("{stop_token}", format.stop_token),
    };
    format!("{SYSTEM}\n{how}")
}

fn framed(evidence: &str, correction: &str) -> String {
    format!("<evidence>\n{evidence}</evidence>\n{correction}Explain the incident.")
}

fn correction(problem: &str) -> String {
    let problem: String = problem.chars().take(MAX_PROBLEM_CHARS).collect();
    format!("Your last answer could not be used: {problem}. Answer again, in the form asked for.\n")
}

/// What the contract sends beside the prompt.
fn schema_text(contract: Contract) -> &'static str {
    match contract {
        Contract::Schema | Contract::Tool => schema::text(),
        Contract::StopToken => "",
    }
}

#[cfg(test)]
mod tests;
