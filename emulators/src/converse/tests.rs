use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use aws_sdk_bedrockruntime::operation::converse::builders::ConverseFluentBuilder;
use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message, SystemContentBlock};
use serde_json::json;

use super::*;

const MODEL: &str =
    "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-pro-v1:0";

fn call(converse: &Converse) -> ConverseFluentBuilder {
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text("how many?".to_owned()))
        .build()
        .expect("is complete");
    Client::new(&converse.sdk_config())
        .converse()
        .model_id(MODEL)
        .system(SystemContentBlock::Text("count".to_owned()))
        .messages(message)
}

#[tokio::test]
async fn the_real_client_reads_messages_tools_and_usage() {
    let converse = Converse::start(|asked| match asked.prompt().contains("how many?") {
        true => tool_use("report", json!({"count": 3, "names": ["a"], "ratio": 0.5})),
        false => text("no", "end_turn"),
    });
    let converse = converse.expect("starts");
    let output = call(&converse).send().await.expect("is answered");
    assert_eq!(output.stop_reason().as_str(), "tool_use");
    let usage = output.usage().expect("is told");
    assert_eq!((usage.input_tokens, usage.output_tokens), (1_000, 200));
    let message = output
        .output()
        .expect("is there")
        .as_message()
        .expect("is one");
    let tool = message.content()[1].as_tool_use().expect("is a tool's");
    let input = tool.input().as_object().expect("is an object");
    assert_eq!(
        input["count"].as_number().map(|n| n.to_f64_lossy()),
        Some(3.0)
    );
    let asked = converse.asked();
    assert_eq!(asked[0].model, MODEL);
    assert_eq!(asked[0].prompt(), "count\nhow many?\n");
}

#[tokio::test]
async fn the_real_client_knows_every_error_by_its_type() {
    for failure in Failure::ALL {
        let converse = Converse::start(move |_| Answer::Error(failure)).expect("starts");
        let error = call(&converse).send().await.expect_err("fails");
        let service = error.as_service_error().expect("is the service's");
        let code = service.code().unwrap_or_default();
        if failure == Failure::Unnamed {
            assert_eq!(code, "");
            continue;
        }
        assert_eq!(code, format!("{failure:?}Exception"));
        assert_eq!(service.message(), Some("an error that the test asked for"));
        let is_typed = !format!("{service:?}").starts_with("Unhandled");
        assert!(is_typed, "{service:?}");
    }
}

#[tokio::test]
async fn what_the_model_does_not_allow_is_refused() {
    let converse = Converse::start(|_| text("yes", "end_turn")).expect("starts");
    let client = Client::new(&converse.sdk_config());
    let empty = client.converse().model_id(MODEL).send().await;
    let error = empty.expect_err("no messages");
    let message = error
        .as_service_error()
        .expect("is the service's")
        .message();
    assert_eq!(message, Some("messages is no list, or an empty one"));
    assert_eq!(converse.asked(), []);
}

#[tokio::test]
async fn bodies_that_are_none_are_errors() {
    for answer in [Answer::Raw(b"<html>".to_vec()), Answer::CutConnection] {
        let converse = Converse::start(move |_| answer.clone()).expect("starts");
        assert!(call(&converse).send().await.is_err());
    }
}
