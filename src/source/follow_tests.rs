#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::{TempDir, tempdir};

use super::*;

/// A folder with the file `waf.log`, and the checkpoints of what was followed there.
struct Stage {
    folder: TempDir,
    checkpoints: HashMap<String, u64>,
}

impl Stage {
    fn new() -> Self {
        Self {
            folder: tempdir().unwrap(),
            checkpoints: HashMap::new(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut options = OpenOptions::new();
        let mut file = options
            .create(true)
            .append(true)
            .open(self.path(name))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn follow(&self) -> Follower {
        let mut checkpoint = |id: &Identity| self.checkpoints.get(&id.shard_id()).copied();
        Follower::open(
            &self.path("waf.log"),
            BlockLimits::default(),
            &mut checkpoint,
        )
        .unwrap()
    }

    /// Polls until nothing is new and keeps the checkpoints: what was read, with rotations as words.
    fn read(&mut self, follower: &mut Follower) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            match follower.poll(&mut Vec::new()).unwrap() {
                Poll::Idle => return seen,
                Poll::Rotated { reason, .. } => seen.push(format!("{reason:?}")),
                Poll::Piece { shard, piece } => seen.push(self.keep(&shard, piece)),
            }
        }
    }

    fn keep(&mut self, shard: &str, piece: Piece) -> String {
        let Piece::Block(block) = piece else {
            panic!("nothing is rejected here: {piece:?}");
        };
        let reached = self.checkpoints.entry(shard.to_owned()).or_insert(0);
        assert_eq!(*reached, block.start, "pieces of a shard are contiguous");
        *reached = block.end;
        String::from_utf8(block.bytes).unwrap()
    }
}

fn record(number: u32) -> String {
    format!("{{\"timestamp\":1700000000{number:03}}}\n")
}

#[test]
fn lines_are_handed_out_once_they_are_whole() {
    let mut stage = Stage::new();
    let mut follower = stage.follow();
    assert_eq!(
        stage.read(&mut follower),
        [""; 0],
        "the file does not exist yet"
    );
    stage.append("waf.log", "{\"timest");
    assert_eq!(stage.read(&mut follower), [""; 0]);
    stage.append("waf.log", "amp\":1700000000001}\n{\"b\"");
    assert_eq!(stage.read(&mut follower), [record(1)]);
    assert_eq!(stage.read(&mut follower), [""; 0]);
    stage.append("waf.log", ":1}\r\n");
    assert_eq!(stage.read(&mut follower), ["{\"b\":1}\r\n"]);
}

#[test]
fn a_flush_gives_up_waiting_for_the_rest_of_a_line() {
    let mut stage = Stage::new();
    stage.append("waf.log", &record(1));
    stage.append("waf.log", "{\"half\"");
    let mut follower = stage.follow();
    assert_eq!(stage.read(&mut follower), [record(1)]);
    let Some(Poll::Piece { piece, .. }) = follower.flush(&mut Vec::new()) else {
        panic!("half a line is there");
    };
    assert_eq!(piece.start(), record(1).len() as u64);
    assert_eq!(piece.end(), piece.start() + 7);
    assert_eq!(follower.flush(&mut Vec::new()), None);
}

#[test]
fn rotation_by_rename_finishes_the_old_file_first() {
    let mut stage = Stage::new();
    stage.append("waf.log", &record(1));
    let mut follower = stage.follow();
    assert_eq!(stage.read(&mut follower), [record(1)]);
    stage.rename("waf.log", "waf.log.1");
    stage.append("waf.log.1", &record(2));
    assert_eq!(stage.read(&mut follower), [record(2)]);
    stage.append("waf.log", "");
    stage.append("waf.log.1", &record(3));
    stage.append("waf.log.1", "{\"cut\"");
    assert_eq!(
        stage.read(&mut follower),
        [record(3)],
        "the successor is empty"
    );
    stage.append("waf.log", &record(4));
    let rest = ["{\"cut\"".to_owned(), "Replaced".to_owned(), record(4)];
    assert_eq!(stage.read(&mut follower), rest);
    assert_eq!(stage.checkpoints.len(), 2);
}

#[test]
fn rotation_by_copy_and_truncate_begins_again() {
    let mut stage = Stage::new();
    stage.append("waf.log", &record(1).repeat(3));
    let mut follower = stage.follow();
    assert_eq!(stage.read(&mut follower), [record(1).repeat(3)]);
    let truncate = |to: &str| fs::write(stage.path("waf.log"), to).unwrap();
    truncate("");
    stage.append("waf.log", &record(2));
    assert_eq!(
        stage.read(&mut follower),
        ["Truncated".to_owned(), record(2)]
    );

    // Emptied, and longer than before when we look again: only the content tells.
    fs::write(stage.path("waf.log"), record(3).repeat(9)).unwrap();
    let again = ["Truncated".to_owned(), record(3).repeat(9)];
    assert_eq!(stage.read(&mut follower), again);
}

#[test]
fn a_deleted_file_is_read_to_its_end_and_its_successor_awaited() {
    let mut stage = Stage::new();
    stage.append("waf.log", &record(1));
    let mut follower = stage.follow();
    assert_eq!(stage.read(&mut follower), [record(1)]);
    let mut writer = OpenOptions::new()
        .append(true)
        .open(stage.path("waf.log"))
        .unwrap();
    fs::remove_file(stage.path("waf.log")).unwrap();
    writer.write_all(record(2).as_bytes()).unwrap();
    assert_eq!(stage.read(&mut follower), [record(2)]);
    assert_eq!(stage.read(&mut follower), [""; 0]);
    stage.append("waf.log", &record(3));
    assert_eq!(
        stage.read(&mut follower),
        ["Replaced".to_owned(), record(3)]
    );
}

#[test]
fn a_restart_goes_on_where_the_run_before_left_off() {
    let mut stage = Stage::new();
    stage.append("waf.log", &record(1));
    let mut follower = stage.follow();
    assert_eq!(stage.read(&mut follower), [record(1)]);
    stage.append("waf.log", &record(2));
    let mut follower = stage.follow();
    assert_eq!(stage.read(&mut follower), [record(2)]);
    assert_eq!(stage.checkpoints.len(), 1);
}

#[test]
fn a_restart_makes_up_for_all_rotations_in_between() {
    let mut stage = Stage::new();
    stage.append("waf.log", &record(1));
    let mut follower = stage.follow();
    assert_eq!(stage.read(&mut follower), [record(1)]);
    stage.append("waf.log", &record(2));
    stage.append(
        "waf.log.0",
        "older than our first run, and none of our business\n",
    );
    let hour = std::time::Duration::from_secs(3600);
    let age = |name: &str, hours: u32| {
        let file = OpenOptions::new()
            .append(true)
            .open(stage.path(name))
            .unwrap();
        let now = file.metadata().unwrap().modified().unwrap();
        file.set_modified(now - hours * hour).unwrap();
    };
    age("waf.log.0", 9);
    let content = fs::read(stage.path("waf.log")).unwrap();
    let compressed = fs::File::create(stage.path("waf.log.2.gz")).unwrap();
    let mut encoder = GzEncoder::new(compressed, Compression::fast());
    encoder.write_all(&content).unwrap();
    encoder.finish().unwrap();
    age("waf.log.2.gz", 2);
    fs::remove_file(stage.path("waf.log")).unwrap();
    stage.append("waf.log.1", &record(3));
    age("waf.log.1", 1);
    stage.append("waf.log", &record(4));

    let mut follower = stage.follow();
    let caught_up = || "CaughtUp".to_owned();
    let expected = [record(2), caught_up(), record(3), caught_up(), record(4)];
    assert_eq!(stage.read(&mut follower), expected);
}

#[test]
fn a_first_run_ignores_what_was_rotated_before_it() {
    let mut stage = Stage::new();
    stage.append("waf.log.1", &record(1));
    stage.append("waf.log", &record(2));
    let mut follower = stage.follow();
    assert_eq!(stage.read(&mut follower), [record(2)]);
}

#[test]
fn large_files_come_in_blocks() {
    let mut stage = Stage::new();
    let content = record(1).repeat(100_000);
    stage.append("waf.log", &content);
    let mut follower = stage.follow();
    let blocks = stage.read(&mut follower);
    assert_eq!(blocks.concat(), content);
    let longest = blocks.iter().map(String::len).max().unwrap();
    let limit = BlockLimits::default().block_bytes;
    assert!(
        blocks.len() <= content.len() / limit + 1 && longest <= limit,
        "{} {longest}",
        blocks.len()
    );
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let stage = Stage::new();
    let mut none = |_: &Identity| None;
    let mut open = |path: &Path| Follower::open(path, BlockLimits::default(), &mut none);
    fs::write(stage.path("a.gz"), [0x1f, 0x8b, 8, 0]).unwrap();
    for path in [
        stage.path("a.gz"),
        stage.folder.path().to_owned(),
        PathBuf::from("/"),
    ] {
        let error = open(&path).unwrap_err();
        assert!(matches!(error, SourceError::CannotFollow { .. }), "{error}");
    }
    let error = open(&stage.path("no/folder/waf.log")).unwrap_err();
    assert!(matches!(error, SourceError::Io { .. }), "{error}");
}
