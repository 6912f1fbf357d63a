//! What a watch tells while it runs, on standard error: a line for each closed window, and what is
//! wrong with the outbox.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::summary::{NAME_CHARS, remarks, short_name};
use super::text::figures::{grouped, percent, utc};
use super::{note, session};
use crate::config::Settings;
use crate::host::watch::Observer;
use crate::outbox::Workers;
use crate::pipeline::Flushed;
use crate::store::ClosedWindow;
use crate::store::sqlite::SqliteStore;

/// How often what is older than the retention is deleted.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);

/// Whether closed windows are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WindowLines {
    Told,
    Silent,
}

/// Tells people, wakes the outbox and keeps the store small while a watch runs.
pub(super) struct Live<'a> {
    pub(super) lines: WindowLines,
    pub(super) workers: &'a Workers,
    /// A connection of its own, for deleting what is old.
    pub(super) pruning: SqliteStore,
    pub(super) settings: &'a Settings,
    pub(super) last_prune: Instant,
    pub(super) problem: LastProblem,
    pub(super) refusing: Refusing,
}

impl Observer for Live<'_> {
    fn closed(&mut self, window: &ClosedWindow) {
        if self.lines == WindowLines::Told {
            // Where standard error is closed, nobody wants to know.
            let _ = writeln!(io::stderr().lock(), "{}", line(window));
        }
    }

    fn committed(&mut self, flushed: &Flushed) {
        if flushed.events > 0 {
            self.workers.wake();
        }
        if self.last_prune.elapsed() >= PRUNE_EVERY {
            self.last_prune = Instant::now();
            if let Err(error) = session::prune(&mut self.pruning, self.settings) {
                note(&format!("old windows could not be deleted: {error:#}"));
            }
        }
    }

    fn looked(&mut self) {
        if let Some(news) = self.problem.news(self.workers.problem()) {
            note(&news);
        }
        for news in self.refusing.news(&self.workers.refusing()) {
            note(&news);
        }
    }
}

/// What was told of the outbox last.
#[derive(Debug, Default)]
pub(super) struct LastProblem(Option<String>);

impl LastProblem {
    /// What is to be told when the outbox now has `problem`: nothing unless that is new.
    fn news(&mut self, problem: Option<String>) -> Option<String> {
        if self.0 == problem {
            return None;
        }
        self.0 = problem;
        Some(match &self.0 {
            Some(problem) => format!("messages are held up: {problem}"),
            None => "messages go out again".to_owned(),
        })
    }
}

/// The channels of which was told that they refuse messages.
#[derive(Debug, Default)]
pub(super) struct Refusing(BTreeSet<String>);

impl Refusing {
    /// What is to be told when these channels refuse messages `now`, each with why: each change once,
    /// however often a channel is tried and whatever it says.
    fn news(&mut self, now: &BTreeMap<String, String>) -> Vec<String> {
        let begun = now.iter().filter(|(channel, _)| !self.0.contains(*channel));
        let begun = begun.map(|(channel, reason)| {
            format!(
                "channel {channel} does not take messages: {reason}; `wafwatch status` shows what waits"
            )
        });
        let ended = self.0.iter().filter(|channel| !now.contains_key(*channel));
        let ended = ended.map(|channel| format!("channel {channel} takes messages again"));
        let news = begun.chain(ended).collect();
        self.0 = now.keys().cloned().collect();
        news
    }
}

/// A closed window in one line, in the columns of the windows' table.
fn line(window: &ClosedWindow) -> String {
    let summary = &window.summary;
    let counters = &summary.counters;
    let line = format!(
        "{}  {:NAME_CHARS$}  total {:>9}  blocked {:>9} {:>6}  {}",
        utc(summary.window.start),
        short_name(&summary.acl),
        grouped(counters.total),
        grouped(counters.blocked),
        percent(counters.blocked_ratio()),
        remarks(summary, window.findings.len(), Some(window.stage)),
    );
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use wafwatch_windows::counters::Counters;
    use wafwatch_windows::summary::{Completeness, Summary};
    use wafwatch_windows::time::{EventTime, WindowSize};

    use super::*;
    use crate::detect::Stage;

    #[test]
    fn a_window_is_one_line_whatever_its_acl_is_called() {
        let window = WindowSize::DEFAULT.window_of(EventTime(0));
        let acl = "shop\r\n\u{1b}[2J which has a very long name";
        let mut summary = Summary::empty(acl, window, Completeness::Incomplete);
        summary.counters = Counters {
            total: 1_234,
            blocked: 617,
            ..Counters::default()
        };
        let window = ClosedWindow {
            summary,
            stage: Stage::Ready,
            findings: Vec::new(),
            forecast: None,
        };
        assert_eq!(
            line(&window),
            "1970-01-01 00:00:00  shop____2J_which_has  total     1,234  blocked       617  50.0%  incomplete"
        );
    }

    #[test]
    fn a_channel_that_refuses_is_told_once_and_so_is_its_recovery() {
        let mut refusing = Refusing::default();
        let of = |reason: &str| BTreeMap::from([("hook".to_owned(), reason.to_owned())]);
        let nobody = BTreeMap::new();
        assert!(refusing.news(&nobody).is_empty());
        let told = refusing.news(&of("it answered 503"));
        assert_eq!(
            told,
            [
                "channel hook does not take messages: it answered 503; `wafwatch status` shows what waits"
            ]
        );
        assert!(refusing.news(&of("it answered 503")).is_empty());
        assert!(refusing.news(&of("it answered 500")).is_empty());
        assert_eq!(
            refusing.news(&nobody),
            ["channel hook takes messages again"]
        );
        assert!(refusing.news(&nobody).is_empty());
    }

    #[test]
    fn a_problem_is_told_once_and_so_is_its_end() {
        let mut last = LastProblem::default();
        assert_eq!(last.news(None), None);
        let full = || Some("channel mail: the disk is full".to_owned());
        let told = last.news(full()).expect("is new");
        assert!(told.ends_with("channel mail: the disk is full"), "{told}");
        assert_eq!(last.news(full()), None);
        assert!(last.news(Some("another".to_owned())).is_some());
        assert_eq!(last.news(None).as_deref(), Some("messages go out again"));
        assert_eq!(last.news(None), None);
    }
}
