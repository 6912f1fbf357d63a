//! Who makes the requests of a part: from where, what they ask for, and what becomes of it.

mod band;
mod sources;
mod wishes;

use std::sync::Arc;

pub(crate) use band::{Band, Fate};
pub(crate) use sources::{Origins, Sources};
pub(crate) use wishes::{Wish, Wishes};

use crate::dice::Dice;
use crate::population::Habits;
use crate::request::Draft;
use crate::rules::RulingId;

/// Makes a request of every arrival of a part.
#[derive(Debug, Clone)]
pub(crate) enum Crew {
    /// The people who always come, with the usual noise.
    Regulars(Arc<Habits>),
    /// People who come only now, as many of them as requests, with the same wishes.
    Newcomers(Arc<Habits>),
    /// Regulars whose requests a rule matches.
    Matched(Arc<Habits>, RulingId),
    /// Anybody else.
    Band(Box<Band>),
}

impl Crew {
    /// What arrives `since_ns` after the begin of the run.
    pub(crate) fn act(&mut self, since_ns: u64, dice: &mut Dice) -> Draft {
        match self {
            Self::Regulars(habits) => habits.regular(dice),
            Self::Newcomers(habits) => habits.newcomer(dice),
            Self::Matched(habits, ruling) => Draft {
                ruling: *ruling,
                ..habits.person_at_will(dice)
            },
            Self::Band(band) => band.act(since_ns, dice),
        }
    }
}

impl From<Band> for Crew {
    fn from(band: Band) -> Self {
        Self::Band(Box::new(band))
    }
}
