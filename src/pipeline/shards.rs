//! The shards that a host reads: where they stand, that they go on, that they have ended.

use std::collections::BTreeMap;

use wafwatch_windows::time::EventTime;

use super::{Pipeline, Progress};
use crate::store::{Checkpoint, Store};

impl<S: Store> Pipeline<S> {
    /// Makes `shard` a live one and tells how far it is counted already.
    ///
    /// `first` is a time that none of its records is expected to precede by more than the
    /// lateness; without it the shard holds every window open until its first record.
    pub fn register(&mut self, shard: &str, input: &str, first: Option<EventTime>) -> &Checkpoint {
        let progress = self
            .shards
            .entry(shard.to_owned())
            .or_insert_with(|| Progress::new(input.to_owned()));
        let watermark = progress.checkpoint().watermark.max(first);
        self.watermarks.open(shard);
        if let Some(watermark) = watermark {
            self.watermarks.advance(shard, watermark);
        }
        if progress.checkpoint().finished {
            self.watermarks.finish(shard);
        }
        progress.checkpoint()
    }

    /// Keeps in a checkpoint of its own that the shards of `source` are read from `time` on, so that
    /// a later run finds it. The next flush commits it.
    pub fn note_start(&mut self, source: &str, input: &str, time: EventTime) {
        let progress = Progress::new(input.to_owned());
        let progress = self.shards.entry(source.to_owned()).or_insert(progress);
        let checkpoint = progress.change();
        checkpoint.watermark = Some(time);
        checkpoint.finished = true;
    }

    /// Says that `shard` is a recording which holds records of `acls`. The silence of a Web ACL is then
    /// judged by its own recordings: where all of them have ended, no window without records closes
    /// behind their end, because nobody can tell an outage there from the end of what was recorded.
    pub fn expect<'a>(&mut self, shard: &str, acls: impl IntoIterator<Item = &'a str>) {
        self.expected.add(shard, acls);
    }

    /// Says that `shard` has delivered everything up to `time`.
    pub fn advance(&mut self, shard: &str, time: EventTime) {
        self.watermarks.advance(shard, time);
    }

    /// Says that `shard` is at its end for now: a record far ahead of the ones before it, which had to
    /// be confirmed by others, is believed.
    pub fn settle(&mut self, shard: &str) {
        if let Some(progress) = self.shards.get_mut(shard) {
            progress.settle();
        }
    }

    /// Says that `shard` has ended for good.
    pub fn finish(&mut self, shard: &str) {
        self.watermarks.finish(shard);
        let progress = self
            .shards
            .get_mut(shard)
            .expect("hosts register a shard first");
        if !progress.checkpoint().finished {
            progress.change().finished = true;
        }
    }

    /// Makes a shard that had ended a live one again, because its input has grown since.
    pub fn reopen(&mut self, shard: &str) {
        let progress = self
            .shards
            .get_mut(shard)
            .expect("hosts register a shard first");
        progress.change().finished = false;
        self.watermarks.open(shard);
        if let Some(watermark) = progress.checkpoint().watermark {
            self.watermarks.advance(shard, watermark);
        }
    }

    /// Lets go of `shard` for this run, without saying that it has ended: it holds no window back
    /// any longer, and a later run goes on where it stands.
    pub fn abandon(&mut self, shard: &str) {
        self.watermarks.finish(shard);
    }

    /// The shards whose names begin so, registered or known from earlier runs.
    #[must_use]
    pub fn shards_of(&self, prefix: &str) -> Vec<String> {
        let from = self.shards.range(prefix.to_owned()..);
        let names = from.map(|(name, _)| name.clone());
        names.take_while(|name| name.starts_with(prefix)).collect()
    }

    /// How far `shard` is counted.
    ///
    /// # Panics
    ///
    /// When the shard was never registered.
    #[must_use]
    pub fn checkpoint(&self, shard: &str) -> &Checkpoint {
        self.progress(shard).checkpoint()
    }

    pub(super) fn change(&mut self, shard: &str) -> &mut Checkpoint {
        change(&mut self.shards, shard)
    }

    pub(super) fn progress(&self, shard: &str) -> &Progress {
        self.shards
            .get(shard)
            .expect("hosts register a shard first")
    }
}

pub(super) fn change<'a>(
    shards: &'a mut BTreeMap<String, Progress>,
    shard: &str,
) -> &'a mut Checkpoint {
    shards
        .get_mut(shard)
        .expect("hosts register a shard first")
        .change()
}
