use serde_json::{Value, json};

use super::*;

/// An event with the fields that Firehose's documentation lists.
fn event(data: &[&str]) -> Value {
    let records = data.iter().enumerate().map(|(index, data)| {
        json!({
            "recordId": format!("4954698668313554428650745793632162567570019247115678515{index}"),
            "approximateArrivalTimestamp": 1_507_217_624_302_u64,
            "data": data,
            "kinesisRecordMetadata": {
                "sequenceNumber": "49546986683135544286507457936321625675700192471156785154",
                "subsequenceNumber": "",
                "partitionKey": "4d1ad2b9-24f8-4b9d-a088-76e9947c317a",
                "shardId": "shardId-000000000000",
                "approximateArrivalTimestamp": 1_507_217_624_302_u64,
            },
        })
    });
    json!({
        "invocationId": "invocationIdExample",
        "deliveryStreamArn": "arn:aws:firehose:eu-central-1:111122223333:deliverystream/aws-waf-logs-x",
        "sourceKinesisStreamArn": "arn:aws:kinesis:eu-central-1:111122223333:stream/x",
        "region": "eu-central-1",
        "records": records.collect::<Vec<_>>(),
    })
}

#[test]
fn every_record_is_given_back_as_it_came() {
    let event = event(&["SGVsbG8gV29ybGQ=", "no base64!", "", "SGVsbG8gV29ybGQ"]);
    let parsed: TransformEvent = serde_json::from_value(event.clone()).expect("is an event");
    let answer = serde_json::to_value(answer(parsed)).expect("serialises");
    let records = answer["records"].as_array().expect("has records");
    assert_eq!(records.len(), 4);
    for (record, given) in records
        .iter()
        .zip(event["records"].as_array().expect("has records"))
    {
        let fields: Vec<&String> = record.as_object().expect("an object").keys().collect();
        assert_eq!(fields, ["data", "recordId", "result"]);
        assert_eq!(record["recordId"], given["recordId"]);
        assert_eq!(record["data"], given["data"]);
        assert_eq!(record["result"], "Ok");
    }
}

#[test]
fn the_answer_is_no_longer_than_the_event() {
    for data in ["", "AA==", "SGVsbG8gV29ybGQ="] {
        // The leanest event that there can be.
        let mut event = event(&[data; 100]);
        for record in event["records"].as_array_mut().expect("has records") {
            record
                .as_object_mut()
                .expect("an object")
                .remove("kinesisRecordMetadata");
        }
        let text = event.to_string();
        let parsed: TransformEvent = serde_json::from_str(&text).expect("is an event");
        let answer = serde_json::to_string(&answer(parsed)).expect("serialises");
        assert!(answer.len() < text.len());
    }
}

#[test]
fn an_event_of_another_kind_is_refused() {
    for other in [
        json!({}),
        json!({"Records": []}),
        json!({"records": [{"data": "AA=="}]}),
    ] {
        assert!(serde_json::from_value::<TransformEvent>(other).is_err());
    }
}
