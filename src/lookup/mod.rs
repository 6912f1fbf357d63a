//! Looks into an AWS account for what explains an incident: the Web ACL's configuration (AWS WAF),
//! recent changes (CloudTrail), and raw records of the archive (S3) where they are wanted.
//!
//! The parts run beside each other, and none waits for another. Each has limits:
//!
//! | part | calls | bytes | time |
//! | --- | --- | --- | --- |
//! | configuration | 14: two of a rule's, ten lists, one again, logging | 300 rules, 16 KiB as evidence | the question's |
//! | changes | ten for each source, two a second | 500 events a source, 24 changes as evidence | the question's |
//! | archive | as many as objects, and lists of them | 50 MiB as stored | the question's |
//!
//! What is not there when time is up is stated as missing, with the reason; what was read until then is
//! kept. All calls only read. What CloudTrail says is kept for 20 seconds, so that incidents that are
//! investigated together cost no more than one.

mod acl;
mod archive;
mod blocking;
mod statement;
mod trail;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use aws_config::SdkConfig;
use tokio::time::{Instant, timeout_at};

pub use blocking::BlockingAccount;

use crate::account::Failure;
use crate::config::InvestigateConfig;
use crate::incident::acl::AclArn;
use crate::investigate::surroundings::{Looked, Question};

/// Where everything about CloudFront is.
const GLOBAL_REGION: &str = "us-east-1";

/// Why a part could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Absent(String);

impl fmt::Display for Absent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<&str> for Absent {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

impl From<Failure> for Absent {
    fn from(failure: Failure) -> Self {
        Self(failure.to_string())
    }
}

impl Absent {
    fn out_of_time() -> Self {
        Self("there was no answer in time".to_owned())
    }
}

/// An account that can be asked.
#[derive(Debug, Clone)]
pub struct Account {
    config: SdkConfig,
    settings: InvestigateConfig,
    trails: Arc<trail::Trails>,
}

impl Account {
    /// The account of `config`, asked for what `settings` want.
    #[must_use]
    pub fn new(config: &SdkConfig, settings: InvestigateConfig) -> Self {
        Self {
            config: config.clone(),
            settings,
            trails: Arc::default(),
        }
    }

    /// Looks for what `question` asks, within its time.
    pub async fn look(&self, question: &Question) -> Looked {
        let mut looked = Looked::default();
        let Some(arn) = AclArn::parse(&question.acl).filter(|arn| is_region(arn.region)) else {
            looked
                .missing
                .push("the account: the log names no Web ACL by its ARN".to_owned());
            return looked;
        };
        let until = Instant::now() + question.time;
        let (configuration, trail, archive) = tokio::join!(
            in_time(until, acl::configuration(&self.config, arn, &question.acl)),
            self.changes(arn, question, until),
            self.records(question, until),
        );
        match configuration {
            Ok((configuration, missing)) => {
                looked.configuration = Some(configuration);
                looked.missing.extend(missing);
            }
            Err(absent) => looked
                .missing
                .push(format!("the Web ACL's configuration: {absent}")),
        }
        let (since, events, missing) = trail;
        looked.trail = events.map(|events| (since, events));
        looked.missing.extend(missing);
        match archive {
            None => {}
            Some(Ok(archive)) => looked.archive = Some(archive),
            Some(Err(absent)) => looked.missing.push(format!("the archive: {absent}")),
        }
        looked
    }

    async fn records(
        &self,
        question: &Question,
        until: Instant,
    ) -> Option<Result<crate::investigate::surroundings::ArchiveSample, Absent>> {
        let bucket = self.settings.archive_bucket.as_deref()?;
        let client = aws_sdk_s3::Client::new(&self.config);
        Some(archive::sample(&client, bucket, &self.settings, question, until).await)
    }
}

/// What `work` gives until `until`.
async fn in_time<T>(
    until: Instant,
    work: impl Future<Output = Result<T, Absent>>,
) -> Result<T, Absent> {
    match timeout_at(until, work).await {
        Ok(result) => result,
        Err(_) => Err(Absent::out_of_time()),
    }
}

/// Whether `text` can be a region: it becomes part of a host's name.
fn is_region(text: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (5..=32).contains(&text.len()) && text.bytes().all(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_of_a_log_cannot_become_another_host() {
        assert!(is_region("eu-central-1") && is_region("us-gov-west-1"));
        for text in [
            "",
            "a",
            "eu.central.1",
            "x@evil.example/",
            "EU-CENTRAL-1",
            "a/b/c",
        ] {
            assert!(!is_region(text), "{text}");
        }
    }
}
