//! What is printed, made apart from printing it.

pub mod figures;
pub mod json_lines;
pub mod lines;
pub mod progress;
pub mod sparkline;
pub mod table;
