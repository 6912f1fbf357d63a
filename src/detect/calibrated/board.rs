//! All series of an ACL against one window.

use std::ops::Deref;

use wafwatch_windows::summary::Summary;

use super::super::{Direction, Signal};
use super::CalibratedState;
use super::keyed::{Follows, Keyed};
use super::model::scale::Scale;
use super::model::series::{Assessment, Observation, Series, TAILS};
use super::model::timing::Timing;
use super::signals::Fixed;

/// A series of the state, or of a key that is not followed yet. Boxed: a judgement is moved about.
pub(super) enum Held<'a> {
    Known(&'a Series),
    New(Box<Series>),
}

impl Deref for Held<'_> {
    type Target = Series;

    fn deref(&self) -> &Series {
        match self {
            Self::Known(series) => series,
            Self::New(series) => series,
        }
    }
}

/// A lasting excess of what rules match counts in full from this part of the expectation on.
pub(super) const RELEVANT_GROWTH: f64 = 2.0;

/// What a series is of. Borrowed: every window judges all of them, and few make a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    Fixed(Fixed),
    Rule(&'a str),
    Uri(&'a str),
    UriShare(&'a str),
}

impl Subject<'_> {
    pub(super) fn signal(self) -> Signal {
        match self {
            Self::Fixed(fixed) => fixed.signal(),
            Self::Rule(name) => Signal::Rule(name.to_owned()),
            Self::Uri(path) => Signal::Uri(path.to_owned()),
            Self::UriShare(path) => Signal::UriShare(path.to_owned()),
        }
    }
}

/// One series, what it saw and what it makes of it.
pub(super) struct Judged<'a> {
    pub subject: Subject<'a>,
    pub series: Held<'a>,
    pub seen: Observation,
    pub result: Assessment,
    pub strongest: Strongest,
    /// Its place among all series of the state.
    pub place: usize,
    /// Whether a deviation shows another mix of requests.
    pub is_mix: bool,
    both_directions: bool,
}

/// The strongest statement of one series.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Strongest {
    pub rarity: f64,
    /// The rarity before the series' own history is taken into account.
    pub stated: f64,
    /// A tail of the series, or [`TAILS`] for a run of near-silent windows.
    pub tail: usize,
}

impl Strongest {
    pub(super) fn direction(self) -> Direction {
        if self.tail == TAILS || self.tail % 2 == 1 {
            return Direction::Below;
        }
        Direction::Above
    }
}

impl Judged<'_> {
    fn find_strongest(&self) -> Strongest {
        let mut strongest = Strongest::default();
        for (tail, stated) in self.result.rarity.into_iter().enumerate() {
            let stated = stated * self.relevance(tail);
            let is_followed = tail % 2 == 0 || self.both_directions;
            if is_followed && stated > strongest.stated {
                let rarity = self.series.honest(stated);
                strongest = Strongest {
                    rarity,
                    stated,
                    tail,
                };
            }
        }
        if self.subject == Subject::Fixed(Fixed::Total) && self.result.silence > strongest.rarity {
            strongest = Strongest {
                rarity: self.result.silence,
                tail: TAILS,
                ..strongest
            };
        }
        strongest
    }
}

impl Judged<'_> {
    /// How far a lasting excess matters, 0 to 1. What rules match of ordinary traffic drifts from hour to hour by as
    /// much as half of itself; an attack or a new rule multiplies it.
    fn relevance(&self, tail: usize) -> f64 {
        let is_of_rules = matches!(
            self.subject,
            Subject::Fixed(Fixed::Blocked | Fixed::BlockedShare | Fixed::Counted)
                | Subject::Rule(_)
        );
        if !is_of_rules || tail < 2 || tail % 2 == 1 {
            return 1.0;
        }
        let span = (tail - 2) / 2;
        let (_, excess) = self.series.sustained(span, &self.seen, &self.result);
        let growth = excess / self.result.expected_base.max(1.0);
        (growth / RELEVANT_GROWTH).clamp(0.0, 1.0)
    }
}

impl CalibratedState {
    /// `value` of `trials` in the window of `summary`.
    pub(super) fn observation(&self, value: f64, trials: f64, summary: &Summary) -> Observation {
        let total = summary.counters.total as f64;
        Observation {
            value,
            trials,
            volume: self.fixed[Fixed::Total as usize].volume(total),
            timing: Timing::of(summary.window.start.0.div_euclid(1_000)),
        }
    }

    /// Every series' view of `summary`, those of keys that are not followed yet included.
    pub(super) fn judge<'a>(&'a self, summary: &'a Summary) -> Vec<Judged<'a>> {
        // Judgements are large, and this is done for every window: they stay where they are put.
        let keyed = 2 * (self.rules.len() + self.paths.len());
        let mut judged = Vec::with_capacity(Fixed::ALL.len() + keyed + 16);
        let of_window = self.observation(0.0, summary.counters.total as f64, summary);
        for (place, (fixed, series)) in Fixed::ALL.into_iter().zip(&self.fixed).enumerate() {
            let (value, trials) = fixed.part(summary, &self.addresses);
            let seen = Observation {
                value,
                trials,
                ..of_window
            };
            let Some(result) = series.assess(&seen) else {
                continue;
            };
            judged.push(Judged {
                subject: Subject::Fixed(fixed),
                series: Held::Known(series),
                seen,
                result,
                strongest: Strongest::default(),
                place,
                is_mix: fixed.is_mix(),
                both_directions: fixed.counts(Direction::Below),
            });
        }
        let mut place = self.fixed.len();
        for follows in [Follows::Rules, Follows::Paths] {
            self.judge_keys(follows, summary, of_window, &mut place, &mut judged);
        }
        for one in &mut judged {
            one.strongest = one.find_strongest();
        }
        judged
    }

    fn judge_keys<'a>(
        &'a self,
        follows: Follows,
        summary: &'a Summary,
        of_window: Observation,
        place: &mut usize,
        judged: &mut Vec<Judged<'a>>,
    ) {
        let table: &'a [Keyed] = match follows {
            Follows::Rules => &self.rules,
            Follows::Paths => &self.paths,
        };
        let mut push = |key: &'a str, series: Held<'a>, value: f64| {
            let seen = Observation { value, ..of_window };
            let is_mix = series.scale() == Scale::Share;
            let subject = match (follows, is_mix) {
                (Follows::Rules, _) => Subject::Rule(key),
                (Follows::Paths, false) => Subject::Uri(key),
                (Follows::Paths, true) => Subject::UriShare(key),
            };
            if let Some(result) = series.assess(&seen) {
                judged.push(Judged {
                    subject,
                    series,
                    seen,
                    result,
                    strongest: Strongest::default(),
                    place: *place,
                    is_mix,
                    both_directions: false,
                });
            }
            *place += 1;
        };
        for known in table {
            let value = follows.value(summary, &known.key);
            push(&known.key, Held::Known(&known.count), value);
            if let Some(share) = &known.share {
                push(&known.key, Held::Known(share), value);
            }
        }
        for (key, value) in follows.listed(summary) {
            if table.iter().all(|known| known.key != key) {
                let newcomer = follows.newcomer(key, self.windows_per_day(), self.seen());
                push(key, Held::New(Box::new(newcomer.count)), value);
            }
        }
    }
}
