//! Counts of records by what became of them.

use serde::Serialize;
use wafwatch_windows::counters::Counters;

#[derive(Serialize)]
pub(super) struct Counts {
    total: u64,
    allowed: u64,
    blocked: u64,
    counted: u64,
    captcha: u64,
    challenge: u64,
    other: u64,
}

impl Counts {
    pub(super) fn of(counters: &Counters) -> Self {
        Self {
            total: counters.total,
            allowed: counters.allowed,
            blocked: counters.blocked,
            counted: counters.counted,
            captcha: counters.captcha,
            challenge: counters.challenge,
            other: counters.other,
        }
    }
}
