use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;
use wafwatch_windows::partial::Partial;
use wafwatch_windows::time::WindowSize;

use super::*;
use crate::config::Settings;
use crate::forward::partition_key;
use crate::ingest::Accounts;
use crate::store::dynamodb::MAX_COMMIT_BYTES;

const START: i64 = 1_767_571_200_000;
const SHARD: &str = "shardId-000000000000";

fn settings() -> PipelineSettings {
    let mut settings = Settings::default();
    settings.windows.size = WindowSize::from_seconds(10).expect("is supported");
    PipelineSettings::of(&settings, 1)
}

fn line(acl: usize, time: i64, address: u8) -> String {
    let record = json!({
        "timestamp": time,
        "webaclId": format!("acl-{acl}"),
        "action": if address.is_multiple_of(3) { "BLOCK" } else { "ALLOW" },
        "httpRequest": {"clientIp": format!("192.0.2.{address}"), "uri": "/"},
    });
    format!("{record}\n")
}

fn record(sequence: usize, key: &str, bytes: impl Into<Vec<u8>>) -> StreamRecord {
    StreamRecord {
        sequence: sequence.to_string().parse().expect("is a number"),
        partition_key: key.to_owned(),
        bytes: bytes.into(),
        arrival: EventTime(START + 3_000_000),
    }
}

/// What a table would hold.
#[derive(Default)]
struct Table {
    state: Option<ShardState>,
    commits: Vec<Commit>,
}

impl Table {
    fn standing(&self) -> Standing {
        let stored = self.state.clone().map(Standing::stored);
        stored.unwrap_or_else(|| Standing::unknown(ShardState::default()))
    }

    fn write(&mut self, commit: Commit) {
        assert_eq!(
            commit.expected_commits,
            self.state.as_ref().map(|state| state.commits)
        );
        let accounts = &commit.state.checkpoint.accounts;
        assert!(accounts.balance(), "{accounts:?}");
        let bytes: usize = commit
            .partials
            .iter()
            .map(|partial| partial.encoded.len())
            .sum();
        assert!(bytes <= MAX_COMMIT_BYTES);
        let windows: BTreeSet<Window> = commit
            .partials
            .iter()
            .map(|partial| partial.window)
            .collect();
        assert!(windows.len() <= MAX_COMMIT_WINDOWS, "{}", windows.len());
        for window in windows {
            assert_eq!(commit.state.pending[&window.start], commit.state.commits);
        }
        self.state = Some(commit.state.clone());
        self.commits.push(commit);
    }

    /// Counts `records`, and stops for good after `most_commits`.
    fn count(
        &mut self,
        counter: &mut Counter,
        records: &[StreamRecord],
        most_commits: usize,
    ) -> u64 {
        let settled = BTreeMap::new();
        let known = Known {
            settled: &settled,
            now: EventTime(START),
        };
        let mut batch = counter.batch(SHARD, self.standing(), records, known);
        for _ in 0..most_commits {
            let Some(counted) = batch.next_commit() else {
                break;
            };
            self.write(counted.commit);
        }
        batch.redelivered()
    }

    fn accounts(&self) -> Accounts {
        let state = self.state.as_ref().expect("something was counted");
        state.checkpoint.accounts.clone()
    }

    /// All that was counted, by ACL and window.
    fn sums(&self) -> BTreeMap<(String, Window), Partial> {
        let sketch = settings().close.sketch;
        let mut sums: BTreeMap<(String, Window), Partial> = BTreeMap::new();
        for partial in self.commits.iter().flat_map(|commit| &commit.partials) {
            let decoded = Partial::decode(&partial.encoded, &sketch).expect("was encoded");
            let key = (partial.acl.clone(), partial.window);
            sums.entry(key)
                .or_insert_with(|| Partial::new(&sketch))
                .merge(&decoded);
        }
        sums
    }

    fn totals(&self) -> BTreeMap<(String, i64), u64> {
        let sums = self.sums().into_iter();
        sums.map(|((acl, window), partial)| ((acl, window.start.0), partial.counters().total))
            .collect()
    }
}

fn counter() -> Counter {
    Counter::new(settings(), 24 << 20)
}

#[test]
fn every_record_is_counted_once_with_the_place_behind_it() {
    let records = [
        record(1, "a", line(0, START, 1)),
        record(5, "b", line(0, START + 1, 2) + &line(1, START + 20_000, 3)),
        record(7, "c", "no json"),
    ];
    let mut table = Table::default();
    let settled = BTreeMap::new();
    let known = Known {
        settled: &settled,
        now: EventTime(START),
    };
    let mut counter = counter();
    let mut batch = counter.batch(SHARD, table.standing(), &records, known);
    let counted = batch.next_commit().expect("there is something to count");
    assert_eq!(counted.poison, [2]);
    table.write(counted.commit);
    assert_eq!(batch.next_commit(), None);
    let state = table.state.clone().expect("was written");
    assert_eq!(state.checkpoint.position, 3);
    assert_eq!(state.checkpoint.sequence, Some(records[2].sequence.clone()));
    assert_eq!(state.checkpoint.watermark, Some(EventTime(START + 20_000)));
    assert_eq!((state.commits, state.parts), (1, 0));
    assert_eq!(state.pending.len(), 2);
    let accounts = table.accounts();
    assert_eq!((accounts.read, accounts.accepted), (4, 3));
    assert_eq!(accounts.rejected[&RejectReason::NotJson], 1);
    let totals = table.totals();
    assert_eq!(totals[&("acl-0".to_owned(), START)], 2);
    assert_eq!(totals[&("acl-1".to_owned(), START + 20_000)], 1);

    let redelivered = table.count(&mut counter, &records, 9);
    assert_eq!((redelivered, table.commits.len()), (3, 1));
}

#[test]
fn what_the_producer_sent_twice_is_counted_once() {
    let bytes = line(0, START, 1);
    let key = partition_key(bytes.as_bytes());
    let forged = line(0, START, 2);
    let records = [
        record(1, &key, bytes.clone()),
        record(2, &key, bytes.clone()),
        // The key of something else says nothing about this one.
        record(3, &key, forged),
    ];
    let mut table = Table::default();
    table.count(&mut counter(), &records[..1], 9);
    table.count(&mut counter(), &records, 9);
    table.count(&mut counter(), &[record(9, &key, bytes)], 9);
    let state = table.state.as_ref().expect("was written");
    assert_eq!((state.duplicates, state.checkpoint.position), (2, 4));
    assert_eq!(table.accounts().accepted, 2);
}

#[test]
fn an_envelope_of_many_windows_is_counted_in_parts_wherever_it_is_cut_off() {
    let windows = 200;
    // Every window twice, so that their own order would need a commit for every 64 records.
    let lines: String = (0..2 * windows)
        .map(|index| line(0, START + (index % windows) * 10_000, 1))
        .collect();
    let records = [
        record(1, "a", line(0, START, 1)),
        record(2, "b", lines + "no json"),
        record(3, "c", line(1, START, 1)),
    ];
    let mut table = Table::default();
    let mut deliveries = 0;
    while table
        .state
        .as_ref()
        .is_none_or(|state| state.checkpoint.position < 3)
    {
        table.count(&mut counter(), &records, 1);
        deliveries += 1;
        assert!(deliveries < 10, "it comes to an end");
    }
    assert_eq!(table.commits.len(), 4, "64 windows each");
    let accounts = table.accounts();
    assert_eq!((accounts.read, accounts.accepted), (403, 402));
    let totals = table.totals();
    assert_eq!(totals.values().sum::<u64>(), 402);
    assert_eq!(totals[&("acl-0".to_owned(), START)], 3);
    let watermark = table.state.expect("was written").checkpoint.watermark;
    assert_eq!(watermark, Some(EventTime(START + (windows - 1) * 10_000)));
}

#[test]
fn too_many_acls_for_a_commit_make_several() {
    let mut few = settings();
    few.max_acls = 900;
    let lines: String = (0..1_000).map(|acl| line(acl, START, 1)).collect();
    let mut table = Table::default();
    let mut counter = Counter::new(few, 24 << 20);
    table.count(&mut counter, &[record(1, "a", lines)], 9);
    assert_eq!(table.commits.len(), 3);
    let accounts = table.accounts();
    assert_eq!((accounts.read, accounts.accepted), (1_000, 900));
    assert_eq!(accounts.rejected[&RejectReason::TooManyAcls], 100);
}

#[test]
fn dormant_acls_give_their_place_to_others() {
    let mut few = settings();
    few.max_acls = 1;
    let mut counter = Counter::new(few, 24 << 20);
    let mut table = Table::default();
    table.count(&mut counter, &[record(1, "a", line(0, START, 1))], 9);
    let awake = AclHead {
        empty_budget: 1,
        ..AclHead::default()
    };
    counter.follow(&BTreeMap::from([("acl-0".to_owned(), awake)]));
    table.count(&mut counter, &[record(2, "a", line(1, START, 1))], 9);
    counter.follow(&BTreeMap::from([("acl-0".to_owned(), AclHead::default())]));
    table.count(&mut counter, &[record(3, "a", line(1, START, 1))], 9);
    assert_eq!(table.accounts().accepted, 2);
}

#[test]
fn open_partials_that_fill_the_memory_end_a_commit() {
    let records: Vec<StreamRecord> = (1..=4).map(|n| record(n, "a", line(n, START, 1))).collect();
    let mut table = Table::default();
    table.count(&mut Counter::new(settings(), 1), &records, 9);
    assert_eq!(table.commits.len(), 4);
    assert_eq!(table.totals().len(), 4);
}

#[test]
fn a_decoder_that_panics_costs_one_record() {
    fn broken(decoded: &mut Decoded, input: &str, piece: Piece<'_>, limits: &Limits) {
        decoded.fill(input, piece, limits);
        assert!(piece.bytes != b"boom", "a broken decoder");
    }
    let mut counter = counter();
    counter.decode = broken;
    let records = [
        record(1, "a", line(0, START, 1)),
        record(2, "a", "boom"),
        record(3, "a", line(0, START, 1)),
    ];
    let mut table = Table::default();
    table.count(&mut counter, &records, 9);
    let accounts = table.accounts();
    assert_eq!((accounts.read, accounts.accepted), (3, 2));
    assert_eq!(accounts.rejected[&RejectReason::InternalError], 1);
}

#[test]
fn settled_windows_are_forgotten() {
    let mut table = Table::default();
    let mut counter = counter();
    table.count(&mut counter, &[record(1, "a", line(0, START, 1))], 9);
    let numbers = |number| CommitNumbers::from([(SHARD.to_owned(), number)]);
    for (settled, left) in [(0, 2), (1, 1)] {
        let settled = BTreeMap::from([(EventTime(START), numbers(settled))]);
        let known = Known {
            settled: &settled,
            now: EventTime(START),
        };
        let later = [record(2, "a", line(0, START + 10_000, 1))];
        let mut batch = counter.batch(SHARD, table.standing(), &later, known);
        let counted = batch.next_commit().expect("is new");
        assert_eq!(counted.commit.state.pending.len(), left);
    }
}

/// An envelope: what lines it has, and whether it comes again.
fn envelope() -> impl Strategy<Value = (Vec<u8>, bool)> {
    let good = (0_usize..3, 0_i64..100, any::<u8>())
        .prop_map(|(acl, window, address)| line(acl, START + window * 10_000, address));
    let bad = Just("{\"timestamp\": 1}\n".to_owned());
    let lines = prop::collection::vec(prop_oneof![9 => good, 1 => bad], 0..120);
    (lines, any::<bool>())
        .prop_map(|(lines, is_repeated)| (lines.concat().into_bytes(), is_repeated))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_delivery_gives_the_sums_of_one_pass(
        envelopes in prop::collection::vec(envelope(), 1..8),
        deliveries in prop::collection::vec((0_usize..9, 1_usize..6, 0_usize..4), 0..12),
    ) {
        let mut records = Vec::new();
        for (bytes, is_repeated) in envelopes {
            let key = partition_key(&bytes);
            for _ in 0..=usize::from(is_repeated) {
                records.push(record(records.len() * 3 + 1, &key, bytes.clone()));
            }
        }
        let mut once = Table::default();
        once.count(&mut counter(), &records, usize::MAX);

        let mut table = Table::default();
        let mut warm = counter();
        for (back, length, most_commits) in deliveries {
            let counted = table.state.as_ref().map_or(0, |state| state.checkpoint.position);
            let counted = usize::try_from(counted).expect("is small");
            let from = counted.saturating_sub(back);
            let until = (from + length).min(records.len()).max(from);
            table.count(&mut warm, &records[from..until], most_commits);
        }
        table.count(&mut counter(), &records, usize::MAX);

        prop_assert_eq!(table.totals(), once.totals());
        let (accounts, expected) = (table.accounts(), once.accounts());
        prop_assert_eq!(accounts.read, expected.read);
        prop_assert_eq!(accounts.accepted, expected.accepted);
        prop_assert_eq!(accounts.rejected, expected.rejected);
        let (state, expected) = (table.state.clone(), once.state.clone());
        let place = |state: Option<ShardState>| {
            let state = state.expect("was written");
            (state.checkpoint.position, state.checkpoint.watermark, state.duplicates, state.packs)
        };
        prop_assert_eq!(place(state), place(expected));
        let sketch = settings().close.sketch;
        let expected = once.sums();
        for ((acl, window), partial) in table.sums() {
            let expected = &expected[&(acl.clone(), window)];
            let complete = wafwatch_windows::summary::Completeness::Complete;
            prop_assert_eq!(
                partial.summarize(&acl, window, complete, &sketch),
                expected.summarize(&acl, window, complete, &sketch)
            );
        }
    }
}
