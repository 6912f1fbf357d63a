//! The lines of a run, one after the other.

use crate::compose::Composition;
use crate::delivery::Delivery;
use crate::options::{Options, OptionsError};
use crate::plan::Plan;
use crate::printer::Printer;
use crate::request::Origin;
use crate::timeline::Timeline;
use crate::truth::{Tally, Truth};

/// What is known of a line besides its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The record's timestamp in Unix milliseconds.
    pub timestamp_ms: i64,
    /// Number of the Web ACL, from zero: index into [`Truth::acls`].
    pub acl: u32,
    /// Whether the record belongs to an event rather than to its background.
    pub is_event: bool,
    /// Whether this is the second copy of a record.
    pub is_copy: bool,
}

/// A line with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What is known of it.
    pub event: Event,
    /// One WAF log record as JSON, without a line feed.
    pub text: String,
}

/// Makes the lines of a run.
///
/// [`Generator::write_next`] is the fast way, with a buffer that is used again; as an iterator it
/// gives every line a string of its own.
pub struct Generator {
    delivery: Delivery,
    printer: Printer,
    tally: Tally,
}

impl Generator {
    /// A generator at the begin of the run.
    ///
    /// # Errors
    ///
    /// [`OptionsError`] where the options contradict themselves or exceed a bound.
    pub fn new(options: &Options) -> Result<Self, OptionsError> {
        Ok(Self::of(crate::scenario::plan(options)?))
    }

    /// A generator at the begin of the run that a file describes.
    #[must_use]
    pub fn compose(composition: &Composition) -> Self {
        Self::of(composition.plan())
    }

    fn of(plan: Plan) -> Self {
        let cast = (0..plan.acls).map(|acl| (acl, plan.cast(acl)));
        Self {
            delivery: Delivery::new(
                Timeline::new(plan.seed, plan.start_ms, cast),
                plan.seed,
                plan.disorder.lateness_ms,
                (plan.disorder.duplicates * 4_294_967_296.0) as u64,
            ),
            tally: Tally::new(&plan),
            printer: Printer::new(plan),
        }
    }

    /// Appends the next line to `buffer`, with its line feed; `None` at the end of the run.
    pub fn write_next(&mut self, buffer: &mut Vec<u8>) -> Option<Event> {
        let delivered = self.delivery.next()?;
        let length_before = buffer.len();
        self.printer.push(&delivered.request, buffer);
        buffer.push(b'\n');
        let ruling = self.printer.ruling(delivered.request.draft.ruling);
        let bytes = buffer.len() - length_before;
        self.tally.add(ruling, &delivered, bytes);
        Some(Event {
            timestamp_ms: delivered.request.timestamp_ms,
            acl: delivered.request.acl,
            is_event: delivered.request.origin != Origin::Background,
            is_copy: delivered.is_copy,
        })
    }

    /// The truth about what was made so far; about the whole run once no line is left.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.tally.truth(self.delivery.silenced())
    }
}

impl Iterator for Generator {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let mut buffer = Vec::with_capacity(3_072);
        let event = self.write_next(&mut buffer)?;
        buffer.pop();
        let text = String::from_utf8(buffer).expect("records are made of valid UTF-8");
        Some(Line { event, text })
    }
}

impl std::fmt::Debug for Generator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Generator")
            .field("truth", &self.truth())
            .finish_non_exhaustive()
    }
}
