//! Clients with one purpose: the requests of most events.

use super::{Sources, Wishes};
use crate::dice::Dice;
use crate::request::Draft;
use crate::rules::RulingId;
use crate::weighted::Weighted;

/// What becomes of a band's requests, where a wish does not say so itself.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// Always the same.
    Always(RulingId),
    /// One of several, by weight.
    Mixed(Weighted, Vec<RulingId>),
    /// A rate-based rule acts some time after the band has sent too much.
    Limited(Limit),
}

/// See [`Fate::Limited`].
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    requests: u64,
    reaction_ns: u64,
    before: RulingId,
    after: RulingId,
    sent: u64,
    acts_from_ns: Option<u64>,
}

impl Fate {
    /// One of `rulings`, by weight.
    pub(crate) fn mixed(rulings: &[(u64, RulingId)]) -> Self {
        Self::Mixed(
            Weighted::new(rulings.iter().map(|(weight, _)| *weight)),
            rulings.iter().map(|(_, ruling)| *ruling).collect(),
        )
    }

    /// `before`, and from `reaction_ns` after more than `requests` of them `after`.
    pub(crate) fn limited(
        requests: u64,
        reaction_ns: u64,
        before: RulingId,
        after: RulingId,
    ) -> Self {
        Self::Limited(Limit {
            requests,
            reaction_ns,
            before,
            after,
            sent: 0,
            acts_from_ns: None,
        })
    }

    fn decide(&mut self, since_ns: u64, dice: &mut Dice) -> RulingId {
        match self {
            Self::Always(ruling) => *ruling,
            Self::Mixed(weights, rulings) => rulings[weights.pick(dice)],
            Self::Limited(limit) => limit.decide(since_ns),
        }
    }
}

impl Limit {
    fn decide(&mut self, since_ns: u64) -> RulingId {
        self.sent += 1;
        if self.sent > self.requests && self.acts_from_ns.is_none() {
            self.acts_from_ns = Some(since_ns.saturating_add(self.reaction_ns));
        }
        match self.acts_from_ns {
            Some(from_ns) if since_ns >= from_ns => self.after,
            _ => self.before,
        }
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Band {
    pub(crate) sources: Sources,
    pub(crate) wishes: Wishes,
    pub(crate) fate: Fate,
}

impl Band {
    pub(crate) fn act(&mut self, since_ns: u64, dice: &mut Dice) -> Draft {
        let client = self.sources.pick(dice);
        let (method, uri, args, own_ruling) = self.wishes.pick(dice);
        let ruling = own_ruling.unwrap_or_else(|| self.fate.decide(since_ns, dice));
        Draft {
            client,
            method,
            uri,
            args,
            ruling,
        }
    }
}
