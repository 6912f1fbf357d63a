//! Seeded traffic for tests: summaries with counts drawn from known distributions.

use wafwatch_windows::summary::{
    Completeness, Dimension, DistinctCount, Summary, TopItem, TopList,
};
use wafwatch_windows::time::{EventTime, Window};

pub(crate) const ACL: &str = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/5f1d0a52-0000-4000-8000-000000000001";

/// SplitMix64.
pub(crate) struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `(0, 1)`.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Poisson: waiting times for small means, rounded normal for large ones.
    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        if mean > 200.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.uniform(), 0);
        while product > limit {
            product *= self.uniform();
            count += 1;
        }
        count
    }

    /// Gamma of mean 1 and the given coefficient of variation (Marsaglia and Tsang, 2000).
    fn gamma(&mut self, variation: f64) -> f64 {
        let shape = 1.0 / (variation * variation);
        let d = shape - 1.0 / 3.0;
        loop {
            let x = self.normal();
            let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }

    /// Negative binomial: a Poisson count whose rate varies by `variation` (0 to 1).
    pub(crate) fn overdispersed(&mut self, mean: f64, variation: f64) -> u64 {
        if variation <= 0.0 {
            return self.poisson(mean);
        }
        let rate = mean * self.gamma(variation);
        self.poisson(rate)
    }

    /// How many of `count` pass with probability `share`.
    pub(crate) fn thinned(&mut self, count: u64, share: f64) -> u64 {
        (0..count).filter(|_| self.uniform() < share).count() as u64
    }
}

/// The `minute`-th one-minute window.
pub(crate) fn minute(number: i64) -> Window {
    let start = EventTime(1_767_225_600_000 + number * 60_000);
    Window {
        start,
        end: start.plus(60_000),
    }
}

/// A complete window of `total` requests of which `blocked` were blocked.
pub(crate) fn window(number: i64, total: u64, blocked: u64) -> Summary {
    let mut summary = Summary::empty(ACL, minute(number), Completeness::Complete);
    summary.counters.total = total;
    summary.counters.blocked = blocked;
    summary.counters.allowed = total - blocked.min(total);
    summary.distinct_addresses = DistinctCount {
        estimate: total as f64 / 4.0,
        lower: total as f64 / 4.1,
        upper: total as f64 / 3.9,
    };
    summary
}

/// Gives `summary` a top list.
pub(crate) fn with_top(
    mut summary: Summary,
    dimension: Dimension,
    items: &[(&str, u64)],
) -> Summary {
    let mut items: Vec<TopItem> = items
        .iter()
        .map(|(key, count)| TopItem {
            key: (*key).to_owned(),
            lower: *count,
            upper: *count,
        })
        .collect();
    items.sort_by(|a, b| b.lower.cmp(&a.lower).then_with(|| a.key.cmp(&b.key)));
    let weight = items.iter().map(|item| item.lower).sum();
    summary.top.insert(
        dimension,
        TopList {
            items,
            error: 0,
            weight,
            unlisted: Some(0),
        },
    );
    summary
}
