//! What the functions' `main`s have in common: the environment, the clocks, and lines of the log.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::Context;
use tokio::time::Instant;
use wafwatch::config::Warning;
use wafwatch::functions::done::Done;
use wafwatch::functions::settings::Sources;
use wafwatch::investigate::hostile::one_line;
use wafwatch::metrics::{Function, FunctionKind, Health, health_line};
use wafwatch::report::Redaction;
use wafwatch_windows::time::EventTime;

/// Longest line of a problem.
const MAX_PROBLEM_CHARS: usize = 2_000;

/// A variable of this process.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn file(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path)
}

/// Settings of this process.
#[must_use]
pub fn sources() -> Sources<'static> {
    Sources {
        variable: &variable,
        file: &file,
    }
}

/// The wall clock.
#[must_use]
pub fn now() -> EventTime {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH);
    let milliseconds = passed.unwrap_or_default().as_millis();
    EventTime(i64::try_from(milliseconds).unwrap_or(i64::MAX))
}

/// When a call must have ended.
#[must_use]
pub fn deadline(context: &Context) -> Instant {
    let left = context.deadline().duration_since(SystemTime::now());
    Instant::now() + left.unwrap_or(Duration::ZERO)
}

/// Writes one line to the function's log.
pub fn log(line: &str) {
    let mut output = io::stdout().lock();
    // A log that cannot be written to is no reason to stop counting.
    let _ = writeln!(output, "{line}");
}

/// Writes what went wrong to the function's log. Errors of AWS name the account, which belongs into no
/// log.
pub fn log_problem(problem: &str) {
    let redaction = Redaction {
        account_ids: true,
        ..Redaction::default()
    };
    let masked = redaction.applied(problem);
    log(&format!(
        "problem: {}",
        one_line(&masked, MAX_PROBLEM_CHARS)
    ));
}

/// Writes what the settings made of values that they did not take as they were.
pub fn log_warnings(warnings: &[Warning]) {
    for warning in warnings {
        log(&format!(
            "warning: {}",
            one_line(&warning.to_string(), MAX_PROBLEM_CHARS)
        ));
    }
}

/// Writes how a call went to the function's log, as metrics.
pub fn log_health(kind: FunctionKind, health: &Health) {
    let name = variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    let function = Function { kind, name: &name };
    log(&health_line(function, health, now()));
}

/// Writes what a call did to the function's log.
pub fn log_done(kind: FunctionKind, done: &Done, redaction: Redaction) {
    // As above.
    let _ = done.write(redaction, now(), &mut io::stdout().lock());
    log_health(kind, &done.health);
}

/// A number that nobody can foresee.
#[must_use]
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
