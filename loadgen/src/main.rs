//! `loadgen`: writes seeded AWS WAF logs and the truth about them.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
