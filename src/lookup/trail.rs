//! Recent changes, from CloudTrail's event history.
//!
//! `LookupEvents` takes two calls a second from all that ask in an account and region, and one
//! attribute to look by. Both event sources are read newest first, page by page, one call every half
//! second for each region. What was read is kept for [`FRESH`], so that many incidents at once cost no
//! more than one.

use std::collections::BTreeMap;
use std::sync::Mutex as Lock;
use std::sync::PoisonError;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout_at};
use wafwatch_windows::time::EventTime;

use super::{Absent, Account, GLOBAL_REGION};
use crate::account::{self, Failure};
use crate::incident::acl::{AclArn, AclScope};
use crate::investigate::surroundings::{CLOUDFRONT, Question, TrailEvent, WAF, is_significant};

/// Pages of a source that are read; each has [`PAGE`] events.
const MAX_PAGES: usize = 10;
const PAGE: i32 = 50;
/// Between two calls in a region.
const BETWEEN_CALLS: Duration = Duration::from_millis(500);
/// How long what was read is used again.
const FRESH: Duration = Duration::from_secs(20);
const HOUR_MS: i64 = 3_600_000;

/// Where and of whom.
type Place = (String, &'static str);

/// What was read lately, and when the next call may be made.
#[derive(Debug, Default)]
pub(super) struct Trails {
    /// One for each place: whoever comes while another one reads waits for what he reads.
    read: Lock<BTreeMap<Place, std::sync::Arc<Mutex<Option<Read>>>>>,
    turns: Lock<BTreeMap<String, Instant>>,
}

/// The events of a source.
#[derive(Debug, Clone)]
struct Read {
    at: Instant,
    since: EventTime,
    events: Vec<TrailEvent>,
    /// Why they are not all.
    cut: Option<Absent>,
}

impl Trails {
    /// When the caller may make a call in `region`. Each is given another time.
    fn turn(&self, region: &str) -> Instant {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let next = turns.entry(region.to_owned()).or_insert_with(Instant::now);
        let turn = (*next).max(Instant::now());
        *next = turn + BETWEEN_CALLS;
        turn
    }

    fn place(&self, place: Place) -> std::sync::Arc<Mutex<Option<Read>>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        std::sync::Arc::clone(read.entry(place).or_default())
    }
}

impl Account {
    /// The changes that were recorded since when, if any source could be asked; and what is missing.
    pub(super) async fn changes(
        &self,
        arn: AclArn<'_>,
        question: &Question,
        until: Instant,
    ) -> (EventTime, Option<Vec<TrailEvent>>, Vec<String>) {
        let hours = i64::from(self.settings.changes_hours);
        let since = question.from.minus(hours * HOUR_MS);
        let of_acl = match arn.scope {
            AclScope::Global => GLOBAL_REGION,
            AclScope::Regional => arn.region,
        };
        let (waf, cloudfront) = tokio::join!(
            self.read(of_acl, WAF, since, until),
            // Global services are recorded there.
            self.read(GLOBAL_REGION, CLOUDFRONT, since, until),
        );
        let mut events: Option<Vec<TrailEvent>> = None;
        let mut missing = Vec::new();
        for (source, read) in [(WAF, waf), (CLOUDFRONT, cloudfront)] {
            let cut = match read {
                Ok(read) => {
                    events.get_or_insert_default().extend(read.events);
                    read.cut
                }
                Err(absent) => Some(absent),
            };
            missing.extend(cut.map(|cut| format!("changes recorded of {source}: {cut}")));
        }
        (since, events, missing)
    }

    async fn read(
        &self,
        region: &str,
        source: &'static str,
        since: EventTime,
        until: Instant,
    ) -> Result<Read, Absent> {
        let place = self.trails.place((region.to_owned(), source));
        let held = timeout_at(until, place.lock()).await;
        let mut held = held.map_err(|_| Absent::out_of_time())?;
        let is_fresh =
            |read: &&Read| read.at.elapsed() < FRESH && read.since <= since && read.cut.is_none();
        if let Some(read) = held.as_ref().filter(is_fresh) {
            return Ok(read.clone());
        }
        let read = pages(&self.config, &self.trails, region, source, since, until).await?;
        *held = Some(read.clone());
        Ok(read)
    }
}

/// The pages of a source until its end, the limit or `until`. An error where there is not even one.
async fn pages(
    config: &SdkConfig,
    trails: &Trails,
    region: &str,
    source: &'static str,
    since: EventTime,
    until: Instant,
) -> Result<Read, Absent> {
    let client = Client::new(&account::in_region(config, region));
    let attribute = LookupAttribute::builder()
        .attribute_key(LookupAttributeKey::EventSource)
        .attribute_value(source)
        .build()
        .expect("key and value are given");
    let call = client
        .lookup_events()
        .lookup_attributes(attribute)
        .start_time(DateTime::from_millis(since.0))
        .max_results(PAGE);
    let mut read = Read {
        at: Instant::now(),
        since,
        events: Vec::new(),
        cut: None,
    };
    let mut token: Option<String> = None;
    for page in 0..MAX_PAGES {
        let turn = trails.turn(region);
        let answer = async {
            sleep_until(turn).await;
            let sent = call.clone().set_next_token(token.take()).send().await;
            sent.map_err(|error| Absent::from(Failure::of(&error)))
        };
        let answer = match timeout_at(until, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(Absent::out_of_time()),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(absent) if page == 0 => return Err(absent),
            Err(absent) => {
                read.cut = Some(Absent(format!("older ones were not read: {absent}")));
                return Ok(read);
            }
        };
        read.events
            .extend(answer.events().iter().filter_map(parsed));
        token = answer.next_token;
        if token.is_none() {
            return Ok(read);
        }
    }
    read.cut = Some(Absent(format!(
        "there were more than {} events: older ones were not read",
        MAX_PAGES * PAGE as usize
    )));
    Ok(read)
}

/// A significant event; most are not, and cost no more than a look at their name.
fn parsed(event: &Event) -> Option<TrailEvent> {
    let source = event.event_source()?;
    if !is_significant(source, event.event_name()?) {
        return None;
    }
    TrailEvent::parse(event.cloud_trail_event()?)
}
