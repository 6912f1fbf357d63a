//! Raw records of the incident's time, from the archive.
//!
//! Objects are found by the time in their names, with a pad on both sides, and read a few at once until
//! a limit is reached. What is kept are counts and a few records: no query strings, cookies or
//! authorization headers, which ingest has no place for.

use aws_sdk_s3::Client;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use wafwatch_windows::record::{Action, Record, RecordBatch};

use super::Absent;
use crate::account::Failure;
use crate::archive::{Extent, Listed, Location, objects};
use crate::config::InvestigateConfig;
use crate::ingest::{Accounts, KnownRuns, Limits, Origin, decode};
use crate::investigate::hostile::one_line;
use crate::investigate::surroundings::{ArchiveSample, MAX_SAMPLES, Question, RecordSample};

const MINUTE_MS: i64 = 60_000;
/// Objects that are read at once.
const AT_ONCE: usize = 8;
/// Longest text of a record that is kept, in characters.
const MAX_TEXT: usize = 160;

/// Counts and samples of the records that `question` is about.
pub(super) async fn sample(
    client: &Client,
    bucket: &str,
    settings: &InvestigateConfig,
    question: &Question,
    until: Instant,
) -> Result<ArchiveSample, Absent> {
    let pad = i64::from(settings.time_pad_minutes) * MINUTE_MS;
    let wanted = question.from.minus(pad)..question.until.plus(pad);
    let location = Location {
        bucket: bucket.to_owned(),
        prefix: settings.archive_prefix.clone(),
    };
    let most = settings.s3_max_objects as usize;
    let extent = Extent {
        page_keys: i32::try_from(settings.s3_max_keys).ok(),
        objects: most,
    };
    let listing = objects(client, &location, wanted.start, wanted.end, extent);
    let listed = timeout_at(until, listing).await;
    let listed = listed.map_err(|_| Absent::out_of_time())??;
    let mut sample = ArchiveSample::default();
    let mut left = settings.s3_max_bytes;
    let mut readable = Vec::new();
    for object in listed.iter().take(most) {
        let Some(rest) = left.checked_sub(object.bytes) else {
            sample.cut = Some(format!(
                "its objects are larger than {} bytes together",
                settings.s3_max_bytes
            ));
            break;
        };
        left = rest;
        readable.push(object.clone());
    }
    if listed.len() > most {
        sample.cut = Some(format!("there are more than {most} objects"));
    }
    let mut counting = Counting {
        acl: question.acl.clone(),
        from: wanted.start.0,
        until: wanted.end.0,
        sample,
    };
    for some in readable.chunks(AT_ONCE) {
        match timeout_at(until, bodies(client, bucket, some)).await {
            Ok(Ok(bodies)) => {
                for (object, body) in bodies {
                    counting.count(&object, &body);
                }
            }
            Ok(Err(failure)) if counting.sample.objects == 0 => return Err(failure.into()),
            Ok(Err(failure)) => {
                counting.sample.cut = Some(failure.to_string());
                break;
            }
            Err(_) => {
                counting.sample.cut = Some("there was no time for all objects".to_owned());
                break;
            }
        }
    }
    Ok(counting.sample)
}

/// The bodies of `listed`, in that order.
async fn bodies(
    client: &Client,
    bucket: &str,
    listed: &[Listed],
) -> Result<Vec<(Listed, Vec<u8>)>, Failure> {
    let mut reading = JoinSet::new();
    for (place, object) in listed.iter().enumerate() {
        let call = client.get_object().bucket(bucket).key(&object.key);
        // Never more than was listed: somebody may have written it anew.
        let call = call.range(format!("bytes=0-{}", object.bytes.saturating_sub(1)));
        let object = object.clone();
        reading.spawn(async move {
            let answer = call.send().await.map_err(|error| Failure::of(&error))?;
            let body = answer.body.collect().await;
            let body = body.map_err(|error| Failure::of_answer(error.to_string()))?;
            Ok::<_, Failure>((place, object, body.to_vec()))
        });
    }
    let mut bodies = Vec::new();
    while let Some(read) = reading.join_next().await {
        let read = read.map_err(|error| Failure::of_answer(error.to_string()))?;
        bodies.push(read?);
    }
    bodies.sort_by_key(|(place, ..)| *place);
    let bodies = bodies.into_iter();
    Ok(bodies.map(|(_, object, body)| (object, body)).collect())
}

struct Counting {
    acl: String,
    from: i64,
    until: i64,
    sample: ArchiveSample,
}

impl Counting {
    fn count(&mut self, object: &Listed, body: &[u8]) {
        let mut batch = RecordBatch::new();
        let mut known = KnownRuns::default();
        let mut accounts = Accounts::default();
        let origin = Origin {
            name: &object.key,
            offset: 0,
        };
        decode(
            body,
            &origin,
            &Limits::default(),
            &mut known,
            &mut batch,
            &mut accounts,
        );
        self.sample.objects += 1;
        self.sample.bytes += object.bytes;
        self.sample.rejected += accounts.rejected_total();
        for record in batch.iter() {
            let is_meant =
                record.acl == self.acl && (self.from..self.until).contains(&record.timestamp.0);
            if is_meant {
                self.take(&record);
            }
        }
    }

    fn take(&mut self, record: &Record<'_>) {
        let is_blocked = record.action == Action::Block;
        self.sample.records += 1;
        self.sample.blocked += u64::from(is_blocked);
        let samples = &mut self.sample.samples;
        if samples.len() < MAX_SAMPLES {
            samples.push(shown(record));
            return;
        }
        // A blocked one says more than one that was let through.
        let worse = samples.iter().rposition(|sample| sample.action != "BLOCK");
        if let Some(place) = worse.filter(|_| is_blocked) {
            samples.remove(place);
            samples.push(shown(record));
        }
    }
}

fn shown(record: &Record<'_>) -> RecordSample {
    let text = |text: Option<&str>| one_line(text.unwrap_or_default(), MAX_TEXT);
    RecordSample {
        at: record.timestamp,
        action: action(record),
        rule: text(record.rule),
        address: text(record.client_address),
        country: text(record.country),
        method: text(record.method),
        host: text(record.host),
        uri: text(record.uri),
        user_agent: text(record.user_agent),
    }
}

fn action(record: &Record<'_>) -> String {
    match record.action {
        Action::Allow => "ALLOW".to_owned(),
        Action::Block => "BLOCK".to_owned(),
        Action::Captcha => "CAPTCHA".to_owned(),
        Action::Challenge => "CHALLENGE".to_owned(),
        Action::Other(name) => one_line(name, MAX_TEXT),
    }
}
