//! Security Hub through the real client: findings as the emulator keeps them, and refusals.

#![cfg(feature = "securityhub")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use aws_sdk_securityhub::Client;
use aws_sdk_securityhub::types::{
    AwsSecurityFinding, AwsSecurityFindingFilters, RecordState, StringFilter,
    StringFilterComparison,
};
use wafwatch::analyst::Analyst;
use wafwatch::analyst::builtin::BuiltIn;
use wafwatch::investigate;
use wafwatch::notify::securityhub::{Product, SecurityHub};
use wafwatch::notify::{Message, MessageKind, Retry};
use wafwatch::report::{Redaction, Report};
use wafwatch::store::IncidentFilter;
use wafwatch_emulators::{Moto, REGION, sdk_config};
use wafwatch_loadgen::{Options, Scenario, generate};

mod common;

use common::command::Sandbox;

const ACCOUNT: &str = "123456789012";

fn product() -> Product {
    Product {
        arn: format!("arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default"),
        region: REGION.to_owned(),
        account: ACCOUNT.to_owned(),
    }
}

/// The messages of the published attack, oldest first.
fn messages() -> Vec<Message> {
    let sandbox = Sandbox::new();
    let mut lines = Vec::new();
    generate(&Options::new(Scenario::Attack), &mut lines).expect("the options can be met");
    sandbox.write("waf.jsonl", lines);
    sandbox.text(&["replay", "waf.jsonl"]);
    let store = sandbox.store();
    let incidents = store.incidents(IncidentFilter::All, 10).expect("reads");
    let events = store.events_of(&incidents[0].id).expect("reads");
    let messages = events.iter().map(|(event, _)| {
        let evidence = investigate::gather(event, &store, 60_000);
        let assessment = BuiltIn.assess(&evidence);
        let redaction = Redaction::default();
        let took = Duration::from_millis(1);
        Message::of(&Report::new(event, &evidence, &assessment, took, redaction))
    });
    messages.collect()
}

async fn findings(client: &Client, id: &str) -> Vec<AwsSecurityFinding> {
    let same = StringFilter::builder()
        .value(id)
        .comparison(StringFilterComparison::Equals)
        .build();
    let filters = AwsSecurityFindingFilters::builder().id(same).build();
    let found = client.get_findings().filters(filters).send().await;
    found.expect("answers").findings.unwrap_or_default()
}

#[tokio::test]
async fn an_incident_is_one_finding_from_its_opening_to_its_end() {
    let moto = Moto::start().expect("starts");
    let config = moto.sdk_config();
    let client = Client::new(&config);
    client
        .enable_security_hub()
        .send()
        .await
        .expect("turns it on");
    let hub = SecurityHub::new(&config, product());
    let messages = messages();
    let (first, last) = (&messages[0], &messages[messages.len() - 1]);
    assert_eq!(
        (first.kind, last.kind),
        (MessageKind::Opened, MessageKind::Resolved)
    );
    let id = format!("wafwatch/{}", first.incident_id);

    hub.import(first).await.expect("is taken");
    // As after a crash between the delivery and its record.
    hub.import(first).await.expect("is taken again");
    let found = findings(&client, &id).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    let opened = &found[0];
    assert_eq!(opened.record_state(), Some(&RecordState::Active));
    assert_eq!(opened.title(), Some(first.subject.as_str()));
    assert_eq!(opened.aws_account_id(), Some(ACCOUNT));
    assert_eq!(opened.resources()[0].r#type(), Some("AwsWafv2WebAcl"));
    assert_eq!(opened.resources()[0].id(), Some(first.acl.as_str()));
    let fields = opened.product_fields().expect("fields");
    assert_eq!(fields["Cause"], "admin_probing");

    for message in &messages[1..] {
        hub.import(message).await.expect("is taken");
    }
    let found = findings(&client, &id).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    let resolved = &found[0];
    assert_eq!(resolved.record_state(), Some(&RecordState::Archived));
    assert_eq!(resolved.created_at(), opened.created_at());
    assert!(resolved.updated_at() > opened.updated_at());
}

/// A service that gives one call this answer; gives back what it was asked.
fn answering(status: &'static str, body: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody connects");
        let asked = request_body(&stream);
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("it listens");
        stream.write_all(body.as_bytes()).expect("it listens");
        asked
    });
    (endpoint, server)
}

fn request_body(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() {
                break;
            }
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().expect("a number");
        }
    }
    let mut body = String::new();
    let read = reader.take(length).read_to_string(&mut body);
    read.expect("a body");
    body
}

#[tokio::test]
async fn a_finding_that_failed_is_tried_again_or_given_up() {
    let message = &messages()[0];
    for (body, retry, words) in [
        (
            r#"{"FailedCount":1,"SuccessCount":0,"FailedFindings":[{"Id":"a","ErrorCode":"InternalError","ErrorMessage":"later"}]}"#,
            Retry::Later,
            "InternalError: later",
        ),
        (
            r#"{"FailedCount":1,"SuccessCount":0,"FailedFindings":[{"Id":"a","ErrorCode":"InvalidAccess","ErrorMessage":"Account is not subscribed to AWS Security Hub"}]}"#,
            Retry::Never,
            "turn Security Hub on",
        ),
        (
            r#"{"FailedCount":1,"SuccessCount":0,"FailedFindings":[{"Id":"a","ErrorCode":"InvalidInput","ErrorMessage":"Finding does not adhere to Amazon Finding Format"}]}"#,
            Retry::Never,
            "InvalidInput",
        ),
    ] {
        let (endpoint, server) = answering("200 OK", body);
        let hub = SecurityHub::new(&sdk_config(&endpoint), product());
        let error = hub.import(message).await.expect_err("has failed");
        assert_eq!(error.retry, retry, "{error}");
        assert!(error.problem.contains(words), "{error}");
        let asked: serde_json::Value =
            serde_json::from_str(&server.join().expect("the server ends")).expect("JSON");
        let finding = &asked["Findings"][0];
        assert_eq!(finding["SchemaVersion"], "2018-10-08");
        assert_eq!(finding["ProductArn"], product().arn.as_str());
        assert_eq!(finding["Workflow"]["Status"], "NEW");
    }
}

#[tokio::test]
async fn a_role_without_the_right_is_told_what_it_lacks() {
    let (endpoint, server) = answering(
        "403 Forbidden",
        r#"{"__type":"AccessDeniedException","message":"not authorized"}"#,
    );
    let hub = SecurityHub::new(&sdk_config(&endpoint), product());
    let error = hub.import(&messages()[0]).await.expect_err("is refused");
    server.join().expect("the server ends");
    assert_eq!(error.retry, Retry::Never);
    assert!(
        error.problem.contains("securityhub:BatchImportFindings"),
        "{error}"
    );
}
