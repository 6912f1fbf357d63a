//! A run, whatever it was made from: a built-in scenario with options, or a file.

use crate::acl::Acl;
use crate::catalog::Catalog;
use crate::crew::Crew;
use crate::pace::{Pace, Span};
use crate::request::{Address, Origin};
use crate::timeline::{Part, Silence};
use crate::truth::{Asked, Counts, EventTruth, rfc3339};

/// Which ACLs have a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    Everyone,
    Only(u32),
    AllBut(u32),
}

impl Audience {
    fn contains(self, acl: u32) -> bool {
        match self {
            Self::Everyone => true,
            Self::Only(one) => acl == one,
            Self::AllBut(one) => acl != one,
        }
    }
}

/// A part and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    pub(crate) audience: Audience,
    pub(crate) part: Part,
}

impl Act {
    /// Normal life.
    pub(crate) fn background(
        audience: Audience,
        span: Span,
        pace: Pace,
        crew: impl Into<Crew>,
    ) -> Self {
        Self {
            audience,
            part: Part {
                origin: Origin::Background,
                span,
                pace,
                crew: crew.into(),
                silences: Vec::new(),
            },
        }
    }

    /// What an event adds to the ACL `acl`.
    pub(crate) fn event(acl: u32, span: Span, pace: Pace, crew: impl Into<Crew>) -> Self {
        let mut act = Self::background(Audience::Only(acl), span, pace, crew);
        // The plan gives the event its number.
        act.part.origin = Origin::Event(0);
        act
    }
}

/// What an event does to normal life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Effect {
    /// It only adds requests.
    #[default]
    Adds,
    /// Nobody comes.
    Silences,
}

/// Something out of the ordinary.
#[derive(Debug, Clone)]
pub(crate) struct EventPlan {
    pub(crate) kind: String,
    pub(crate) summary: String,
    pub(crate) benign: bool,
    pub(crate) acl: u32,
    pub(crate) span: Span,
    pub(crate) effect: Effect,
    pub(crate) addresses: Vec<Address>,
    pub(crate) rule: Option<String>,
    pub(crate) inner_rule: Option<String>,
    pub(crate) uris: Vec<String>,
    pub(crate) acts: Vec<Act>,
}

impl EventPlan {
    /// An event that happens to the ACL `acl` and of which nothing else can be said.
    pub(crate) fn new(kind: &str, summary: &str, acl: u32, span: Span) -> Self {
        Self {
            kind: kind.to_owned(),
            summary: summary.to_owned(),
            benign: false,
            acl,
            span,
            effect: Effect::Adds,
            addresses: Vec::new(),
            rule: None,
            inner_rule: None,
            uris: Vec::new(),
            acts: Vec::new(),
        }
    }

    /// The truth with nothing counted yet.
    fn truth(&self, start_ms: i64, acls: &[Acl]) -> EventTruth {
        let unix_ms = |at_ns: u64| start_ms + (at_ns / 1_000_000) as i64;
        let start_ms = unix_ms(self.span.start_ns);
        let end_ms = unix_ms(self.span.end_ns);
        EventTruth {
            kind: self.kind.clone(),
            summary: self.summary.clone(),
            benign: self.benign,
            acl: acls[self.acl as usize].arn.clone(),
            start: rfc3339(start_ms),
            end: rfc3339(end_ms),
            start_ms,
            end_ms,
            addresses: self.addresses.iter().map(Address::to_string).collect(),
            rule: self.rule.clone(),
            inner_rule: self.inner_rule.clone(),
            uris: self.uris.clone(),
            counts: Counts::default(),
            during: Counts::default(),
            missing: 0,
        }
    }
}

/// How records reach the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Disorder {
    /// A record stands at most this much behind its place.
    pub(crate) lateness_ms: u64,
    /// Share of records written twice.
    pub(crate) duplicates: f64,
}

/// All of a run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) asked: Asked,
    pub(crate) catalog: Catalog,
    pub(crate) seed: u64,
    pub(crate) start_ms: i64,
    pub(crate) duration_ms: i64,
    pub(crate) acls: u32,
    pub(crate) disorder: Disorder,
    /// Normal life, in an order that does not change.
    pub(crate) background: Vec<Act>,
    pub(crate) events: Vec<EventPlan>,
}

impl Plan {
    /// The ACLs of the run.
    pub(crate) fn acls(&self) -> Vec<Acl> {
        (0..self.acls)
            .map(|number| Acl::new(self.catalog.profile, number))
            .collect()
    }

    /// The events with nothing counted yet, each with the number of its ACL.
    pub(crate) fn truths(&self, acls: &[Acl]) -> Vec<(u32, EventTruth)> {
        self.events
            .iter()
            .map(|event| (event.acl, event.truth(self.start_ms, acls)))
            .collect()
    }

    /// The sources of one ACL's requests: the background first.
    pub(crate) fn cast(&self, acl: u32) -> Vec<Part> {
        let silences: Vec<Silence> = self
            .numbered()
            .filter(|(_, event)| event.acl == acl && event.effect == Effect::Silences)
            .map(|(number, event)| Silence {
                span: event.span,
                event: number,
            })
            .collect();
        let background = self.background.iter().map(|act| Act {
            audience: act.audience,
            part: Part {
                silences: silences.clone(),
                ..act.part.clone()
            },
        });
        let of_events = self.numbered().flat_map(|(number, event)| {
            event.acts.iter().cloned().map(move |mut act| {
                if act.part.origin != Origin::Background {
                    act.part.origin = Origin::Event(number);
                }
                act
            })
        });
        background
            .chain(of_events)
            .filter(|act| act.audience.contains(acl))
            .map(|act| act.part)
            .collect()
    }

    fn numbered(&self) -> impl Iterator<Item = (u16, &EventPlan)> {
        (0_u16..).zip(&self.events)
    }
}
