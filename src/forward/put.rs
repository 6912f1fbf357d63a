//! Sends packs to a Kinesis stream.
//!
//! A call takes up to 500 records and 5 MB, and may fail as a whole or for some of its records (one
//! hot shard throttles only what is meant for it). What failed is sent again after a pause that
//! grows, until the time is over. A call whose answer was lost may have put everything: it is sent
//! again all the same, and the consumer knows the packs again by their keys.

use std::collections::VecDeque;
use std::error::Error;
use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::{DisplayErrorContext, SdkError};
use aws_sdk_kinesis::operation::put_records::PutRecordsError;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, PutRecordsResultEntry};
use tokio::time::{Instant, sleep, timeout_at};

use super::{Pack, pack_id};
use crate::backoff;
use crate::investigate::hostile::one_line;

/// Records that one call takes.
const MAX_CALL_RECORDS: usize = 500;
/// Bytes that one call takes, keys included: 5 MB, of the two readings the smaller.
const MAX_CALL_BYTES: usize = 5_000_000;
/// The first pause. A shard's allowance is per second.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
const MAX_PROBLEM_CHARS: usize = 400;

/// What became of the packs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PutOutcome {
    /// Packs that are in the stream.
    pub sent: usize,
    /// Their bytes, with keys.
    pub sent_bytes: usize,
    /// Packs that are not, or perhaps not, in the stream.
    pub failed: usize,
    /// Payloads in those.
    pub failed_payloads: usize,
    /// Calls that were made.
    pub calls: usize,
    /// Packs that were sent again, each time counted.
    pub resent: usize,
    /// What went wrong last, whether or not it went well in the end.
    pub problem: Option<String>,
}

/// Puts `packs` into `stream`, and gives up what is not there at `until`, or at once where no
/// retry can help.
pub async fn put(client: &Client, stream: &str, packs: &[Pack], until: Instant) -> PutOutcome {
    let mut outcome = PutOutcome::default();
    let mut waiting: VecDeque<&Pack> = packs.iter().collect();
    // Different packs give different jitter: forwarders that are throttled together spread out.
    let seed = packs.first().and_then(|pack| pack_id(&pack.partition_key));
    let mut failures = 0;
    while !waiting.is_empty() && Instant::now() < until {
        let batch = next_call(&mut waiting);
        outcome.calls += 1;
        let call = timeout_at(until, call(client, stream, &batch)).await;
        let (left, is_final) = match call {
            Ok(Ok(entries)) => (unsent(&batch, &entries, &mut outcome), false),
            Ok(Err(error)) => {
                let is_final = is_final(&error);
                outcome.problem = Some(described(&error));
                (batch, is_final)
            }
            Err(_) => {
                outcome.problem = Some("the stream did not answer in time".to_owned());
                (batch, true)
            }
        };
        let left_any = !left.is_empty();
        let resent = left.len();
        for pack in left.into_iter().rev() {
            waiting.push_front(pack);
        }
        if is_final {
            break;
        }
        if !left_any {
            failures = 0;
            continue;
        }
        let pause = backoff::delay(FIRST_PAUSE, LONGEST_PAUSE, failures, seed.unwrap_or(0));
        failures += 1;
        if Instant::now() + pause >= until {
            break;
        }
        outcome.resent += resent;
        sleep(pause).await;
    }
    outcome.failed = waiting.len();
    outcome.failed_payloads = waiting.iter().map(|pack| pack.payloads).sum();
    outcome
}

/// Takes from `waiting` what one call takes.
fn next_call<'a>(waiting: &mut VecDeque<&'a Pack>) -> Vec<&'a Pack> {
    let mut bytes = 0;
    let fitting = waiting.iter().take(MAX_CALL_RECORDS).take_while(|pack| {
        bytes += pack.record_bytes();
        bytes <= MAX_CALL_BYTES
    });
    // No pack is longer than 1 MiB, so there is always one that fits.
    let count = fitting.count().max(1);
    waiting.drain(..count).collect()
}

async fn call(
    client: &Client,
    stream: &str,
    batch: &[&Pack],
) -> Result<Vec<PutRecordsResultEntry>, SdkError<PutRecordsError>> {
    let mut request = client.put_records().stream_name(stream);
    for pack in batch {
        let entry = PutRecordsRequestEntry::builder()
            .data(Blob::new(pack.data.as_slice()))
            .partition_key(&pack.partition_key)
            .build()
            .map_err(SdkError::construction_failure)?;
        request = request.records(entry);
    }
    Ok(request.send().await?.records)
}

/// The packs of `batch` whose entries in the answer say that they failed, or that have none.
fn unsent<'a>(
    batch: &[&'a Pack],
    entries: &[PutRecordsResultEntry],
    outcome: &mut PutOutcome,
) -> Vec<&'a Pack> {
    let mut left = Vec::new();
    for (index, pack) in batch.iter().enumerate() {
        match entries.get(index) {
            Some(entry) if entry.error_code.is_none() => {
                outcome.sent += 1;
                outcome.sent_bytes += pack.record_bytes();
            }
            failed => {
                let code = failed.and_then(|entry| entry.error_code.as_deref());
                let code = code.unwrap_or("no answer");
                outcome.problem = Some(one_line(
                    &format!("records were refused: {code}"),
                    MAX_PROBLEM_CHARS,
                ));
                left.push(*pack);
            }
        }
    }
    left
}

/// Whether the same call would fail in the same way until somebody changes something.
fn is_final(error: &SdkError<PutRecordsError>) -> bool {
    use PutRecordsError as E;
    let Some(error) = error.as_service_error() else {
        return false;
    };
    matches!(
        error,
        E::AccessDeniedException(_)
            | E::InvalidArgumentException(_)
            | E::ResourceNotFoundException(_)
            | E::KmsAccessDeniedException(_)
            | E::KmsDisabledException(_)
            | E::KmsInvalidStateException(_)
            | E::KmsNotFoundException(_)
            | E::KmsOptInRequired(_)
    )
}

fn described(error: &(dyn Error + 'static)) -> String {
    one_line(&DisplayErrorContext(error).to_string(), MAX_PROBLEM_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack_of(bytes: usize) -> Pack {
        Pack {
            data: vec![0; bytes],
            partition_key: super::super::partition_key(&[]),
            payloads: 1,
        }
    }

    #[test]
    fn a_call_holds_what_kinesis_takes() {
        let small: Vec<Pack> = (0..501).map(|_| pack_of(10)).collect();
        let mut waiting = small.iter().collect();
        assert_eq!(next_call(&mut waiting).len(), 500);
        assert_eq!(next_call(&mut waiting).len(), 1);

        let large: Vec<Pack> = (0..9).map(|_| pack_of(1_000_000)).collect();
        let mut waiting = large.iter().collect();
        assert_eq!(next_call(&mut waiting).len(), 4);
        assert_eq!(next_call(&mut waiting).len(), 4);
        assert_eq!(next_call(&mut waiting).len(), 1);
        assert!(waiting.is_empty());
    }
}
