//! The blocks of one input, read for two threads that decode them.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::feed::FeedSettings;
use crate::source::{BlockReader, Input, InputKind, Piece, Progress, SourceError};

/// Blocks that are read ahead of those that are decoded.
const BLOCKS_AHEAD: usize = 4;

/// The blocks of one input, each for whoever takes it first.
pub(super) struct Blocks {
    input: Input,
    position: u64,
    settings: FeedSettings,
    progress: Progress,
    /// With the number of the next block.
    reader: Mutex<(Reader, u64)>,
    /// Blocks that are read and not taken. Whoever takes one need not wait for the other thread, which
    /// may be reading.
    read: Mutex<VecDeque<(u64, Taken)>>,
    /// Memory of blocks that are decoded.
    spares: Mutex<Vec<Vec<u8>>>,
}

enum Reader {
    Unopened,
    Open(Box<BlockReader>),
    Ended,
}

/// What came of asking for a block.
pub(super) enum Taken {
    Piece(Piece),
    Last(Result<(), SourceError>),
}

impl Blocks {
    /// The blocks of `input` from `position` on; nothing is opened yet.
    pub(super) fn new(
        input: &Input,
        position: u64,
        settings: &FeedSettings,
        progress: &Progress,
    ) -> Self {
        Self {
            input: input.clone(),
            position,
            settings: settings.clone(),
            progress: progress.clone(),
            reader: Mutex::new((Reader::Unopened, 0)),
            read: Mutex::default(),
            spares: Mutex::default(),
        }
    }

    /// The next block and its number; nothing behind the last one.
    pub(super) fn take(&self) -> Option<(u64, Taken)> {
        if let Some(block) = self.read.lock().ok()?.pop_front() {
            return Some(block);
        }
        // Where another thread panicked while it read, the blocks end, and what it took never comes.
        self.read_next(&mut *self.reader.lock().ok()?)
    }

    /// Reads some blocks of a file before they are asked for, unless another thread reads. Of other
    /// inputs the next block may take its time, and the one at hand must not wait for it.
    pub(super) fn read_ahead(&self) {
        if self.input.kind() != InputKind::File {
            return;
        }
        let Ok(mut reader) = self.reader.try_lock() else {
            return;
        };
        while self.read.lock().is_ok_and(|read| read.len() < BLOCKS_AHEAD) {
            let Some(block) = self.read_next(&mut reader) else {
                return;
            };
            if let Ok(mut read) = self.read.lock() {
                read.push_back(block);
            }
        }
    }

    /// Takes the memory of a decoded block for another one.
    pub(super) fn give_back(&self, block: &mut Vec<u8>) {
        if let Ok(mut spares) = self.spares.lock()
            && spares.len() < BLOCKS_AHEAD
        {
            spares.push(std::mem::take(block));
        }
    }

    fn read_next(&self, guard: &mut (Reader, u64)) -> Option<(u64, Taken)> {
        let (reader, number) = guard;
        let spare = self.spares.lock().ok().and_then(|mut spares| spares.pop());
        let taken = match self.read(reader, &mut spare.unwrap_or_default())? {
            Ok(Some(piece)) => Taken::Piece(piece),
            Ok(None) => Taken::Last(Ok(())),
            Err(error) => Taken::Last(Err(error)),
        };
        if matches!(taken, Taken::Last(_)) {
            *reader = Reader::Ended;
        }
        let own = *number;
        *number += 1;
        Some((own, taken))
    }

    fn read(
        &self,
        reader: &mut Reader,
        spare: &mut Vec<u8>,
    ) -> Option<Result<Option<Piece>, SourceError>> {
        if matches!(reader, Reader::Unopened) {
            let block = self.settings.block;
            match BlockReader::open_with(&self.input, self.position, block, &self.progress) {
                Ok(opened) => *reader = Reader::Open(Box::new(opened)),
                Err(error) => return Some(Err(error)),
            }
        }
        match reader {
            Reader::Open(reader) => Some(reader.next(spare)),
            Reader::Unopened | Reader::Ended => None,
        }
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

    #[test]
    fn blocks_come_once_and_in_their_order_whether_read_ahead_or_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "{}\n".repeat(100)).unwrap();
        let settings = FeedSettings {
            decoding: Decoding::Ahead,
            block: BlockLimits {
                block_bytes: 9,
                line_bytes: 9,
            },
            limits: DecodeLimits::default(),
            now: EventTime(0),
        };
        let input = Input::file(file.path()).unwrap();
        let blocks = Blocks::new(&input, 0, &settings, &Progress::default());
        let (mut numbers, mut position) = (0.., 0);
        while let Some((number, taken)) = blocks.take() {
            assert_eq!(Some(number), numbers.next());
            if number % 7 == 0 {
                blocks.read_ahead();
                assert!(blocks.read.lock().unwrap().len() <= BLOCKS_AHEAD);
            }
            let Taken::Piece(Piece::Block(mut block)) = taken else {
                assert!(matches!(taken, Taken::Last(Ok(()))));
                continue;
            };
            assert_eq!(block.start, position);
            position = block.end;
            blocks.give_back(&mut block.bytes);
            assert!(blocks.spares.lock().unwrap().len() <= BLOCKS_AHEAD);
        }
        assert_eq!(position, 300);
        assert!(blocks.take().is_none());
    }
}
