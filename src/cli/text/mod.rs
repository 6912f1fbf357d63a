//! What is printed, made apart from printing it.

pub mod figures;
pub mod progress;
pub mod sparkline;
pub mod table;
