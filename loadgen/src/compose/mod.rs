//! Scenarios from a file: phases, rates, sources, targets and rules, beside the built-in attacks.
//!
//! A file becomes the same [`Plan`] as a built-in scenario, so that everything that holds for one
//! holds for the other. `docs/loadgen.md` describes the file.

mod error;
mod file;
mod lists;
mod named;
mod people;
mod phases;
mod values;

use serde::{Deserialize, Serialize};

pub use error::CompositionError;

use crate::catalog::Catalog;
use crate::crew::Crew;
use crate::options::{self, DEFAULT_START_MS, OptionsError};
use crate::pace::Span;
use crate::plan::{Act, Audience, Disorder, Plan};
use crate::scenario::{Scene, nanoseconds};
use crate::truth::Asked;
use error::Source;
use file::File;

/// What the truth of a composed run says about where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composed {
    /// The name that the file gives.
    pub file: String,
    /// Chooses among all the runs of the file.
    pub seed: u64,
    /// Begin of the run in Unix milliseconds.
    pub start_ms: i64,
    /// Length of the run.
    pub duration_ms: i64,
}

/// A run that a file describes.
#[derive(Debug, Clone)]
pub struct Composition {
    plan: Plan,
    name: String,
}

impl Composition {
    /// Reads the text of a scenario file.
    ///
    /// # Errors
    ///
    /// [`CompositionError`] with line and key where the text is no TOML, has unknown keys, or asks
    /// for what cannot be met.
    pub fn parse(text: &str) -> Result<Self, CompositionError> {
        let source = Source::new(text);
        let file: File = toml::from_str(text).map_err(|error| source.toml(&error))?;
        build(&source, &file)
    }

    /// The same run with another seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.plan.seed = seed;
        self.named()
    }

    /// The same run from another time on, in Unix milliseconds.
    ///
    /// # Errors
    ///
    /// [`OptionsError`] for a time from which the run does not end before the year 10000.
    pub fn starting_at(mut self, start_ms: i64) -> Result<Self, OptionsError> {
        options::check_start(start_ms, self.plan.duration_ms)?;
        self.plan.start_ms = start_ms;
        Ok(self.named())
    }

    /// Begin of the run in Unix milliseconds.
    #[must_use]
    pub fn start_ms(&self) -> i64 {
        self.plan.start_ms
    }

    /// Length of the run in milliseconds.
    #[must_use]
    pub fn duration_ms(&self) -> i64 {
        self.plan.duration_ms
    }

    pub(crate) fn plan(&self) -> Plan {
        self.plan.clone()
    }

    fn named(mut self) -> Self {
        self.plan.asked = Asked::File(Composed {
            file: self.name.clone(),
            seed: self.plan.seed,
            start_ms: self.plan.start_ms,
            duration_ms: self.plan.duration_ms,
        });
        self
    }
}

fn build(source: &Source<'_>, file: &File) -> Result<Composition, CompositionError> {
    let duration = source.duration("duration", &file.duration)?;
    if duration.is_zero() || duration > options::MAX_DURATION {
        return Err(source.wrong("duration", &file.duration, "choose 1 ms to 366 days"));
    }
    let disorder = match &file.disorder {
        Some(text) => source.duration("disorder", text)?,
        None => std::time::Duration::ZERO,
    };
    let in_bounds = disorder <= options::MAX_DISORDER;
    source.require(
        in_bounds,
        "disorder",
        &file.disorder,
        "choose 0 to 10 minutes",
    )?;
    let acls = file.acls.as_ref().map_or(1, |acls| *acls.get_ref());
    let in_bounds = (1..=options::MAX_ACLS).contains(&acls);
    source.require(in_bounds, "acls", &file.acls, "choose 1 to 10000")?;
    let duplicates = file
        .duplicates
        .as_ref()
        .map_or(0.0, |share| *share.get_ref());
    let in_bounds = (0.0..=1.0).contains(&duplicates);
    source.require(
        in_bounds,
        "duplicates",
        &file.duplicates,
        "choose a share from 0 to 1",
    )?;
    let rate = *file.site.rate.get_ref();
    if !(options::MIN_RATE..=options::MAX_RATE).contains(&rate) {
        return Err(source.wrong("site.rate", &file.site.rate, "choose 0.000001 to 1000000"));
    }
    let start_ms = match &file.start {
        Some(text) => source.time("start", text)?,
        None => DEFAULT_START_MS,
    };
    let duration_ms = duration.as_millis() as i64;
    if options::check_start(start_ms, duration_ms).is_err() {
        let message = "choose a time from 1970 to 9999";
        return Err(source.refuse(
            "start",
            file.start.as_ref().map(|text| text.span()),
            message,
        ));
    }

    let mut catalog = Catalog::new(file.site.kind.profile());
    let scene = Scene {
        run: Span::new(0, nanoseconds(duration)),
        event: Span::new(0, 0),
        target: 0,
        rate,
        intensity: 1.0,
    };
    let people = people::People::read(source, file, &mut catalog)?;
    let habits = people.habits(source, file, &mut catalog)?;
    let pace = scene.people(1.0, file.site.shape.unwrap_or_default().shape());
    let crew = Crew::Regulars(habits.clone());
    let background = vec![Act::background(Audience::Everyone, scene.run, pace, crew)];
    let phases = phases::Phases {
        source,
        file,
        people: &people,
        habits: &habits,
    };
    let events = phases.events(&scene, acls, &mut catalog)?;
    let composition = Composition {
        name: file.name.clone(),
        plan: Plan {
            asked: Asked::File(Composed {
                file: file.name.clone(),
                seed: 0,
                start_ms,
                duration_ms,
            }),
            catalog,
            seed: file.seed.unwrap_or(7),
            start_ms,
            duration_ms,
            acls,
            disorder: Disorder {
                lateness_ms: disorder.as_millis() as u64,
                duplicates,
            },
            background,
            events,
        },
    };
    Ok(composition.named())
}

#[cfg(test)]
mod tests;
