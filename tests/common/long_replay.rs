//! Input that takes a while to replay: something to be interrupted in.

use std::time::Duration;

use wafwatch_loadgen::{Format, Options, Scenario, generate, generate_as};

use super::command::Sandbox;

pub const INPUTS: [&str; 3] = ["attack.jsonl", "misconfiguration.jsonl.gz", "flood.jsonl"];
/// Commits often, so that there is much to be interrupted between, into stores that can be compared.
const CONFIGURATION: &str = "[store]\ncommit_mib = 1\n[windows]\nseed = 11\n";

/// Two Web ACLs of each of two kinds in three files, out of order, with duplicates, and with lines
/// that are none.
pub fn sandbox_with_inputs() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("wafwatch.toml", CONFIGURATION);
    let run = |scenario, rate, acls| Options {
        seed: 11,
        rate,
        acls,
        disorder: Duration::from_secs(20),
        duplicates: 0.01,
        ..Options::new(scenario)
    };

    let mut attack = Vec::new();
    generate(&run(Scenario::Attack, 1.5, 2), &mut attack).expect("valid options");
    for (place, line) in [
        (3, "no record\n"),
        (400, "{\"timestamp\":\n"),
        (900, "[]\n"),
    ] {
        let at = start_of_line(&attack, place);
        attack.splice(at..at, line.bytes());
    }
    sandbox.write(INPUTS[0], attack);

    let mut misconfiguration = Vec::new();
    let options = run(Scenario::Misconfiguration, 2.0, 1);
    generate_as(Format::Gzip, &options, &mut misconfiguration, &mut |_| {}).expect("valid options");
    sandbox.write(INPUTS[1], misconfiguration);

    let mut flood = Vec::new();
    generate(&run(Scenario::Flood, 0.8, 2), &mut flood).expect("valid options");
    sandbox.write(INPUTS[2], flood);
    sandbox
}

fn start_of_line(text: &[u8], number: usize) -> usize {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.take(number).map(<[u8]>::len).sum()
}
