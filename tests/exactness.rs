//! Counting is exact under every way of delivering the same records: split over shards, cut into
//! batches, delivered twice, out of order within the lateness, and interrupted by crashes.

mod common;

use std::ops::Range;

use common::{ACL, line, pipeline_settings};
use proptest::prelude::*;
use tempfile::TempDir;
use wafwatch::pipeline::{MAX_PARTIALS, NEVER, Piece, Pipeline};
use wafwatch::store::sqlite::SqliteStore;
use wafwatch::store::{Store, WindowQuery};
use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::{EventTime, WindowSize};

const START: i64 = 1_767_571_200_000;
const LATENESS_MS: i64 = 30_000;
const NOW: EventTime = EventTime(START + 86_400_000);

/// One request: milliseconds since the start, address, path, whether it was blocked.
type Request = (u32, u8, u8, bool);

/// How the lines of one shard reach the pipeline.
#[derive(Debug, Clone)]
enum Step {
    /// The next so many lines of a shard.
    Deliver { shard: usize, lines: usize },
    /// The last so many lines of a shard once more.
    Redeliver { shard: usize, lines: usize },
    /// Commit, and close what is due.
    Flush,
    /// The process dies; a new one starts from the store.
    Crash,
}

struct Shard {
    name: String,
    bytes: Vec<u8>,
    /// Ends of the lines.
    ends: Vec<usize>,
    delivered: usize,
}

impl Shard {
    fn new(number: usize) -> Self {
        let name = format!("shard-{number}");
        Self {
            name,
            bytes: Vec::new(),
            ends: Vec::new(),
            delivered: 0,
        }
    }

    fn push(&mut self, line: &str) {
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.push(b'\n');
        self.ends.push(self.bytes.len());
    }

    fn start_of(&self, line: usize) -> usize {
        line.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    fn piece(&self, lines: Range<usize>) -> Piece<'_> {
        let (start, end) = (self.start_of(lines.start), self.start_of(lines.end));
        Piece {
            bytes: &self.bytes[start..end],
            start: start as u64,
            end: end as u64,
        }
    }
}

struct Run {
    folder: TempDir,
    pipeline: Option<Pipeline<SqliteStore>>,
    shards: Vec<Shard>,
}

impl Run {
    fn new(shards: Vec<Shard>) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut run = Self {
            folder,
            pipeline: None,
            shards,
        };
        run.open();
        run
    }

    /// Opens the pipeline anew and sets every shard back to its checkpoint.
    fn open(&mut self) {
        self.pipeline = None;
        let path = self.folder.path().join("store.db");
        let store = SqliteStore::open(&path, WindowSize::DEFAULT).expect("opens");
        let mut pipeline = Pipeline::open(store, pipeline_settings(LATENESS_MS)).expect("opens");
        for shard in &mut self.shards {
            let first = Some(EventTime(START));
            let position = pipeline.register(&shard.name, &shard.name, first).position;
            shard.delivered = shard
                .ends
                .iter()
                .filter(|end| **end as u64 <= position)
                .count();
        }
        self.pipeline = Some(pipeline);
    }

    fn pipeline(&mut self) -> &mut Pipeline<SqliteStore> {
        self.pipeline.as_mut().expect("opened")
    }

    fn deliver(&mut self, shard: usize, lines: Range<usize>) {
        let pipeline = self.pipeline.as_mut().expect("opened");
        let shard = &self.shards[shard];
        pipeline
            .count(&shard.name, shard.piece(lines), NOW)
            .expect("counts");
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Deliver { shard, lines } => {
                let shard = shard % self.shards.len();
                let from = self.shards[shard].delivered;
                let until = (from + lines).min(self.shards[shard].ends.len());
                self.deliver(shard, from..until);
                self.shards[shard].delivered = until;
            }
            Step::Redeliver { shard, lines } => {
                let shard = shard % self.shards.len();
                let until = self.shards[shard].delivered;
                self.deliver(shard, until.saturating_sub(lines)..until);
            }
            Step::Flush => {
                self.pipeline().flush(NEVER).expect("flushes");
            }
            Step::Crash => self.open(),
        }
    }

    /// Delivers what is left and gives back all windows.
    fn end(mut self) -> Vec<Summary> {
        for shard in 0..self.shards.len() {
            let (from, until) = (self.shards[shard].delivered, self.shards[shard].ends.len());
            self.deliver(shard, from..until);
        }
        let names: Vec<String> = self.shards.iter().map(|shard| shard.name.clone()).collect();
        for name in &names {
            self.pipeline().finish(name);
        }
        self.pipeline().flush(NEVER).expect("flushes");

        let accounts = self.pipeline().accounts();
        assert_eq!(accounts.read, accounts.accepted + accounts.rejected_total());
        let store = self.pipeline().store();
        assert!(store.windows_with_partials().expect("reads").is_empty());
        let query = WindowQuery {
            limit: usize::MAX,
            ..WindowQuery::default()
        };
        let windows = store.windows(&query).expect("reads");
        let summaries: Vec<Summary> = windows.into_iter().map(|window| window.summary).collect();
        let counted: u64 = summaries.iter().map(|summary| summary.counters.total).sum();
        assert_eq!(counted, accounts.accepted);
        summaries
    }
}

fn text(request: Request) -> String {
    let (offset, address, path, blocked) = request;
    let action = if blocked { "BLOCK" } else { "ALLOW" };
    line(
        ACL,
        START + i64::from(offset),
        action,
        &format!("192.0.2.{address}"),
        &format!("/{path}"),
    )
}

/// Sorts requests by the time they would arrive, each delayed by at most the lateness.
fn delayed(mut requests: Vec<(Request, u32)>) -> Vec<Request> {
    requests.sort_by_key(|((offset, ..), delay)| offset + delay);
    requests.into_iter().map(|(request, _)| request).collect()
}

fn undisturbed(requests: &[Request]) -> Vec<Summary> {
    let mut sorted = requests.to_vec();
    sorted.sort_unstable();
    let mut shard = Shard::new(0);
    for request in sorted {
        shard.push(&text(request));
    }
    Run::new(vec![shard]).end()
}

fn requests() -> impl Strategy<Value = Vec<(Request, u32)>> {
    let request = (0..600_000_u32, 0..40_u8, 0..30_u8, any::<bool>());
    let delay = 0..u32::try_from(LATENESS_MS).expect("fits");
    prop::collection::vec((request, delay), 1..120)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..8_usize, 1..20_usize).prop_map(|(shard, lines)| Step::Deliver { shard, lines }),
        2 => (0..8_usize, 1..20_usize).prop_map(|(shard, lines)| Step::Redeliver { shard, lines }),
        2 => Just(Step::Flush),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn windows_do_not_depend_on_how_records_were_delivered(
        requests in requests(),
        shard_count in 1..=8_usize,
        steps in steps(),
    ) {
        let arriving = delayed(requests);
        let expected = undisturbed(&arriving);

        let mut shards: Vec<Shard> = (0..shard_count).map(Shard::new).collect();
        for (number, request) in arriving.iter().enumerate() {
            shards[number % shard_count].push(&text(*request));
        }
        let mut run = Run::new(shards);
        for step in &steps {
            run.step(step);
        }
        prop_assert_eq!(run.end(), expected);
    }
}

#[test]
fn records_beyond_the_lateness_amend_their_window() {
    let mut shard = Shard::new(0);
    for offset in [0, 1_000, 300_000, 2_000, 301_000] {
        shard.push(&text((offset, 1, 1, false)));
    }
    let mut run = Run::new(vec![shard]);
    run.step(&Step::Deliver { shard: 0, lines: 3 });
    run.step(&Step::Flush);
    let summaries = run.end();
    let first = &summaries[0];
    assert_eq!((first.counters.total, first.late), (3, 1));
    assert_eq!(first.addresses[0].total.lower, 3);
    assert_eq!(
        summaries
            .iter()
            .map(|summary| summary.counters.total)
            .sum::<u64>(),
        5
    );
}

#[test]
fn windows_without_records_close_with_zeros() {
    let mut shard = Shard::new(0);
    for offset in [0, 600_000] {
        shard.push(&text((offset, 1, 1, false)));
    }
    let summaries = Run::new(vec![shard]).end();
    let totals: Vec<u64> = summaries
        .iter()
        .map(|summary| summary.counters.total)
        .collect();
    assert_eq!(totals, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn a_timestamp_far_in_the_future_makes_nothing_late() {
    const HOUR: u32 = 3_600_000;
    let mut shard = Shard::new(0);
    for number in 0..720 {
        let offset = number * 10_000;
        if number == 100 || number == 400 {
            shard.push(&text((offset + 20 * HOUR, 1, 1, false)));
        }
        shard.push(&text((offset, 1, 1, false)));
    }
    let mut run = Run::new(vec![shard]);
    for _ in 0..30 {
        run.step(&Step::Deliver {
            shard: 0,
            lines: 20,
        });
        run.step(&Step::Flush);
    }
    let pipeline = run.pipeline();
    let closed = pipeline.store().windows(&WindowQuery {
        limit: usize::MAX,
        ..WindowQuery::default()
    });
    let closed = closed.expect("reads").len();
    assert!(
        (95..100).contains(&closed),
        "{closed} windows of the 100 minutes delivered"
    );
    let summaries = run.end();
    assert!(summaries.iter().all(|summary| summary.late == 0));
    let totals = summaries.iter().map(|summary| summary.counters.total);
    assert_eq!(totals.sum::<u64>(), 722);
    let minutes = summaries.iter().take(120);
    assert!(minutes.clone().all(|summary| summary.counters.total == 6));
}

#[test]
fn a_window_of_many_commits_is_kept_in_few_partials() {
    let requests: Vec<Request> = (0..400_u32)
        .map(|number| {
            (
                number * 100,
                (number % 40) as u8,
                (number % 30) as u8,
                false,
            )
        })
        .collect();
    let mut shard = Shard::new(0);
    for request in &requests {
        shard.push(&text(*request));
    }
    let mut run = Run::new(vec![shard]);
    let window = WindowSize::DEFAULT.window_of(EventTime(START));
    let mut most = 0;
    for number in 0..400 {
        run.step(&Step::Deliver { shard: 0, lines: 1 });
        run.step(&Step::Flush);
        if number % 90 == 89 {
            run.step(&Step::Crash);
        }
        let partials = run.pipeline().store().partials(ACL, window);
        most = most.max(partials.expect("reads").len());
    }
    assert_eq!(most, MAX_PARTIALS);
    assert_eq!(run.end(), undisturbed(&requests));
}
