//! The pieces of one input, decoded by two threads at once and handed out in their order.
//!
//! Whoever is free takes the next block and decodes it: a thread of its own all the time, and the thread
//! that counts whenever the piece that it has to count next is not there yet. So neither waits for the
//! other, whichever of decoding and counting takes longer; and since the thread reads some blocks ahead,
//! neither waits for the other to read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use super::blocks::{Blocks, Taken};
use super::feed::{Decoder, FeedSettings, Next};
use crate::pipeline::Decoded;
use crate::source::{Input, InputKind, Progress, SourceError};

/// Pieces that threads decode ahead of the one that counts, of all inputs that are open at once: enough
/// for the time that closing a window takes.
const PIECES_AHEAD: usize = 32;
/// Those of one input at least. An input that is closed, because too many are open, loses them.
const FEWEST_AHEAD: usize = 2;
/// Pieces that wait on the counting thread for one before them.
const MOST_WAITING: usize = 4;
/// How often an interrupt is looked for while nothing comes.
const INTERRUPT_PAUSE: Duration = Duration::from_millis(100);

/// The pieces of one input, decoded ahead.
pub(super) struct Ahead {
    input: PathBuf,
    blocks: Arc<Blocks>,
    decoder: Decoder,
    /// Whether the counting thread decodes too. It must not read what can take for ever.
    helps: bool,
    arrivals: Receiver<Arrival>,
    spares: Sender<Decoded>,
    own_spares: Vec<Decoded>,
    waiting: BTreeMap<u64, Outcome>,
    next: u64,
}

/// What came of one block, and its place in the order.
type Arrival = (u64, Outcome);

enum Outcome {
    Piece(Decoded),
    /// No more blocks.
    Last(Result<(), SourceError>),
}

impl Ahead {
    /// Opens `input`, one of so many that are open at once, where it is counted up to. A failure to open
    /// is the first thing that comes.
    pub(super) fn spawn(
        input: &Input,
        position: u64,
        settings: &FeedSettings,
        open_at_once: usize,
        progress: &Progress,
    ) -> Self {
        let blocks = Arc::new(Blocks::new(input, position, settings, progress));
        let (send, arrivals) = sync_channel((PIECES_AHEAD / open_at_once.max(1)).max(FEWEST_AHEAD));
        let (spares, spare) = channel();
        let decoder = Decoder::new(input, settings);
        let worker = Worker {
            blocks: Arc::clone(&blocks),
            decoder: decoder.clone(),
        };
        thread::spawn(move || worker.run(&send, &spare));
        Self {
            input: input.path().to_owned(),
            blocks,
            decoder,
            helps: input.kind() == InputKind::File,
            arrivals,
            spares,
            own_spares: Vec::new(),
            waiting: BTreeMap::new(),
            next: 0,
        }
    }

    /// The next piece; waits for it until `interrupt` is set.
    pub(super) fn next(&mut self, interrupt: &AtomicBool) -> Result<Next, SourceError> {
        loop {
            if let Some(outcome) = self.waiting.remove(&self.next) {
                return self.hand_out(outcome);
            }
            // Taken from the thread one by one: what is not needed yet stays in the channel, which is
            // bounded.
            if let Ok((number, outcome)) = self.arrivals.try_recv() {
                self.waiting.insert(number, outcome);
                continue;
            }
            let has_room = self.waiting.len() < MOST_WAITING;
            if self.helps && has_room && self.decode_one() {
                continue;
            }
            match self.arrivals.recv_timeout(INTERRUPT_PAUSE) {
                Ok((number, outcome)) => {
                    self.waiting.insert(number, outcome);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(panicked(&self.input)),
                Err(RecvTimeoutError::Timeout) if interrupt.load(Ordering::Relaxed) => {
                    return Ok(Next::Interrupted);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Gives a piece back, so that its memory serves another one.
    pub(super) fn recycle(&mut self, decoded: Decoded) {
        if self.helps && self.own_spares.len() < MOST_WAITING {
            self.own_spares.push(decoded);
            return;
        }
        // The thread may have ended; then nobody needs the memory.
        drop(self.spares.send(decoded));
    }

    fn hand_out(&mut self, outcome: Outcome) -> Result<Next, SourceError> {
        match outcome {
            Outcome::Piece(decoded) => {
                self.next += 1;
                Ok(Next::Piece(decoded))
            }
            Outcome::Last(ended) => ended.map(|()| Next::Ended),
        }
    }

    /// Decodes a block that nobody has taken yet, if there is one.
    fn decode_one(&mut self) -> bool {
        let Some((number, taken)) = self.blocks.take() else {
            return false;
        };
        let spare = self.own_spares.pop().unwrap_or_default();
        let outcome = self.decoder.outcome(taken, spare);
        self.blocks.give_back(self.decoder.spare_block());
        self.waiting.insert(number, outcome);
        true
    }
}

/// The thread that decodes all the time.
struct Worker {
    blocks: Arc<Blocks>,
    decoder: Decoder,
}

impl Worker {
    fn run(mut self, send: &SyncSender<Arrival>, spares: &Receiver<Decoded>) {
        while let Some((number, taken)) = self.blocks.take() {
            self.blocks.read_ahead();
            let spare = spares.try_recv().unwrap_or_default();
            let outcome = self.decoder.outcome(taken, spare);
            self.blocks.give_back(self.decoder.spare_block());
            // Nobody listens any more where the replay was interrupted or closed this reader.
            if send.send((number, outcome)).is_err() {
                return;
            }
        }
        // The sender stays until nobody listens: that it is gone must mean a panic and nothing else.
        while spares.recv().is_ok() {}
    }
}

impl Decoder {
    fn outcome(&mut self, taken: Taken, spare: Decoded) -> Outcome {
        match taken {
            Taken::Piece(piece) => Outcome::Piece(self.decode(piece, spare)),
            Taken::Last(ended) => Outcome::Last(ended),
        }
    }
}

fn panicked(input: &Path) -> SourceError {
    SourceError::ReaderPanicked {
        path: input.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use wafwatch_windows::time::EventTime;

    use super::*;
    use crate::host::Decoding;
    use crate::pipeline::DecodeLimits;
    use crate::source::BlockLimits;

    fn settings() -> FeedSettings {
        FeedSettings {
            decoding: Decoding::Ahead,
            block: BlockLimits {
                block_bytes: 100,
                line_bytes: 1_000,
            },
            limits: DecodeLimits::default(),
            now: EventTime(i64::MAX / 2),
        }
    }

    /// Pieces that come from `arrivals` alone.
    fn alone(arrivals: Receiver<Arrival>) -> Ahead {
        let file = tempfile::NamedTempFile::with_prefix("waf").unwrap();
        let input = Input::file(file.path()).unwrap();
        let mut ahead = Ahead::spawn(&input, 0, &settings(), 1, &Progress::default());
        ahead.arrivals = arrivals;
        ahead.helps = false;
        ahead
    }

    #[test]
    fn pieces_come_in_order_whoever_decodes_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("waf.log");
        let content =
            "{\"timestamp\":1700000000000,\"webaclId\":\"a\",\"action\":\"ALLOW\"}\n".repeat(5_000);
        std::fs::write(&path, &content).unwrap();
        let input = Input::file(&path).unwrap();
        let interrupt = AtomicBool::new(false);
        for helps in [true, false] {
            let mut ahead = Ahead::spawn(&input, 0, &settings(), 1, &Progress::default());
            ahead.helps = helps;
            let mut position = 0;
            while let Next::Piece(decoded) = ahead.next(&interrupt).unwrap() {
                assert_eq!(decoded.start(), position);
                position += decoded.len();
                ahead.recycle(decoded);
            }
            assert_eq!(position, content.len() as u64);
        }
    }

    #[test]
    fn a_thread_that_panics_is_no_end_of_the_input() {
        let interrupt = AtomicBool::new(false);
        let (send, arrivals) = sync_channel(2);
        let mut ahead = alone(arrivals);
        send.send((0, Outcome::Piece(Decoded::default()))).unwrap();
        send.send((2, Outcome::Last(Ok(())))).unwrap();
        drop(send);
        assert!(matches!(ahead.next(&interrupt), Ok(Next::Piece(_))));
        let Err(error) = ahead.next(&interrupt) else {
            panic!("the piece that the thread had taken never comes");
        };
        assert!(error.to_string().contains("/waf"), "{error}");
    }

    #[test]
    fn an_interrupt_ends_the_wait() {
        let (_send, arrivals) = sync_channel(2);
        let mut ahead = alone(arrivals);
        let interrupt = AtomicBool::new(true);
        assert!(matches!(ahead.next(&interrupt), Ok(Next::Interrupted)));
    }
}
