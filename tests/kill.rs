//! A replay that is killed at random points, again and again, ends with exactly the store of one
//! that nobody disturbed.

#![cfg(unix)]

mod common;

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::command::{Ended, Sandbox};
use common::long_replay::{INPUTS, sandbox_with_inputs};
use common::store::{Rows, rows};

/// Kills that hit a running process, for each number of threads.
const KILLS: usize = 12;
/// Replays that are begun for them at most.
const REPLAYS: usize = 40;
const SIGKILL: i32 = 9;
/// Everything that a replay leaves but how long explanations took.
const TABLES: [&str; 8] = [
    "SELECT * FROM windows ORDER BY acl, start",
    "SELECT * FROM incidents ORDER BY id",
    "SELECT sequence, id, incident, kind, event FROM events ORDER BY sequence",
    "SELECT id, json_remove(explanation, '$.analysis_milliseconds') FROM events ORDER BY sequence",
    "SELECT event, channel, state FROM deliveries ORDER BY event, channel",
    "SELECT * FROM shards ORDER BY shard",
    "SELECT * FROM acls ORDER BY acl",
    "SELECT acl, window_start, encoded FROM partials ORDER BY id",
];

fn arguments<'a>(store: &'a str, threads: &'a str) -> Vec<&'a str> {
    let mut arguments = vec!["replay", "--store", store, "--threads", threads];
    arguments.extend(INPUTS);
    arguments
}

fn content(sandbox: &Sandbox, store: &str) -> Vec<Rows> {
    let path = sandbox.path(store);
    TABLES.iter().map(|query| rows(&path, query)).collect()
}

/// SplitMix64: well mixed numbers in one line.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bound.mul_f64(((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// Replays until an end, killing every run that is still at it after a random time. Gives the kills.
fn replay_with_kills(
    sandbox: &Sandbox,
    (store, threads): (&str, &str),
    longest: Duration,
    random: &mut Random,
    wanted: usize,
) -> usize {
    let mut kills = 0;
    while kills < wanted {
        let mut command = sandbox.command(&arguments(store, threads));
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        std::thread::sleep(random.below(longest));
        // Of a process that has ended by itself, the kill changes nothing.
        child.kill().expect("it is our child");
        let status = child.wait().expect("it is our child");
        if status.signal() != Some(SIGKILL) {
            assert!(status.success(), "a killed replay cannot go on: {status}");
            return kills;
        }
        kills += 1;
    }
    let ended = Ended::of(
        sandbox
            .command(&arguments(store, threads))
            .output()
            .expect("it starts"),
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    kills
}

fn assert_kills_change_nothing(threads: &str, seed: u64) {
    let sandbox = sandbox_with_inputs();
    let started = Instant::now();
    let undisturbed = sandbox.run(&arguments("undisturbed.db", threads));
    let took = started.elapsed();
    assert_eq!(undisturbed.code, Some(0), "{}", undisturbed.stderr);
    let expected = content(&sandbox, "undisturbed.db");
    for (rows, query) in expected.iter().zip(TABLES) {
        assert_eq!(rows.is_empty(), query.contains("partials"), "{query}");
    }

    let mut random = Random(seed);
    let mut kills = 0;
    for replay in 0..REPLAYS {
        let store = format!("killed-{replay}.db");
        let run = (store.as_str(), threads);
        kills += replay_with_kills(&sandbox, run, took / 3, &mut random, KILLS - kills);
        for ((rows, expected), query) in content(&sandbox, &store).iter().zip(&expected).zip(TABLES)
        {
            assert!(rows == expected, "{store} differs in {query}");
        }
        if kills == KILLS {
            return;
        }
    }
    panic!("{REPLAYS} replays were too quick to be killed {KILLS} times");
}

#[test]
fn kills_change_nothing_on_one_thread() {
    assert_kills_change_nothing("1", 1);
}

#[test]
fn kills_change_nothing_with_decoding_ahead() {
    assert_kills_change_nothing("2", 2);
}

#[test]
fn threads_change_nothing() {
    let sandbox = sandbox_with_inputs();
    for threads in ["1", "2", "8"] {
        let store = format!("{threads}.db");
        let ended = sandbox.run(&arguments(&store, threads));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    let expected = content(&sandbox, "1.db");
    assert!(content(&sandbox, "2.db") == expected);
    assert!(content(&sandbox, "8.db") == expected);
}
