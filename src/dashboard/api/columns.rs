//! Figures over time, column by column: a chart draws them as they are.

use serde::Serialize;

use crate::store::sqlite::series::Bucket;

/// The buckets of one Web ACL.
#[derive(Debug, Default, Serialize)]
pub(super) struct Series {
    acl: String,
    start: Vec<i64>,
    windows: Vec<u64>,
    total: Vec<u64>,
    allowed: Vec<u64>,
    blocked: Vec<u64>,
    counted: Vec<u64>,
    captcha: Vec<u64>,
    challenge: Vec<u64>,
    other: Vec<u64>,
    late: Vec<u64>,
    incomplete: Vec<u64>,
    findings: Vec<u64>,
    expected: Vec<Option<f64>>,
    lower: Vec<Option<f64>>,
    upper: Vec<Option<f64>>,
}

impl Series {
    pub(super) fn new(acl: String) -> Self {
        Self {
            acl,
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, bucket: &Bucket) {
        let counters = &bucket.counters;
        self.start.push(bucket.start.0);
        self.windows.push(bucket.windows);
        self.total.push(counters.total);
        self.allowed.push(counters.allowed);
        self.blocked.push(counters.blocked);
        self.counted.push(counters.counted);
        self.captcha.push(counters.captcha);
        self.challenge.push(counters.challenge);
        self.other.push(counters.other);
        self.late.push(bucket.late);
        self.incomplete.push(bucket.incomplete);
        self.findings.push(bucket.with_findings);
        let forecast = bucket.forecast;
        self.expected
            .push(forecast.map(|forecast| tenths(forecast.expected)));
        self.lower
            .push(forecast.map(|forecast| tenths(forecast.lower)));
        self.upper
            .push(forecast.map(|forecast| tenths(forecast.upper)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start.is_empty()
    }
}

/// More digits of a requests' forecast are noise, and most of the answer.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
