use std::io::Write;
use std::time::Duration;

use super::*;
use crate::notify::Retry;
use crate::notify::http::receiver::{receiver, says};

fn deliver(url: &str) -> Result<(), NotifyError> {
    let clock = Box::new(|| 1_714_557_600);
    let slack = Slack::new(url, Duration::from_secs(5), clock).expect("valid settings");
    assert!(!format!("{slack:?}").contains("t0psecret"));
    slack.notify(&Message::sample())
}

#[test]
fn a_message_arrives_as_blocks() {
    let (url, server) = says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    deliver(&url).expect("delivered");
    let received = server.join().expect("the server ends");
    assert_eq!(received.request_line, "POST /hook?token=t0psecret HTTP/1.1");
    assert_eq!(received.header("content-type"), "application/json");
    let body: serde_json::Value = serde_json::from_str(&received.body).expect("JSON");
    assert_eq!(body, blocks::payload(&Message::sample()));
}

#[test]
fn slack_is_left_alone_for_as_long_as_it_wants() {
    let (url, server) = says(
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 12\r\n\r\nrate_limited",
    );
    let error = deliver(&url).expect_err("refused");
    server.join().expect("the server ends");
    assert_eq!(error.retry, Retry::After(Duration::from_secs(30)));
}

#[test]
fn an_archived_channel_is_given_up_and_the_url_stays_secret() {
    let (url, server) = says("HTTP/1.1 410 Gone\r\nContent-Length: 19\r\n\r\nchannel_is_archived");
    let error = deliver(&url).expect_err("refused");
    server.join().expect("the server ends");
    assert_eq!(error.retry, Retry::Never);
    assert_eq!(
        error.problem,
        "127.0.0.1 answered 410: channel_is_archived (the channel is gone or archived: restore it, or \
         make a webhook for another one)"
    );
    assert!(!error.to_string().contains("t0psecret"));
}

#[test]
fn a_connection_that_breaks_is_tried_again() {
    let (url, server) = receiver(|stream| {
        let half = stream.write_all(b"HTTP/1.1 200");
        half.expect("written");
    });
    let error = deliver(&url).expect_err("broken");
    server.join().expect("the server ends");
    assert_eq!(error.retry, Retry::Later);
    assert!(!error.to_string().contains("t0psecret"), "{error}");
}
