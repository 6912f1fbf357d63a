//! The `wafwatch` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    wafwatch::cli::main()
}
