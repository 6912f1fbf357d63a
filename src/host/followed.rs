//! Reads followed files and standard input on threads of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::source::{BlockLimits, Follower, LineReader, Piece, Poll, SourceError};
use crate::store::Checkpoint;

/// Pieces that wait for the thread that counts.
const PIECES_AHEAD: usize = 4;
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
    /// It has ended for good.
    Ended,
    /// It only stood in for a shard that has come meanwhile.
    Withdrawn,
    /// It cannot be read any more.
    Failed(SourceError),
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
/// When an input cannot be followed at all.
pub fn follow(
    inputs: &[String],
    checkpoints: &[(String, Checkpoint)],
    settings: &FollowSettings,
    stop: &Arc<AtomicBool>,
) -> Result<Receiver<Arrival>, SourceError> {
    let (send, arrivals) = sync_channel(PIECES_AHEAD);
    for input in inputs {
        let send = send.clone();
        if input == "-" {
            let reader = LineReader::stdin(settings.block);
            let shard = format!("stdin {}", settings.run);
            thread::spawn(move || read_lines(reader, &shard, &send));
            continue;
        }
        let mut position_of = |shard: &crate::source::Identity| {
            let id = shard.shard_id();
            let known = checkpoints.iter().find(|(shard, _)| *shard == id);
            known.map(|(_, checkpoint)| checkpoint.position)
        };
        let follower = Follower::open(input.as_ref(), settings.block, &mut position_of)?;
        let stop = Arc::clone(stop);
        let input = input.clone();
        thread::spawn(move || follow_file(follower, &input, &send, &stop));
    }
    Ok(arrivals)
}

fn read_lines(mut reader: LineReader, shard: &str, send: &SyncSender<Arrival>) {
    let arrival = |arrived| Arrival {
        shard: shard.to_owned(),
        input: "-".to_owned(),
        arrived,
    };
    if send.send(arrival(Arrived::Started)).is_err() {
        return;
    }
    loop {
        let arrived = match reader.next(&mut Vec::new()) {
            Ok(Some(piece)) => Arrived::Piece(piece),
            Ok(None) => Arrived::Ended,
            Err(error) => Arrived::Failed(error),
        };
        let is_last = !matches!(arrived, Arrived::Piece(_));
        if send.send(arrival(arrived)).is_err() || is_last {
            return;
        }
    }
}

fn follow_file(mut follower: Follower, input: &str, send: &SyncSender<Arrival>, stop: &AtomicBool) {
    // Until the file has a first line it has no identity; the name stands in, so that an empty or
    // absent file is a live shard too.
    let mut current = format!("waiting for {input}");
    let arrival = |shard: &str, arrived| Arrival {
        shard: shard.to_owned(),
        input: input.to_owned(),
        arrived,
    };
    if send.send(arrival(&current, Arrived::Started)).is_err() {
        return;
    }
    while !stop.load(Ordering::Relaxed) {
        let sent = match follower.poll(&mut Vec::new()) {
            Ok(Poll::Idle) => {
                thread::sleep(POLL_PAUSE);
                continue;
            }
            Ok(Poll::Piece { shard, piece }) => {
                let is_new = *shard != current;
                let is_first = is_new && current.starts_with("waiting for ");
                let ended = is_first.then(|| std::mem::take(&mut current));
                current = shard.to_string();
                let sent = send.send(arrival(&shard, Arrived::Piece(piece)));
                match ended {
                    Some(waiting) if sent.is_ok() => {
                        send.send(arrival(&waiting, Arrived::Withdrawn))
                    }
                    _ => sent,
                }
            }
            Ok(Poll::Rotated {
                finished: Some(shard),
                ..
            }) => {
                current = format!("waiting for {input}");
                send.send(arrival(&current, Arrived::Started))
                    .and_then(|()| send.send(arrival(&shard, Arrived::Ended)))
            }
            Ok(Poll::Rotated { finished: None, .. }) => continue,
            Err(error) => {
                let _ = send.send(arrival(&current, Arrived::Failed(error)));
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}
