//! Logs for the page, and the stores that the command makes of them.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use wafwatch_loadgen::{Options, Scenario, Truth, generate};

use crate::common::command::Sandbox;
use crate::common::line;

/// A time at the start of a window and of an hour.
pub const START: i64 = 1_767_571_200_000;
pub const WINDOW_MS: i64 = 60_000;
const SETTINGS: &str = "windows.seed = 7\n";

/// The ARN of a Web ACL by its name.
pub fn arn(name: &str) -> String {
    format!(
        "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/{name}/0d4f1c1e-1111-2222-3333-444455556666"
    )
}

/// A store of a site that was attacked: one incident, explained and over.
pub fn attacked() -> Sandbox {
    let sandbox = Sandbox::new();
    generated(&sandbox, Options::new(Scenario::Attack));
    replay(&sandbox);
    sandbox
}

/// A store of three sites, one of which is being attacked: the incident is open.
pub fn under_attack() -> Sandbox {
    const SO_FAR_MS: i64 = 11 * WINDOW_MS;
    let sandbox = Sandbox::new();
    let options = Options {
        rate: 1.0,
        acls: 3,
        ..Options::new(Scenario::Stuffing)
    };
    let truth = generated(&sandbox, options);
    let end = jiff::Timestamp::from_millisecond(truth.events[0].start_ms + SO_FAR_MS);
    let end = end.expect("a time of this century").to_string();
    sandbox.write("wafwatch.toml", SETTINGS);
    sandbox.text(&["replay", "waf.jsonl", "--store", "store.db", "--to", &end]);
    sandbox
}

fn generated(sandbox: &Sandbox, options: Options) -> Truth {
    let mut lines = Vec::new();
    let options = Options { seed: 7, ..options };
    let truth = generate(&options, &mut lines).expect("the options can be met");
    sandbox.write("waf.jsonl", lines);
    truth
}

/// Counts `waf.jsonl` of the sandbox into its store.
pub fn replay(sandbox: &Sandbox) {
    sandbox.write("wafwatch.toml", SETTINGS);
    sandbox.text(&["replay", "waf.jsonl", "--store", "store.db"]);
}

/// Logs of `acls` Web ACLs over `windows` windows, two requests each, of which some are blocked.
pub fn many(acls: usize, windows: i64) -> String {
    let arns: Vec<String> = (0..acls)
        .map(|number| arn(&format!("site-{number:02}")))
        .collect();
    let mut lines = String::new();
    for window in 0..windows {
        for (number, acl) in arns.iter().enumerate() {
            let time = START + window * WINDOW_MS + i64::try_from(number).expect("few");
            let address = format!("192.0.2.{}", (window + time) % 40);
            let second = if (window + time) % 7 == 0 {
                "BLOCK"
            } else {
                "ALLOW"
            };
            for action in ["ALLOW", second] {
                lines += &line(acl, time, action, &address, "/");
                lines.push('\n');
            }
        }
    }
    lines
}

/// A log that grows with the clock.
pub struct Growing {
    log: PathBuf,
    next: i64,
    written: i64,
}

impl Growing {
    const PACE_MS: i64 = 500;
    const HISTORY_MS: i64 = 400_000;
    const ATTACK: usize = 100;
    /// Settings under which its windows close soon.
    pub const SETTINGS: &str = "
[windows]
size_seconds = 10
lateness_seconds = 1
idle_delay_seconds = 5
longest_wait_seconds = 60
";

    /// A log that begins some minutes ago.
    pub fn new(log: PathBuf) -> Self {
        let next = now() - Self::HISTORY_MS;
        Self {
            log,
            next,
            written: 0,
        }
    }

    /// Writes normal life up to now.
    pub fn grow(&mut self) {
        let mut lines = String::new();
        while self.next <= now() {
            let address = format!("192.0.2.{}", self.written % 40);
            lines += &line(&arn("shop"), self.next, "ALLOW", &address, "/");
            lines.push('\n');
            self.next += Self::PACE_MS;
            self.written += 1;
        }
        self.append(&lines);
    }

    /// Writes an attack that happens now.
    pub fn attack(&mut self) {
        let attack = line(&arn("shop"), now(), "BLOCK", "203.0.113.99", "/admin")
            .replace("Default_Action", "AWSManagedRulesAdminProtectionRuleSet")
            + "\n";
        self.append(&attack.repeat(Self::ATTACK));
    }

    fn append(&self, lines: &str) {
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true).open(&self.log);
        let written = file.and_then(|mut file| file.write_all(lines.as_bytes()));
        written.expect("the sandbox can be written");
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
