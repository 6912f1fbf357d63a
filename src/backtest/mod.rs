//! What a detector would have said of recorded windows, against what really happened.
//!
//! [`trace`] is what is run over: a plain series, or the windows of an ACL. [`run`] is the run, with the
//! incidents as the closing step makes them. [`truth`] says what happened, [`measure`] compares, and
//! [`picture`] draws. Pure: files are read and written by the command.

pub mod measure;
pub mod picture;
pub mod run;
pub mod trace;
pub mod truth;

#[cfg(test)]
mod tests;
