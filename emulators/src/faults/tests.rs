//! Faults over an account's emulator.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use tokio::time::timeout;

use super::*;
use crate::{Kinesis, sdk_config_over};

/// Any service will do: streams are the cheapest to have.
async fn streams_after(faults: &Faults, kinesis: &Kinesis, name: &str) -> Result<(), String> {
    let config = sdk_config_over(&kinesis.endpoint(), faults.over_http());
    let client = aws_sdk_kinesis::Client::new(&config);
    let created = client.create_stream().stream_name(name).shard_count(1);
    created.send().await.map(drop).map_err(|error| {
        let code = error.code().unwrap_or("no answer");
        code.to_owned()
    })
}

#[tokio::test]
async fn what_fails_before_it_is_sent_is_tried_again_and_done_once() {
    let kinesis = Kinesis::start().expect("starts");
    for fault in [Fault::ErrorBefore, Fault::ServiceError, Fault::Throttled] {
        let faults = Faults::new(Schedule::listed([Some(fault)]));
        let name = format!("{fault:?}");
        assert_eq!(streams_after(&faults, &kinesis, &name).await, Ok(()));
        assert_eq!(faults.attempts_of("CreateStream"), 2);
        assert_eq!(faults.attempts()[0].fault, Some(fault));
        assert_eq!(faults.attempts()[1].fault, None);
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_means_that_it_was_done() {
    let kinesis = Kinesis::start().expect("starts");
    let faults = Faults::new(Schedule::listed([Some(Fault::LostAnswer)]));
    let again = streams_after(&faults, &kinesis, "logs").await;
    assert_eq!(again, Err("ResourceInUseException".to_owned()));
}

#[tokio::test]
async fn throttling_that_does_not_end_is_told_by_its_code() {
    let kinesis = Kinesis::start().expect("starts");
    let always = std::iter::repeat_n(Some(Fault::Throttled), 10);
    let faults = Faults::new(Schedule::listed(always));
    let refused = streams_after(&faults, &kinesis, "logs").await;
    let code = "ProvisionedThroughputExceededException".to_owned();
    assert_eq!(refused, Err(code));

    let config = sdk_config_over(&kinesis.endpoint(), faults.over_http());
    let always = std::iter::repeat_n(Some(Fault::Throttled), 10);
    faults.reschedule(Schedule::listed(always));
    let tables = Client::new(&config).list_tables().send().await;
    let error = tables.expect_err("is throttled").into_service_error();
    assert_eq!(error.code(), Some("ThrottlingException"));
}

#[tokio::test]
async fn a_function_that_died_makes_no_more_calls_until_the_next_one() {
    let kinesis = Kinesis::start().expect("starts");
    for (fault, was_done) in [(Fault::CrashBefore, false), (Fault::CrashAfter, true)] {
        let name = format!("{fault:?}");
        let faults = Faults::new(Schedule::listed([Some(fault)]));
        tokio::select! {
            biased;
            () = faults.crashed() => {}
            _ = streams_after(&faults, &kinesis, &name) => panic!("a dead function went on"),
        }
        let later = streams_after(&faults, &kinesis, "another");
        let waiting = timeout(Duration::from_millis(50), later).await;
        assert!(waiting.is_err(), "a dead function made a call");
        faults.revive();
        let again = streams_after(&faults, &kinesis, &name).await;
        assert_eq!(again.is_err(), was_done, "{fault:?}: {again:?}");
    }
}
