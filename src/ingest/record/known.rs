//! Runs of fields that record after record has in common, recognised by their text.
//!
//! Between its time and the request, a record says which Web ACL saw it, what came of it and by which
//! rule. For all requests that went through that is the same to the byte, and so it is for all that one
//! rule refused. What a text says depends on nothing but the text, so a run that was read before is only
//! compared, and says what it said then.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::Unit;
use super::matches::Matches;

/// Runs that are kept: those of a few Web ACLs, whose records may come mixed.
const RUNS: usize = 8;
/// Longest run that is kept.
const LONGEST: usize = 8 * 1024;

/// The runs that were read last, for whoever decodes payload after payload of the same Web ACLs.
#[derive(Clone, Default)]
pub struct KnownRuns {
    runs: Vec<KnownRun>,
    /// Which one was found last.
    recent: usize,
    /// Which one gives way next, unless it was found last.
    oldest: usize,
    /// Levels that may open in what is decoded. A run that was read within them was not too deep.
    depth: u16,
    /// Records that were looked at.
    looks: u64,
}

/// The text between a record's time and the request, names and all, and what it says.
#[derive(Clone)]
pub(in crate::ingest) struct KnownRun {
    text: Vec<u8>,
    /// Which of the known names probably comes behind it.
    pub(super) expected: usize,
    acl: Option<Range<usize>>,
    action: Option<Range<usize>>,
    rule: Option<Range<usize>>,
    rule_type: Option<Range<usize>>,
    http_source: Option<Range<usize>>,
    matches: Matches<'static>,
}

impl KnownRuns {
    /// Forgets what was read where other levels could open than the `depth` ones that can now.
    pub(in crate::ingest) fn prepare(&mut self, depth: u16) {
        if self.depth != depth {
            *self = Self {
                depth,
                ..Self::default()
            };
        }
    }

    /// The one that `text` begins with, if there is one.
    #[inline]
    pub(super) fn find(&mut self, text: &[u8]) -> Option<&KnownRun> {
        self.looks += 1;
        let starts = |run: &KnownRun| text.starts_with(&run.text);
        if !self.runs.get(self.recent).is_some_and(starts) {
            self.recent = self.runs.iter().position(starts)?;
        }
        self.runs.get(self.recent)
    }

    /// Keeps `run`, behind which the name `expected` comes, if `unit` has its time from elsewhere and
    /// all else from there.
    #[cold]
    pub(super) fn keep(&mut self, run: &str, expected: usize, unit: &Unit<'_>) {
        // The first record may be the only one.
        if self.looks < 2 || run.len() > LONGEST || !unit.is_of_a_run() {
            return;
        }
        if !is_plain(run) || quotes_request(run) {
            return;
        }
        let Some(known) = KnownRun::of(run, expected, unit) else {
            return;
        };
        if self.runs.len() < RUNS {
            self.runs.push(known);
            return;
        }
        if self.oldest == self.recent {
            self.oldest = (self.oldest + 1) % RUNS;
        }
        self.runs[self.oldest] = known;
        self.oldest = (self.oldest + 1) % RUNS;
    }
}

/// How many there are: their texts are of requests, and stay in ingest.
impl fmt::Debug for KnownRuns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = &self.runs.len();
        formatter
            .debug_struct("KnownRuns")
            .field("runs", runs)
            .finish_non_exhaustive()
    }
}

/// Whether the scanner would have nothing to object to, nor to unescape.
fn is_plain(run: &str) -> bool {
    !run.bytes().any(|byte| byte < b' ' || byte == b'\\')
}

/// Whether it quotes what the client sent: that is secret, and hardly comes again.
fn quotes_request(run: &str) -> bool {
    memchr::memmem::find(run.as_bytes(), b"matchedData").is_some()
}

impl KnownRun {
    fn of(run: &str, expected: usize, unit: &Unit<'_>) -> Option<Self> {
        Some(Self {
            text: run.as_bytes().to_vec(),
            expected,
            acl: place(run, unit.acl.as_ref())?,
            action: place(run, unit.action.as_ref())?,
            rule: place(run, unit.rule.as_ref())?,
            rule_type: place(run, unit.rule_type.as_ref())?,
            http_source: place(run, unit.http_source.as_ref())?,
            matches: unit.matches.clone().into_owned(),
        })
    }

    /// How long its text is.
    #[inline]
    pub(super) fn length(&self) -> usize {
        self.text.len()
    }

    /// Says of `unit` what the run says, which stands there as `text`.
    #[inline]
    pub(super) fn tell<'t>(&self, text: &'t str, unit: &mut Unit<'t>) {
        let at =
            |place: &Option<Range<usize>>| place.clone().map(|place| Cow::Borrowed(&text[place]));
        unit.acl = at(&self.acl);
        unit.action = at(&self.action);
        unit.rule = at(&self.rule);
        unit.rule_type = at(&self.rule_type);
        unit.http_source = at(&self.http_source);
        if !self.matches.are_none() {
            unit.matches = self.matches.clone();
        }
    }
}

/// Where in `run` the value stands, if there is one; nothing where it does not stand there as it is.
fn place(run: &str, value: Option<&Cow<'_, str>>) -> Option<Option<Range<usize>>> {
    let text = match value {
        None => return Some(None),
        Some(Cow::Owned(_)) => return None,
        Some(Cow::Borrowed(text)) => text,
    };
    let start = text.as_ptr().addr().checked_sub(run.as_ptr().addr())?;
    let place = start..start + text.len();
    (run.get(place.clone()) == Some(text)).then_some(Some(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit<'t>(acl: &'t str) -> Unit<'t> {
        Unit {
            acl: Some(Cow::Borrowed(acl)),
            ..Unit::default()
        }
    }

    /// A run with the number as its Web ACL's name.
    fn run(number: usize) -> String {
        format!(r#","webaclId":"{number:04}","httpRequest":"#)
    }

    fn acl_of(run: &str) -> &str {
        &run[13..17]
    }

    fn learnt(runs: impl IntoIterator<Item = String>) -> KnownRuns {
        let mut known = KnownRuns::default();
        for run in runs {
            assert!(known.find(run.as_bytes()).is_none());
            known.keep(&run, 7, &unit(acl_of(&run)));
        }
        known
    }

    #[test]
    fn the_last_runs_are_known_and_say_what_they_said() {
        let mut known = learnt((0..=RUNS + 1).map(run));
        for number in (0..=RUNS + 1).rev() {
            let text = run(number) + "{}";
            let found = known.find(text.as_bytes());
            // The first record of all taught nothing; the run that is tried first never gives way.
            let is_known = number != 0 && number != 2;
            assert_eq!(found.is_some(), is_known, "{number}");
            let Some(found) = found else { continue };
            assert_eq!((found.expected, found.length()), (7, text.len() - 2));
            let mut told = Unit::default();
            found.tell(&text, &mut told);
            assert_eq!(format!("{told:?}"), format!("{:?}", unit(acl_of(&text))));
            let cut = &text.as_bytes()[..found.length() - 1];
            assert!(known.find(cut).is_none());
        }
    }

    #[test]
    fn the_run_that_was_found_last_outlives_any_number_of_others() {
        let mut known = learnt((0..RUNS).map(run));
        for number in RUNS..10 * RUNS {
            assert!(known.find(run(3).as_bytes()).is_some());
            let other = run(number);
            known.keep(&other, 7, &unit(acl_of(&other)));
        }
    }

    #[test]
    fn only_what_stands_there_as_it_is_is_kept() {
        let text = run(1);
        let elsewhere = "0001".to_owned();
        let long = format!("{}{}", run(1), " ".repeat(LONGEST));
        let with_tab = format!("{}\t", run(1));
        let with_escape = format!(r"{}\u0020", run(1));
        let with_match = format!(r#"{}"matchedData":["10"]"#, run(1));
        let owned = Unit {
            acl: Some(Cow::Owned("0001".to_owned())),
            ..Unit::default()
        };
        let more = Unit {
            ja3: Some(Cow::Borrowed("x")),
            ..unit(acl_of(&text))
        };
        for (run, unit) in [
            (&text, unit(&elsewhere)),
            (&text, owned),
            (&text, more),
            (&long, unit(acl_of(&long))),
            (&with_tab, unit(acl_of(&with_tab))),
            (&with_escape, unit(acl_of(&with_escape))),
            (&with_match, unit(acl_of(&with_match))),
        ] {
            let mut known = KnownRuns::default();
            for _ in 0..3 {
                assert!(known.find(run.as_bytes()).is_none());
                known.keep(run, 1, &unit);
            }
        }
    }
}
