//! What happens to records after they were sent: when the windows that they fell into were closed, and
//! when messages about those came.
//!
//! The probe knows nothing of who counts the records. It is told where to look ([`Source`]), and looks
//! for JSON in which an object `window` has a `start` and an `end`. The first sight of each is measured
//! from the moment in which the last record of that time was sent.

mod ledger;
mod listen;
mod sighting;
mod source;
mod watch;

use std::time::{Duration, Instant};

pub use ledger::Ledger;
pub use source::Source;
pub use watch::Seen;

use watch::Watch;

const POLL: Duration = Duration::from_millis(20);

/// Where to look, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probes {
    /// Where closed windows show.
    pub windows: Option<Source>,
    /// Where messages show.
    pub messages: Option<Source>,
    /// Between two runs of a command.
    pub every: Duration,
    /// After the last record.
    pub wait: Duration,
}

/// What probes have seen.
#[derive(Debug, Default)]
pub struct Sights {
    /// Of closed windows.
    pub windows: Option<Seen>,
    /// Of messages.
    pub messages: Option<Seen>,
}

/// Looks while records are sent.
pub struct Probing {
    windows: Option<Watch>,
    messages: Option<Watch>,
    wait: Duration,
}

impl Probing {
    /// Begins to look. What is there already is not looked at.
    ///
    /// # Errors
    ///
    /// Where an address cannot be listened at, or there is no thread.
    pub fn begin(probes: &Probes, ledger: &Ledger) -> anyhow::Result<Self> {
        let begin = |source: &Option<Source>| {
            let source = source.as_ref();
            let watch = source.map(|source| Watch::begin(source, probes.every, ledger.clone()));
            watch.transpose()
        };
        Ok(Self {
            windows: begin(&probes.windows)?,
            messages: begin(&probes.messages)?,
            wait: probes.wait,
        })
    }

    /// Looks on after the last record: until the window of the newest one was seen, or, where messages
    /// are looked for, which nobody can know to be complete, for the whole time.
    pub fn finish(self, ledger: &Ledger) -> Sights {
        let until = Instant::now() + self.wait;
        while Instant::now() < until && !self.is_complete(ledger) {
            std::thread::sleep(POLL);
        }
        Sights {
            windows: self.windows.map(Watch::end),
            messages: self.messages.map(Watch::end),
        }
    }

    fn is_complete(&self, ledger: &Ledger) -> bool {
        let newest = ledger.newest();
        let has_all = |watch: &Watch| newest.is_none_or(|at_ms| watch.has_seen(at_ms));
        self.messages.is_none() && self.windows.as_ref().is_none_or(has_all)
    }
}
