//! The lines of a run, one after the other.

use crate::acl::Acl;
use crate::delivery::Delivery;
use crate::options::{Options, OptionsError};
use crate::printer::Printer;
use crate::request::Origin;
use crate::scenario::{Role, Scene};
use crate::timeline::Timeline;
use crate::truth::{Tally, Truth};

/// What is known of a line besides its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The record's timestamp in Unix milliseconds.
    pub timestamp_ms: i64,
    /// Number of the Web ACL, from zero: index into [`Truth::acls`].
    pub acl: u32,
    /// Whether the record belongs to the scenario's event rather than to its background.
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
        options.validate()?;
        let story = options.scenario.story();
        let scene = Scene::new(options);
        let profile = story.profile();
        let acls: Vec<Acl> = (0..options.acls)
            .map(|number| Acl::new(profile, number))
            .collect();
        let cast = (0..options.acls).map(|number| {
            let role = match number {
                0 => Role::Target,
                _ => Role::Bystander,
            };
            (number, story.cast(&scene, role))
        });
        let timeline = Timeline::new(options.seed, options.start_ms, cast);
        let target = acls.first().map(|acl| acl.arn.clone()).unwrap_or_default();
        let event = story.event(&scene).map(|plan| plan.truth(&scene, target));
        let arns = acls.iter().map(|acl| acl.arn.clone()).collect();
        Ok(Self {
            delivery: Delivery::new(
                timeline,
                options.seed,
                options.disorder_ms(),
                options.duplicates_of_2_to_32(),
            ),
            printer: Printer::new(profile, &acls),
            tally: Tally::new(options, arns, event),
        })
    }

    /// Appends the next line to `buffer`, with its line feed; `None` at the end of the run.
    pub fn write_next(&mut self, buffer: &mut Vec<u8>) -> Option<Event> {
        let delivered = self.delivery.next()?;
        let length_before = buffer.len();
        self.printer.push(&delivered.request, buffer);
        buffer.push(b'\n');
        self.tally.add(&delivered, buffer.len() - length_before);
        Some(Event {
            timestamp_ms: delivered.request.timestamp_ms,
            acl: delivered.request.acl,
            is_event: delivered.request.origin == Origin::Event,
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
