//! The phases of a scenario file as events of a plan.

use std::sync::Arc;

use toml::Spanned;

use super::error::{CompositionError, Source};
use super::file::{File, Phase};
use super::lists::check_weights;
use super::people::People;
use crate::catalog::Catalog;
use crate::crew::{Band, Crew, Fate, Wishes};
use crate::options::{MAX_INTENSITY, MAX_RATE, MIN_RATE};
use crate::pace::{Pace, Span};
use crate::plan::{Act, EventPlan};
use crate::population::Habits;
use crate::request::Address;
use crate::rules::{Ruling, RulingId};
use crate::scenario::{Scenario, Scene, nanoseconds, random};

const MAX_PHASES: usize = 1_000;
const MAX_REQUESTS: u64 = 1_000_000_000_000;
/// Addresses that the truth lists.
const FEW: u64 = 64;

/// The phases with all that they name.
pub(super) struct Phases<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) file: &'a File,
    pub(super) people: &'a People,
    /// Of the site's own people.
    pub(super) habits: &'a Arc<Habits>,
}

impl Phases<'_> {
    /// The events of all phases, in the order of their begin.
    pub(super) fn events(
        &self,
        scene: &Scene,
        acls: u32,
        catalog: &mut Catalog,
    ) -> Result<Vec<EventPlan>, CompositionError> {
        if let Some(phase) = self.file.phases.get(MAX_PHASES) {
            return Err(self
                .source
                .wrong("phase", phase, "write at most 1000 phases"));
        }
        let mut events = Vec::new();
        for phase in &self.file.phases {
            let reader = Reader {
                source: self.source,
                file: self.file,
                people: self.people,
                habits: self.habits,
                phase: phase.get_ref(),
                at: phase,
            };
            let scene = reader.scene(scene, acls)?;
            match &reader.phase.attack {
                Some(name) => events.extend(reader.built_in(name, &scene, catalog)?),
                None => events.push(reader.own(&scene, catalog)?),
            }
        }
        events.sort_by_key(|event| event.span.start_ns);
        Ok(events)
    }
}

struct Reader<'a> {
    source: &'a Source<'a>,
    file: &'a File,
    people: &'a People,
    habits: &'a Arc<Habits>,
    phase: &'a Phase,
    at: &'a Spanned<Phase>,
}

impl Reader<'_> {
    /// The scene with the span, the target and the intensity of the phase.
    fn scene(&self, scene: &Scene, acls: u32) -> Result<Scene, CompositionError> {
        let (source, phase) = (self.source, self.phase);
        let start_ns = nanoseconds(source.duration("phase.start", &phase.start)?);
        let length_ns = nanoseconds(source.duration("phase.length", &phase.length)?);
        let end_ns = start_ns.saturating_add(length_ns);
        if length_ns == 0 || end_ns > scene.run.end_ns {
            let message = "the phase must be longer than nothing and end within the duration";
            return Err(source.wrong("phase.length", &phase.length, message));
        }
        let acl = phase.acl.as_ref().map_or(1, |acl| *acl.get_ref());
        let message = format!("choose 1 to {acls}, the number of ACLs");
        source.require((1..=acls).contains(&acl), "phase.acl", &phase.acl, &message)?;
        let intensity = phase
            .intensity
            .as_ref()
            .map_or(1.0, |factor| *factor.get_ref());
        let in_bounds = (1e-3..=MAX_INTENSITY).contains(&intensity);
        let message = "choose 0.001 to 1000";
        source.require(in_bounds, "phase.intensity", &phase.intensity, message)?;
        Ok(Scene {
            event: Span::new(start_ns, end_ns),
            target: acl - 1,
            intensity,
            ..scene.clone()
        })
    }

    fn built_in(
        &self,
        name: &Spanned<String>,
        scene: &Scene,
        catalog: &mut Catalog,
    ) -> Result<Vec<EventPlan>, CompositionError> {
        let (source, phase) = (self.source, self.phase);
        let eventful = |scenario: &Scenario| !scenario.about().event.is_zero();
        let found = Scenario::from_name(name.get_ref()).filter(eventful);
        let Some(scenario) = found else {
            let known = Scenario::ALL.into_iter().filter(eventful);
            let known: Vec<&str> = known.map(Scenario::name).collect();
            let message = format!("unknown attack: choose one of {}", known.join(", "));
            return Err(source.wrong("phase.attack", name, &message));
        };
        let own_keys = [
            ("phase.sources", phase.sources.is_some()),
            ("phase.targets", phase.targets.is_some()),
            ("phase.rule", phase.rule.is_some()),
            ("phase.rules", phase.rules.is_some()),
            ("phase.action", phase.action.is_some()),
            ("phase.rate", phase.rate.is_some()),
            ("phase.factor", phase.factor.is_some()),
            ("phase.requests", phase.requests.is_some()),
            ("phase.shape", phase.shape.is_some()),
        ];
        if let Some((key, _)) = own_keys.into_iter().find(|(_, is_given)| *is_given) {
            let message = "a built-in attack has its own: leave it out, or leave out attack";
            return Err(source.wrong(key, self.at, message));
        }
        let mut events = scenario.story().events(scene, catalog);
        for event in &mut events {
            self.describe(event);
        }
        Ok(events)
    }

    fn own(&self, scene: &Scene, catalog: &mut Catalog) -> Result<EventPlan, CompositionError> {
        let kind = self.phase.name.as_deref().unwrap_or("phase");
        let mut event = EventPlan::new(kind, kind, scene.target, scene.event);
        self.describe(&mut event);
        let pace = self.pace(scene)?;
        let (crew, addresses, uris) = self.crew(catalog)?;
        if let Some(name) = &self.phase.rule {
            event.rule = Some(name.get_ref().clone());
        }
        event.addresses = addresses;
        event.uris = uris;
        event.acts = vec![Act::event(scene.target, scene.event, pace, crew)];
        Ok(event)
    }

    fn describe(&self, event: &mut EventPlan) {
        if let Some(name) = &self.phase.name {
            event.kind.clone_from(name);
        }
        if let Some(summary) = &self.phase.summary {
            event.summary.clone_from(summary);
        }
        if let Some(benign) = self.phase.benign {
            event.benign = benign;
        }
    }

    fn pace(&self, scene: &Scene) -> Result<Pace, CompositionError> {
        let (source, phase) = (self.source, self.phase);
        let shape = phase
            .shape
            .unwrap_or_default()
            .shape(scene.event.length_ns());
        let (per_second, key, value) = match (&phase.rate, &phase.factor, &phase.requests) {
            (Some(rate), None, None) => (*rate.get_ref(), "phase.rate", rate),
            (None, Some(factor), None) => (*factor.get_ref() * scene.rate, "phase.factor", factor),
            (None, None, Some(requests)) => {
                let in_bounds = (1..=MAX_REQUESTS).contains(requests.get_ref());
                let message = "choose 1 to 1000000000000";
                source.require(in_bounds, "phase.requests", &phase.requests, message)?;
                let is_flat = phase.shape.is_none();
                let message = "requests are spread evenly: leave out shape, or give a rate";
                source.require(is_flat, "phase.shape", &phase.requests, message)?;
                return Ok(scene.count(*requests.get_ref()));
            }
            _ => {
                let message = "give one of rate, factor and requests, or an attack";
                return Err(source.wrong("phase", self.at, message));
            }
        };
        let per_second = per_second * scene.intensity;
        if !(MIN_RATE..=MAX_RATE).contains(&per_second) {
            let message = "it makes a rate outside 0.000001 to 1000000 per second";
            return Err(source.wrong(key, value, message));
        }
        Ok(random(per_second, shape))
    }

    /// Who sends the requests, with addresses and paths where they are few.
    fn crew(
        &self,
        catalog: &mut Catalog,
    ) -> Result<(Crew, Vec<Address>, Vec<String>), CompositionError> {
        let (source, phase) = (self.source, self.phase);
        match (&phase.sources, &phase.targets) {
            (Some(sources), Some(targets)) => {
                let sources = self.people.sources(source, self.file, sources, catalog)?;
                let wishes = self.people.wishes(source, self.file, targets, catalog)?;
                let addresses = sources.addresses(FEW);
                let uris = self.uris(targets.get_ref());
                let band = Band {
                    sources,
                    wishes: Wishes::weighted(wishes),
                    fate: self.fate(catalog)?,
                };
                Ok((band.into(), addresses, uris))
            }
            (None, None) => {
                let habits = self.habits.clone();
                let crew = match self.rule(catalog)? {
                    Some(ruling) => Crew::Matched(habits, ruling),
                    None => Crew::Newcomers(habits),
                };
                Ok((crew, Vec::new(), Vec::new()))
            }
            (Some(_), None) | (None, Some(_)) => {
                let message = "give sources and targets both, or neither for the site's own people";
                Err(source.wrong("phase", self.at, message))
            }
        }
    }

    /// Paths without numbers, as the truth lists them.
    fn uris(&self, targets: &str) -> Vec<String> {
        let entries = self.file.targets.get(targets).map(Spanned::get_ref);
        let entries = entries.into_iter().flatten();
        let mut uris: Vec<String> = entries
            .filter(|entry| entry.numbers.unwrap_or(0) == 0)
            .map(|entry| entry.uri.get_ref().clone())
            .collect();
        uris.truncate(FEW as usize);
        uris
    }

    fn rule(&self, catalog: &mut Catalog) -> Result<Option<RulingId>, CompositionError> {
        let phase = self.phase;
        match (&phase.rule, &phase.rules) {
            (None, None) => Ok(None),
            (Some(name), None) => self
                .people
                .ruling(self.source, "phase.rule", name, phase.action, catalog)
                .map(Some),
            (_, Some(rules)) => {
                let message = "the site's own people have one rule at most: give rule";
                Err(self.source.wrong("phase.rules", rules, message))
            }
        }
    }

    fn fate(&self, catalog: &mut Catalog) -> Result<Fate, CompositionError> {
        let phase = self.phase;
        let Some(rules) = &phase.rules else {
            let ruling = self.rule(catalog)?;
            let allowed = catalog.ruling(Ruling::allowed());
            return Ok(Fate::Always(ruling.unwrap_or(allowed)));
        };
        if phase.rule.is_some() {
            let message = "give rule or rules, not both";
            return Err(self.source.wrong("phase.rules", rules, message));
        }
        check_weights(self.source, "phase.rules", rules)?;
        let find = |(name, weight): (&String, &u64)| {
            let name = Spanned::new(rules.span(), name.clone());
            let ruling =
                self.people
                    .ruling(self.source, "phase.rules", &name, phase.action, catalog)?;
            Ok((*weight, ruling))
        };
        let rulings: Result<Vec<_>, _> = rules.get_ref().iter().map(find).collect();
        Ok(Fate::mixed(&rulings?))
    }
}
