//! One call of either service.

use std::error::Error;

use aws_config::SdkConfig;
use aws_sdk_kinesis::config::http::HttpResponse;
use aws_sdk_kinesis::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_kinesis::primitives::Blob;

use super::Service;
use crate::envelope::Entry;

/// Error codes of HTTP status 4xx after which the same call may succeed.
const PASSING: [&str; 7] = [
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    "KMSThrottlingException",
    "ThrottlingException",
    "Throttling",
    "RequestTimeout",
    "TooManyRequestsException",
];

/// A stream that will never take what it is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{stream} takes no records: {problem}; check its name, region, account and permissions")]
pub struct Refused {
    stream: String,
    problem: String,
}

/// What an answer says of every entry of a call: why it was refused, if it was.
pub(super) type Answer = Vec<Option<String>>;

#[derive(Debug)]
enum Api {
    Kinesis(aws_sdk_kinesis::Client),
    Firehose(aws_sdk_firehose::Client),
}

#[derive(Debug)]
pub(super) struct Client {
    service: Api,
    name: String,
}

impl Client {
    pub(super) fn new(config: &SdkConfig, service: Service, name: &str) -> Self {
        Self {
            service: match service {
                Service::Kinesis => Api::Kinesis(aws_sdk_kinesis::Client::new(config)),
                Service::Firehose => Api::Firehose(aws_sdk_firehose::Client::new(config)),
            },
            name: name.to_owned(),
        }
    }

    /// Hands over `entries` once.
    pub(super) async fn call(&self, entries: &[Entry]) -> Result<Answer, Refused> {
        let answer = match &self.service {
            Api::Kinesis(client) => self.put_records(client, entries).await,
            Api::Firehose(client) => self.put_record_batch(client, entries).await,
        };
        match answer {
            Ok(mut answer) => {
                // An entry of which the answer says nothing was not taken as far as anybody knows.
                answer.resize(entries.len(), Some("no answer".to_owned()));
                Ok(answer)
            }
            Err(Failure::Passing(reason)) => Ok(vec![Some(reason); entries.len()]),
            Err(Failure::Final(problem)) => Err(Refused {
                stream: self.name.clone(),
                problem,
            }),
        }
    }

    async fn put_records(
        &self,
        client: &aws_sdk_kinesis::Client,
        entries: &[Entry],
    ) -> Result<Answer, Failure> {
        use aws_sdk_kinesis::types::PutRecordsRequestEntry;
        let mut request = client.put_records();
        request = match self.name.starts_with("arn:") {
            true => request.stream_arn(&self.name),
            false => request.stream_name(&self.name),
        };
        for entry in entries {
            let record = PutRecordsRequestEntry::builder()
                .data(Blob::new(entry.data.as_slice()))
                .partition_key(&entry.key)
                .set_explicit_hash_key(entry.hash.map(|hash| hash.to_string()))
                .build()
                .expect("data and key are given");
            request = request.records(record);
        }
        let answer = request.send().await.map_err(|error| Failure::of(&error))?;
        let codes = answer.records.into_iter().map(|record| record.error_code);
        Ok(codes.collect())
    }

    async fn put_record_batch(
        &self,
        client: &aws_sdk_firehose::Client,
        entries: &[Entry],
    ) -> Result<Answer, Failure> {
        use aws_sdk_firehose::types::Record;
        let mut request = client.put_record_batch().delivery_stream_name(&self.name);
        for entry in entries {
            let record = Record::builder()
                .data(Blob::new(entry.data.as_slice()))
                .build()
                .expect("data is given");
            request = request.records(record);
        }
        let answer = request.send().await.map_err(|error| Failure::of(&error))?;
        let entries = answer.request_responses.into_iter();
        Ok(entries.map(|entry| entry.error_code).collect())
    }
}

/// Why a whole call failed.
enum Failure {
    /// Another try may succeed.
    Passing(String),
    /// None will.
    Final(String),
}

impl Failure {
    fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        let code = error.code().unwrap_or_default();
        let is_refusal = status.is_some_and(|status| (400..500).contains(&status) && status != 429)
            && !PASSING.contains(&code);
        // What cannot be made into a request, for want of a region for instance, never can.
        if is_refusal || matches!(error, SdkError::ConstructionFailure(_)) {
            return Self::Final(DisplayErrorContext(error).to_string());
        }
        let reason = match (error, code) {
            (SdkError::TimeoutError(_), _) => "no answer in time".to_owned(),
            (SdkError::DispatchFailure(failure), _) if failure.is_other() => {
                // No credentials, above all: what the SDK says of it is worth more than a count.
                return Self::Final(DisplayErrorContext(error).to_string());
            }
            (SdkError::DispatchFailure(_), _) => "no connection".to_owned(),
            (_, "") => match status {
                Some(status) => format!("HTTP {status}"),
                None => "an answer that cannot be read".to_owned(),
            },
            (_, code) => code.to_owned(),
        };
        Self::Passing(reason)
    }
}
