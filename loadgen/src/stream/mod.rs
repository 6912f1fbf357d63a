//! Sends entries to a Kinesis stream or to Firehose.
//!
//! Limits of the services are kept, and what they refuse is sent again with growing pauses: whole calls,
//! and the entries that an answer says have failed. What is not taken within a given time is given back
//! with its reason, so that nothing is lost without being counted. A call whose answer was lost may
//! have done its work: those entries are then in the stream twice.

mod account;
mod call;
mod settled;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;

use crate::dice::Dice;
use crate::envelope::{Entry, Limits};

pub use account::connect;
pub use call::Refused;
pub use settled::Settled;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What takes entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// A Kinesis data stream.
    Kinesis,
    /// A stream of Amazon Data Firehose, which has no partition keys.
    Firehose,
}

impl Service {
    /// What an entry may be.
    #[must_use]
    pub fn limits(self) -> Limits {
        Limits {
            entry_bytes: match self {
                Self::Kinesis => 1 << 20,
                Self::Firehose => 1_000 << 10,
            },
        }
    }

    /// Entries and bytes of a call.
    fn call_limits(self) -> (usize, usize) {
        match self {
            Self::Kinesis => (500, 5 << 20),
            Self::Firehose => (500, 4 << 20),
        }
    }
}

/// One stream, and a client for it. It belongs to the asynchronous runtime that first uses it.
#[derive(Debug)]
pub struct Stream {
    service: Service,
    client: call::Client,
    pauses: Dice,
}

impl Stream {
    /// The stream `name`, reached as `config` says. Streams that work side by side have different
    /// numbers, so that their pauses differ.
    #[must_use]
    pub fn new(config: &SdkConfig, service: Service, name: &str, number: u64) -> Self {
        Self {
            service,
            client: call::Client::new(config, service, name),
            pauses: Dice::new(number, 0),
        }
    }

    /// Sends `entries`, each made within [`Service::limits`], and tries again for as long as `patience`
    /// what is refused.
    ///
    /// # Errors
    ///
    /// [`Refused`] where the service will never take them: a stream that is not there, no permission.
    pub async fn put(
        &mut self,
        entries: Vec<Entry>,
        patience: Duration,
    ) -> Result<Settled, Refused> {
        let until = Instant::now() + patience;
        let mut settled = Settled::default();
        let mut waiting: VecDeque<Entry> = entries.into();
        let mut failures = 0;
        while !waiting.is_empty() {
            let batch = self.next_call(&mut waiting);
            let answer = self.client.call(&batch).await?;
            let at = Instant::now();
            let refused = settled.take(batch, &answer, at);
            if refused.is_empty() {
                failures = 0;
                continue;
            }
            let pause = self.pause(failures);
            failures += 1;
            let is_late = at + pause >= until;
            for (entry, reason) in refused.into_iter().rev() {
                match is_late {
                    true => settled.lose(&entry, reason),
                    false => {
                        settled.retry(&entry, reason);
                        waiting.push_front(entry);
                    }
                }
            }
            if !is_late {
                tokio::time::sleep(pause).await;
            }
        }
        Ok(settled)
    }

    /// Takes from `waiting` what one call takes.
    fn next_call(&self, waiting: &mut VecDeque<Entry>) -> Vec<Entry> {
        let (most, most_bytes) = self.service.call_limits();
        let mut bytes = 0;
        let fitting = waiting.iter().take(most).take_while(|entry| {
            bytes += entry.bytes();
            bytes <= most_bytes
        });
        let count = fitting.count().max(1);
        waiting.drain(..count).collect()
    }

    /// The upper half of a time that doubles, at random: whoever refuses gets time to recover, and
    /// those who failed together do not come back together.
    fn pause(&mut self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures.min(20)).unwrap_or(u32::MAX);
        let most = FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE);
        let half = most / 2;
        half + Duration::from_micros(self.pauses.below(half.as_micros() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(service: Service) -> Stream {
        let config = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .build();
        Stream::new(&config, service, "waf", 3)
    }

    fn entries(count: usize, bytes: usize) -> VecDeque<Entry> {
        let entry = Entry {
            data: vec![0; bytes - 1],
            key: "k".to_owned(),
            hash: None,
            lines: vec![0],
        };
        std::iter::repeat_n(entry, count).collect()
    }

    #[test]
    fn calls_keep_the_limits_of_their_service() {
        for (service, bytes, expected) in [
            (Service::Kinesis, 10, vec![500, 101]),
            (Service::Kinesis, 1 << 20, vec![5; 120]),
            (Service::Firehose, 10, vec![500, 101]),
            (Service::Firehose, 1_000 << 10, vec![4; 150]),
        ] {
            let stream = stream(service);
            let mut waiting = entries(601, bytes);
            let mut counts = Vec::new();
            while !waiting.is_empty() {
                counts.push(stream.next_call(&mut waiting).len());
            }
            assert_eq!(counts.iter().sum::<usize>(), 601);
            assert_eq!(counts[..expected.len()], expected, "{service:?}, {bytes}");
        }
    }

    #[test]
    fn pauses_grow_to_the_longest() {
        let mut stream = stream(Service::Kinesis);
        for (failures, most) in [(0, 100), (1, 200), (5, 3_200), (7, 10_000), (4_000, 10_000)] {
            let most = Duration::from_millis(most);
            let pause = stream.pause(failures);
            assert!(pause >= most / 2 && pause <= most, "{failures}: {pause:?}");
        }
    }
}
