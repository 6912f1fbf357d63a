//! Reads followed files and standard input on threads of their own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SendError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::STDIN;
use crate::source::{
    BlockLimits, Follower, LineReader, Piece, Poll, Reach, SourceError, StreamRecord,
};
use crate::store::Checkpoint;

/// Pieces that wait for the thread that counts.
const PIECES_AHEAD: usize = 4;
/// What the shard of a file without identity is called, before the file's name.
const WAITING: &str = "waiting for ";
/// Pause between two looks at a file that does not grow.
const POLL_PAUSE: Duration = Duration::from_millis(150);

/// Something that happened to a shard.
#[derive(Debug)]
pub struct Arrival {
    /// The shard.
    pub shard: String,
    /// The input, for people.
    pub input: String,
    /// What happened.
    pub arrived: Arrived,
}

/// What happened to a shard.
#[derive(Debug)]
pub enum Arrived {
    /// It is live; nothing came yet.
    Started,
    /// Bytes came.
    Piece(Piece),
    /// Records of a stream's shard came.
    Records(Vec<StreamRecord>),
    /// A stream's shard has delivered so far.
    Reached(Reach),
    /// It has ended for good.
    Ended,
    /// It only stood in for a shard that has come meanwhile.
    Withdrawn,
    /// It cannot be read any more.
    Failed(Box<SourceError>),
}

/// How inputs are followed.
#[derive(Debug, Clone)]
pub struct FollowSettings {
    /// Bounds of pieces.
    pub block: BlockLimits,
    /// Tells this run's standard input from those of other runs.
    pub run: String,
}

/// Follows `inputs`, each on a thread; they stop when `stop` is set or nobody listens any more.
///
/// `checkpoints` tells where an earlier run left off.
///
/// # Errors
///
/// When an input cannot be followed at all, or is given twice, be it under another name.
pub fn follow(
    inputs: &[String],
    checkpoints: &[(String, Checkpoint)],
    settings: &FollowSettings,
    stop: &Arc<AtomicBool>,
) -> Result<Receiver<Arrival>, SourceError> {
    refuse_duplicates(inputs)?;
    let (send, arrivals) = sync_channel(PIECES_AHEAD);
    for input in inputs {
        let send = send.clone();
        if input == "-" {
            let reader = LineReader::stdin(settings.block);
            let reading = Reading {
                input: input.clone(),
                shard: format!("{STDIN}{}", settings.run),
                send,
            };
            thread::spawn(move || read_lines(reader, &reading));
            continue;
        }
        let mut position_of = |shard: &crate::source::Identity| {
            let id = shard.shard_id();
            let known = checkpoints.iter().find(|(shard, _)| *shard == id);
            known.map(|(_, checkpoint)| checkpoint.position)
        };
        let follower = Follower::open(input.as_ref(), settings.block, &mut position_of)?;
        let stop = Arc::clone(stop);
        let reading = Reading {
            input: input.clone(),
            shard: waiting_for(input),
            send,
        };
        thread::spawn(move || follow_file(follower, reading, &stop));
    }
    Ok(arrivals)
}

fn refuse_duplicates(inputs: &[String]) -> Result<(), SourceError> {
    let mut known: HashMap<PathBuf, &String> = HashMap::new();
    for input in inputs {
        if let Some(first) = known.insert(real_path(input), input) {
            return Err(SourceError::GivenTwice {
                input: input.clone(),
                first: first.clone(),
            });
        }
    }
    Ok(())
}

/// What tells `input` from all others, also while there is no such file yet.
fn real_path(input: &str) -> PathBuf {
    let path = Path::new(input);
    if input == "-" {
        return path.to_owned();
    }
    path.canonicalize().unwrap_or_else(|_| {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let folder = folder.unwrap_or(Path::new(".")).canonicalize();
        match (folder, path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            // Opening it fails and says why.
            _ => path.to_owned(),
        }
    })
}

/// The side of a thread that reads. When it panics, that is told: the input must not seem to have
/// fallen silent.
struct Reading {
    input: String,
    shard: String,
    send: SyncSender<Arrival>,
}

impl Reading {
    /// Tells that something happened to `shard`; fails when nobody listens any more.
    fn tell(&self, shard: &str, arrived: Arrived) -> Result<(), SendError<Arrival>> {
        self.send.send(Arrival {
            shard: shard.to_owned(),
            input: self.input.clone(),
            arrived,
        })
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if thread::panicking() {
            let path = PathBuf::from(&self.input);
            let panicked = Arrived::Failed(Box::new(SourceError::ReaderPanicked { path }));
            let _ = self.tell(&self.shard, panicked);
        }
    }
}

fn read_lines(mut reader: LineReader, reading: &Reading) {
    let shard = &reading.shard;
    if reading.tell(shard, Arrived::Started).is_err() {
        return;
    }
    loop {
        let arrived = match reader.next(&mut Vec::new()) {
            Ok(Some(piece)) => Arrived::Piece(piece),
            Ok(None) => Arrived::Ended,
            Err(error) => Arrived::Failed(Box::new(error)),
        };
        let is_last = !matches!(arrived, Arrived::Piece(_));
        if reading.tell(shard, arrived).is_err() || is_last {
            return;
        }
    }
}

fn follow_file(mut follower: Follower, mut reading: Reading, stop: &AtomicBool) {
    if reading.tell(&reading.shard, Arrived::Started).is_err() {
        return;
    }
    while !stop.load(Ordering::Relaxed) {
        let told = match follower.poll(&mut Vec::new()) {
            Ok(Poll::Idle) => {
                thread::sleep(POLL_PAUSE);
                continue;
            }
            Ok(Poll::Piece { shard, piece }) => {
                let before = std::mem::replace(&mut reading.shard, shard.to_string());
                let is_first = before != *shard && before.starts_with(WAITING);
                let told = reading.tell(&shard, Arrived::Piece(piece));
                if is_first {
                    told.and_then(|()| reading.tell(&before, Arrived::Withdrawn))
                } else {
                    told
                }
            }
            Ok(Poll::Rotated {
                finished: Some(shard),
                ..
            }) => {
                reading.shard = waiting_for(&reading.input);
                reading
                    .tell(&reading.shard, Arrived::Started)
                    .and_then(|()| reading.tell(&shard, Arrived::Ended))
            }
            Ok(Poll::Rotated { finished: None, .. }) => continue,
            Err(error) => {
                let _ = reading.tell(&reading.shard, Arrived::Failed(Box::new(error)));
                return;
            }
        };
        if told.is_err() {
            return;
        }
    }
}

/// Until a file has a first line it has no identity; the name stands in, so that an empty or absent
/// file is a live shard too.
fn waiting_for(input: &str) -> String {
    format!("{WAITING}{input}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use tempfile::tempdir;

    use super::*;

    fn try_to_follow(inputs: &[String]) -> Result<Receiver<Arrival>, SourceError> {
        let settings = FollowSettings {
            block: BlockLimits::default(),
            run: "test".to_owned(),
        };
        let stop = Arc::new(AtomicBool::new(true));
        follow(inputs, &[], &settings, &stop)
    }

    fn assert_refused(one: &Path, two: &Path) {
        let names = [one, two].map(|path| path.display().to_string());
        let error = try_to_follow(&names).unwrap_err();
        let SourceError::GivenTwice { input, first } = error else {
            panic!("{error}");
        };
        assert_eq!([first, input], names);
    }

    #[test]
    fn one_file_under_two_names_is_refused() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("a.log");
        let roundabout = folder.path().join(".").join("a.log");
        assert_refused(&path, &path);
        assert_refused(&path, &roundabout);
        fs::write(&path, "").unwrap();
        assert_refused(&path, &path);
        assert_refused(&path, &roundabout);
        #[cfg(unix)]
        {
            let link = folder.path().join("link.log");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            assert_refused(&path, &link);
        }
        assert_refused(Path::new("-"), Path::new("-"));
    }

    #[test]
    fn different_files_are_followed_whether_they_exist_or_not() {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join("a.log"), "").unwrap();
        let names = ["a.log", "b.log"].map(|name| folder.path().join(name).display().to_string());
        assert!(try_to_follow(&names).is_ok());
    }

    #[test]
    fn a_thread_that_panics_is_a_failure_of_its_shard() {
        let (send, arrivals) = sync_channel(1);
        let reading = Reading {
            input: "waf.log".to_owned(),
            shard: "file-1".to_owned(),
            send,
        };
        let panicked = thread::spawn(move || {
            let _reading = reading;
            panic!("as it must not");
        });
        assert!(panicked.join().is_err());
        let arrival = arrivals.recv().unwrap();
        assert_eq!(arrival.shard, "file-1");
        let Arrived::Failed(error) = arrival.arrived else {
            panic!("{arrival:?}");
        };
        assert!(error.to_string().contains("`waf.log`"), "{error}");
    }
}
