#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::tempdir;
use wafwatch_windows::time::WindowSize;

use super::*;
use crate::host::Decoding;
use crate::pipeline::{DecodeLimits, PipelineSettings};
use crate::source::BlockLimits;
use crate::store::sqlite::SqliteStore;
use crate::store::{IncidentFilter, WindowQuery};

const START: i64 = 1_767_571_200_000;
const ACL: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop/0d4f1c1e";

fn pipeline(folder: &Path) -> Pipeline<SqliteStore> {
    let store = SqliteStore::open(&folder.join("store.db"), WindowSize::DEFAULT).unwrap();
    Pipeline::open(store, PipelineSettings::default()).unwrap()
}

fn settings(decoding: Decoding) -> ReplaySettings {
    ReplaySettings {
        commit_bytes: 1 << 20,
        memory_bytes: 1 << 28,
        feed: FeedSettings {
            decoding,
            block: BlockLimits::default(),
            limits: DecodeLimits::default(),
            now: EventTime(START + 86_400_000),
        },
        run: "test".to_owned(),
    }
}

/// Replays into the store of `folder`, as a process of its own would.
fn replay_once(folder: &Path, inputs: &[Input], decoding: Decoding) -> Replayed {
    let mut pipeline = pipeline(folder);
    let progress = Progress::of(inputs);
    let interrupt = AtomicBool::new(false);
    let settings = settings(decoding);
    let mut ignored = |_: &Flushed| {};
    replay(
        &mut pipeline,
        inputs,
        &settings,
        &progress,
        &interrupt,
        &mut ignored,
    )
    .unwrap()
}

/// Appends one record per second.
fn append(path: &Path, seconds: std::ops::Range<i64>) {
    append_of(path, ACL, seconds);
}

fn append_of(path: &Path, acl: &str, seconds: std::ops::Range<i64>) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    for second in seconds {
        let time = START + second * 1_000;
        writeln!(
            file,
            r#"{{"timestamp":{time},"formatVersion":1,"webaclId":"{acl}","terminatingRuleId":"Default_Action","action":"ALLOW","httpRequest":{{"clientIp":"192.0.2.1","country":"DE","uri":"/","httpMethod":"GET"}}}}"#
        )
        .unwrap();
    }
}

fn all_windows() -> WindowQuery {
    WindowQuery {
        limit: 10_000,
        ..WindowQuery::default()
    }
}

/// Records in closed windows and accepted records by the checkpoints.
fn counted(folder: &Path) -> (u64, u64) {
    let pipeline = pipeline(folder);
    let windows = pipeline.store().windows(&all_windows()).unwrap();
    let total = windows
        .iter()
        .map(|window| window.summary.counters.total)
        .sum();
    (total, pipeline.accounts().accepted)
}

#[test]
fn a_file_that_grows_between_replays_is_counted_once_and_in_full() {
    for decoding in [Decoding::Inline, Decoding::Ahead] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("a.log");
        let mut end = 0;
        // The second growth goes on in a window that the first replay closed.
        for more in [200, 10, 500] {
            append(&path, end..end + more);
            end += more;
            let inputs = [Input::file(&path).unwrap()];
            let replayed = replay_once(folder.path(), &inputs, decoding);
            assert!(replayed.failures.is_empty(), "{replayed:?}");
            assert!(replayed.already_counted.is_empty(), "{replayed:?}");
            let expected = u64::try_from(end).unwrap();
            assert_eq!(counted(folder.path()), (expected, expected));

            let again = replay_once(folder.path(), &inputs, decoding);
            assert_eq!(again.already_counted, [path.display().to_string()]);
            assert_eq!(counted(folder.path()), (expected, expected));
        }
    }
}

#[test]
fn a_grown_file_holds_windows_back_for_a_fresh_one_beside_it() {
    let folder = tempdir().unwrap();
    let grown = folder.path().join("a.log");
    let fresh = folder.path().join("b.log");
    append(&grown, 0..90);
    replay_once(
        folder.path(),
        &[Input::file(&grown).unwrap()],
        Decoding::Inline,
    );
    append(&grown, 90..900);
    append(&fresh, 0..900);
    let inputs = [Input::file(&fresh).unwrap(), Input::file(&grown).unwrap()];
    let mut small = settings(Decoding::Inline);
    small.commit_bytes = 1;
    let mut pipeline = pipeline(folder.path());
    let replayed = replay(
        &mut pipeline,
        &inputs,
        &small,
        &Progress::default(),
        &AtomicBool::new(false),
        &mut |_: &Flushed| {},
    )
    .unwrap();
    assert!(replayed.failures.is_empty(), "{replayed:?}");
    let windows = pipeline.store().windows(&all_windows()).unwrap();
    let total: u64 = windows.iter().map(|w| w.summary.counters.total).sum();
    assert_eq!(total, 1_800);
    // Only the windows that the first replay had closed gain late records.
    for window in windows {
        let is_fresh = window.summary.window.start >= EventTime(START + 120_000);
        assert!(!is_fresh || window.summary.late == 0, "{window:?}");
    }
}

/// How many windows of each ACL were closed, and how many events came of them.
fn windows_and_events(folder: &Path) -> (BTreeMap<String, usize>, usize) {
    let pipeline = pipeline(folder);
    let store = pipeline.store();
    let mut windows = BTreeMap::new();
    for window in store.windows(&all_windows()).unwrap() {
        *windows.entry(window.summary.acl).or_default() += 1;
    }
    (
        windows,
        store.incidents(IncidentFilter::All, 100).unwrap().len(),
    )
}

const OTHER: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/blog/5b1d";

#[test]
fn the_end_of_an_acls_files_is_no_outage_but_a_gap_between_them_is() {
    const MINUTE: i64 = 60;
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    append_of(&path("shop-1.log"), ACL, 0..90 * MINUTE);
    append_of(&path("shop-2.log"), ACL, 120 * MINUTE..150 * MINUTE);
    append_of(&path("blog.log"), OTHER, 0..300 * MINUTE);
    let inputs = |names: &[&str]| -> Vec<Input> {
        let names = names.iter();
        names
            .map(|name| Input::file(&path(name)).unwrap())
            .collect()
    };
    let expected = |shop: usize, blog: usize| {
        BTreeMap::from([(ACL.to_owned(), shop), (OTHER.to_owned(), blog)])
    };
    let mut small = settings(Decoding::Inline);
    small.commit_bytes = 1;
    for (names, windows, incidents) in [
        (&["shop-1.log", "blog.log"][..], expected(90, 300), 0),
        (&["shop-2.log"][..], expected(150, 300), 1),
    ] {
        let inputs = inputs(names);
        let mut pipeline = pipeline(folder.path());
        let interrupt = AtomicBool::new(false);
        let told = &mut |_: &Flushed| {};
        replay(
            &mut pipeline,
            &inputs,
            &small,
            &Progress::default(),
            &interrupt,
            told,
        )
        .unwrap();
        drop(pipeline);
        assert_eq!(windows_and_events(folder.path()), (windows, incidents));
    }
}

#[test]
fn an_acl_that_falls_silent_in_an_input_that_goes_on_is_an_outage() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("both.log");
    for minute in 0..120 {
        if minute < 90 {
            append_of(&path, ACL, minute * 60..(minute + 1) * 60);
        }
        append_of(&path, OTHER, minute * 60..(minute + 1) * 60);
    }
    replay_once(
        folder.path(),
        &[Input::file(&path).unwrap()],
        Decoding::Inline,
    );
    let (windows, incidents) = windows_and_events(folder.path());
    assert_eq!(windows[ACL], 120);
    assert_eq!(incidents, 1);
}

#[cfg(unix)]
#[test]
fn an_interrupt_does_not_wait_for_a_silent_pipe() {
    for decoding in [Decoding::Inline, Decoding::Ahead] {
        let folder = tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let (send, replayed) = mpsc::channel();
        thread::spawn(move || {
            let inputs = [Input::file(&pipe).unwrap()];
            let interrupt = std::sync::Arc::new(AtomicBool::new(false));
            let interrupter = std::sync::Arc::clone(&interrupt);
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(50));
                interrupter.store(true, Ordering::Relaxed);
            });
            let mut pipeline = pipeline(folder.path());
            let replayed = replay(
                &mut pipeline,
                &inputs,
                &settings(decoding),
                &Progress::of(&inputs),
                &interrupt,
                &mut |_: &Flushed| {},
            );
            send.send(replayed.unwrap().interrupted).unwrap();
        });
        let interrupted = replayed.recv_timeout(Duration::from_secs(10));
        assert_eq!(interrupted, Ok(true), "the replay hangs");
    }
}
