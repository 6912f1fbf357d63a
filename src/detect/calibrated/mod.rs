//! A detector whose one setting is how many false incidents per ACL and week are accepted.
//!
//! Every signal is a series with a model of its own (`model`): variance-stabilised counts and shares, a
//! slow level, rhythms of day, week and hour that have to earn their weight, a memory of the last windows,
//! a learnt dispersion. What a window deviates, alone or together with the windows before it, gets its
//! rarity from tails that are learnt while they run; the rarest statement of all signals is
//! calibrated once more, and an alarm is what is rarer than the budget. `docs/detection.md` has the formulas
//! and what was measured.

mod addresses;
mod board;
mod findings;
mod keyed;
pub(crate) mod model;
mod settings;
mod signals;
pub mod stream;

use serde::{Deserialize, Serialize};
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::{EventTime, WindowSize};

use self::addresses::KnownAddresses;
use self::board::Judged;
use self::findings::Calibration;
pub use self::keyed::MOST_WATCHED;
use self::keyed::{Follows, Keyed};
use self::model::budget::{Budget, alarm_at};
use self::model::gate::{self, Gate};
use self::model::series::{
    Assessment, Observation, SILENT_WINDOWS, SLOW_DAYS, Series, WIDE_WINDOWS,
};
pub use self::settings::CalibratedSettings;
use self::signals::Fixed;
use super::expectation::sort_strongest_first;
use super::{Detector, Direction, Finding, Forecast, Influence, Mix, Stage, Verdict};

/// While an alarm goes on, what is rarer than so many decades less keeps it going.
const HYSTERESIS: f64 = 2.0;
/// Addresses of a window with less influence than this are not taken for known.
const ORDINARY: f64 = 0.5;

/// What the detector has learnt of one ACL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibratedState {
    /// Size of the windows that it was learnt from; of no use for windows of another size.
    pub window_size: WindowSize,
    newest: Option<EventTime>,
    fixed: Vec<Series>,
    rules: Vec<Keyed>,
    paths: Vec<Keyed>,
    addresses: KnownAddresses,
    budget: Budget,
    gate: Gate,
}

/// The detector: settings and what was learnt under them.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// The settings.
    pub settings: CalibratedSettings,
    /// What was learnt.
    pub state: CalibratedState,
}

impl CalibratedState {
    /// Nothing learnt.
    #[must_use]
    pub fn new(settings: CalibratedSettings) -> Self {
        let per_day = settings.windows_per_day();
        let series = |fixed: Fixed| Series::new(fixed.scale(), fixed.rhythms(), per_day);
        Self {
            window_size: settings.window_size,
            newest: None,
            fixed: Fixed::ALL.map(series).to_vec(),
            rules: Vec::new(),
            paths: Vec::new(),
            addresses: KnownAddresses::default(),
            budget: Budget::new(),
            gate: Gate::new(),
        }
    }

    /// Whether a stored state has the shape that this version reads.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let keyed = |keyed: &Keyed| {
            keyed.count.is_sound() && keyed.share.as_ref().is_none_or(Series::is_sound)
        };
        self.fixed.len() == Fixed::ALL.len()
            && self.fixed.iter().all(Series::is_sound)
            && self.addresses.is_sound()
            && self.rules.len() <= keyed::MOST_RULES
            && self.paths.len() <= keyed::MOST_PATHS
            && self.rules.iter().chain(&self.paths).all(keyed)
    }

    fn windows_per_day(&self) -> f64 {
        self.fixed[Fixed::Total as usize].per_day()
    }

    /// Windows learnt.
    fn seen(&self) -> f64 {
        self.fixed[Fixed::Total as usize].seen()
    }

    fn stage(&self) -> Stage {
        let seen = self.seen();
        if seen < SILENT_WINDOWS {
            return Stage::Learning {
                seen: seen as u32,
                needed: SILENT_WINDOWS as u32,
            };
        }
        let rest = |needed: f64| (needed - seen).ceil() as u32;
        if seen < WIDE_WINDOWS {
            return Stage::Wide {
                windows_left: rest(WIDE_WINDOWS),
            };
        }
        let slow_after = SLOW_DAYS * self.windows_per_day();
        if seen < slow_after {
            return Stage::BurstsOnly {
                windows_left: rest(slow_after),
            };
        }
        Stage::Ready
    }
}

/// What is expected of the requests of a window, and how anomalous all of its signals are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Expected requests.
    pub expected: f64,
    /// Lower end of the range outside of which requests alone make a finding.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Decades of rarity of the strongest signal, calibrated; 0 and more.
    pub score: f64,
}

/// What all series together make of a window.
struct Judgement<'a> {
    judged: Vec<Judged<'a>>,
    /// The largest of the rarities.
    rarity: f64,
}

impl Calibrated {
    /// A detector that has learnt nothing.
    #[must_use]
    pub fn new(settings: CalibratedSettings) -> Self {
        let state = CalibratedState::new(settings);
        Self { settings, state }
    }

    /// The rarity of an alarm.
    fn threshold(&self) -> f64 {
        let per_day = self.settings.windows_per_day();
        let at = alarm_at(per_day, self.settings.false_incidents_per_week);
        self.state.budget.rarity(at)
    }

    /// The rarity that makes a finding: while an alarm goes on, less does. (What an alarm teaches and when it
    /// ends is decided by the threshold: a tail of findings must not hold up learning.)
    fn bar(&self) -> f64 {
        if self.state.gate.is_closed() {
            return self.threshold() - HYSTERESIS;
        }
        self.threshold()
    }

    fn judgement<'a>(&'a self, summary: &'a Summary) -> Judgement<'a> {
        let is_complete = summary.completeness == Completeness::Complete;
        let mut judged = self.state.judge(summary);
        // Of a window that lacks records nobody can say that it has too little.
        judged.retain(|one| is_complete || one.strongest.direction() == Direction::Above);
        let rarity = judged.iter().map(|one| one.strongest.rarity);
        let rarity = rarity.fold(0.0, f64::max);
        Judgement { judged, rarity }
    }

    fn of_requests(&self, summary: &Summary) -> Forecast {
        let total = summary.counters.total as f64;
        let series = &self.state.fixed[Fixed::Total as usize];
        let seen = self.state.observation(total, total, summary);
        let result = series.assess(&seen).unwrap_or_default();
        let (lower, upper) = series.band(&seen, &result, self.threshold());
        Forecast {
            expected: result.expected,
            lower,
            upper,
        }
    }

    /// What is expected of `summary`'s window.
    #[must_use]
    pub fn outlook(&self, summary: &Summary) -> Outlook {
        let requests = self.of_requests(summary);
        let rarity = self.judgement(summary).rarity;
        Outlook {
            expected: requests.expected,
            lower: requests.lower,
            upper: requests.upper,
            score: self.state.budget.calibrated(rarity),
        }
    }

    fn findings(&self, judgement: &Judgement<'_>) -> Vec<Finding> {
        let threshold = self.threshold();
        let low = self.bar();
        if judgement.rarity < low {
            return Vec::new();
        }
        let budget = self.state.budget;
        let calibration = Calibration {
            threshold,
            least: low,
            calibrated: Box::new(move |rarity| budget.calibrated(rarity)),
        };
        let mut findings: Vec<Finding> = judgement
            .judged
            .iter()
            .filter(|one| one.strongest.rarity >= low)
            .map(|one| findings::finding(one, &calibration))
            .collect();
        sort_strongest_first(&mut findings);
        findings
    }

    /// Whether a window comes after all that were learnt; learns of the gap before it.
    fn moves_on(&mut self, summary: &Summary) -> bool {
        let start = summary.window.start;
        let size = self.settings.window_size.milliseconds().max(1);
        if let Some(newest) = self.state.newest {
            if start <= newest {
                return false;
            }
            let gap = start.0.saturating_sub(newest.0) / size - 1;
            if gap > 0 {
                let state = &mut self.state;
                for series in state.series_mut() {
                    series.pass_gap(gap as f64);
                }
            }
        }
        self.state.newest = Some(start);
        true
    }
}

impl CalibratedState {
    fn series_mut(&mut self) -> impl Iterator<Item = &mut Series> {
        let keys = self.rules.iter_mut().chain(&mut self.paths);
        let keyed =
            keys.flat_map(|keyed| std::iter::once(&mut keyed.count).chain(&mut keyed.share));
        self.fixed.iter_mut().chain(keyed)
    }
}

/// What one series is to learn of a window.
struct Lesson {
    place: usize,
    seen: Observation,
    result: Assessment,
    /// The rarity that the series states.
    stated: f64,
    /// What deviates is the new level.
    is_accepted: bool,
}

impl Lesson {
    fn of(judged: &Judged<'_>) -> Self {
        Self {
            place: judged.place,
            seen: judged.seen,
            result: judged.result,
            stated: judged.strongest.stated,
            is_accepted: false,
        }
    }
}

impl Detector for Calibrated {
    fn score(&self, summary: &Summary) -> Verdict {
        let stage = self.state.stage();
        if matches!(stage, Stage::Learning { .. }) {
            return Verdict {
                stage,
                findings: Vec::new(),
                mix: Mix::Unknown,
            };
        }
        let judgement = self.judgement(summary);
        let findings = self.findings(&judgement);
        let judged = judgement.judged.iter();
        let mix = findings::mix(judged, &findings, self.threshold(), summary.completeness);
        Verdict {
            stage,
            findings,
            mix,
        }
    }

    fn forecast(&self, summary: &Summary) -> Option<Forecast> {
        let judges = self.state.stage().judges();
        judges.then(|| self.of_requests(summary))
    }

    /// Learns with an influence of its own (`model::gate`), except where people say what to think of
    /// the window. Incomplete windows teach nothing.
    fn learn(&mut self, summary: &Summary, given: Influence) {
        if !self.moves_on(summary) || summary.completeness == Completeness::Incomplete {
            return;
        }
        let per_day = self.settings.windows_per_day();
        let seen = self.state.seen();
        Follows::Rules.admit(&mut self.state.rules, summary, per_day, seen);
        Follows::Paths.admit(&mut self.state.paths, summary, per_day, seen);

        let judgement = self.judgement(summary);
        let rarity = judgement.rarity;
        let is_alarm = rarity >= self.threshold();
        let accepted_from = self.threshold() - HYSTERESIS;
        let lessons: Vec<Lesson> = judgement
            .judged
            .iter()
            .map(|one| Lesson {
                is_accepted: given == Influence::Accepted && one.strongest.rarity >= accepted_from,
                ..Lesson::of(one)
            })
            .collect();
        drop(judgement);
        let state = &mut self.state;
        let mut influence = 1.0;
        if seen >= WIDE_WINDOWS {
            influence = match (given, state.gate.pass(is_alarm, per_day)) {
                (Influence::Accepted, _) => 1.0,
                (Influence::Unusual, of_gate) => of_gate.min(gate::LEAST),
                (Influence::Full | Influence::Guarded, of_gate) => of_gate,
            };
            state.budget.learn(rarity, influence, per_day);
        }
        if influence >= ORDINARY {
            state.addresses.learn(&summary.address_sample, per_day);
        }
        let mut lessons = lessons.iter().peekable();
        for (place, series) in state.series_mut().enumerate() {
            if let Some(lesson) = lessons.next_if(|lesson| lesson.place == place) {
                if lesson.is_accepted {
                    series.accept(&lesson.result);
                }
                series.learn(&lesson.seen, &lesson.result, influence);
                series.learn_rarity(lesson.stated, influence);
            }
        }
        let used = |follows: Follows, table: &mut Vec<Keyed>| {
            for keyed in table {
                let count = follows.value(summary, &keyed.key);
                keyed.use_in_window(count, per_day);
            }
        };
        used(Follows::Rules, &mut state.rules);
        used(Follows::Paths, &mut state.paths);
    }

    /// The series of counters learn; those of addresses, rules and paths begin with the first log.
    fn learn_counters(&mut self, summary: &Summary) -> bool {
        if !self.moves_on(summary) {
            return true;
        }
        let state = &mut self.state;
        for fixed in Fixed::OF_COUNTERS {
            let (value, trials) = fixed.part(summary, &state.addresses);
            let seen = state.observation(value, trials, summary);
            let series = &mut state.fixed[fixed as usize];
            if let Some(result) = series.assess(&seen) {
                series.learn(&seen, &result, 1.0);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
