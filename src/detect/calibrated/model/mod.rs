//! The model of one series: what its next value is expected to be, and how rare what was seen is.

pub(crate) mod budget;
pub(crate) mod gate;
mod learn;
pub(crate) mod math;
pub(crate) mod rhythm;
pub(crate) mod scale;
mod season;
pub(crate) mod series;
pub(crate) mod slow;
mod spread;
pub(crate) mod tail;
pub(crate) mod timing;
mod zero_run;
