//! The bounded memory of past windows.
//!
//! Every learnt window gets the next sequence number. Kept are the samples among the last
//! `capacity` numbers whose hash ends in at least `level` zero bits. The level starts at zero
//! (keep all) and rises by one, which halves the samples, whenever more than [`MAX_SAMPLES`] would
//! be held. So a look-back of any length is covered by at most 2,016 samples (a week of 5-minute
//! windows), each window is kept with the same probability `2^-level`, sets of different levels
//! are nested, and, as the choice is by hash, no daily or hourly rhythm can fall into step with it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Most samples that a history holds.
pub(super) const MAX_SAMPLES: usize = 2_016;

/// One window as a baseline sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sample {
    /// Requests of the signal.
    pub count: u64,
    /// All requests.
    pub requests: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct History {
    learnt: u64,
    level: u8,
    samples: VecDeque<(u64, Sample)>,
}

impl History {
    /// Adds a window, forgetting those that are more than `capacity` windows old.
    pub(super) fn push(&mut self, sample: Sample, capacity: u64) {
        let number = self.learnt;
        self.learnt = self.learnt.saturating_add(1);
        if is_kept(number, self.level) {
            self.samples.push_back((number, sample));
        }
        let oldest = self.learnt.saturating_sub(capacity.max(1));
        while self.samples.front().is_some_and(|(at, _)| *at < oldest) {
            self.samples.pop_front();
        }
        while self.samples.len() > MAX_SAMPLES {
            self.level += 1;
            let level = self.level;
            self.samples.retain(|(number, _)| is_kept(*number, level));
        }
    }

    /// Forgets everything and starts from `samples`.
    pub(super) fn restart(&mut self, samples: impl IntoIterator<Item = Sample>, capacity: u64) {
        self.samples.clear();
        self.level = 0;
        for sample in samples {
            self.push(sample, capacity);
        }
    }

    /// Windows learnt so far.
    pub(super) fn learnt(&self) -> u64 {
        self.learnt
    }

    pub(super) fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        self.samples.iter().map(|(_, sample)| *sample)
    }
}

fn is_kept(number: u64, level: u8) -> bool {
    mix(number).trailing_zeros() >= u32::from(level)
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(count: u64) -> Sample {
        Sample {
            count,
            requests: count,
        }
    }

    #[test]
    fn short_look_backs_keep_exactly_the_last_windows() {
        let mut history = History::default();
        for count in 0..500 {
            history.push(sample(count), 60);
        }
        let kept: Vec<u64> = history.samples().map(|sample| sample.count).collect();
        assert_eq!(kept, (440..500).collect::<Vec<u64>>());
        assert_eq!(history.learnt(), 500);
    }

    #[test]
    fn long_look_backs_are_thinned_and_cover_the_whole_span() {
        let mut history = History::default();
        for count in 0..200_000 {
            history.push(sample(count), 129_600);
            assert!(history.samples.len() <= MAX_SAMPLES);
        }
        let kept: Vec<u64> = history.samples().map(|sample| sample.count).collect();
        assert!(kept.len() > MAX_SAMPLES / 3, "{} samples", kept.len());
        assert!(kept[0] < 200_000 - 128_000 && kept[0] >= 200_000 - 129_600);
        let late = kept.iter().filter(|count| **count >= 135_200).count();
        let share = late as f64 / kept.len() as f64;
        assert!((0.4..0.6).contains(&share), "{share} in the later half");
    }
}
