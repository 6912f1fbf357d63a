//! `infra/` against linters, against the code, and against its documentation.
//!
//! Needs python3; the linters are installed from PyPI into `target/lint` on the first run.
#![allow(missing_docs)]

mod alarms;
mod calls;
mod dashboard;
mod document;
mod environment;
mod lint;
mod metric_use;
mod names;
mod permissions;
mod program;
mod queries;
mod syntax;
