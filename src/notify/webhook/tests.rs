use std::io::Write;
use std::net::TcpListener;
use std::time::Instant;

use super::*;
use crate::notify::Retry;
use crate::notify::http::receiver::{receiver, says};

const NOW: i64 = 1_714_557_600;
const SECRET: &str = "a shared secret";

fn webhook(url: &str, timeout: Duration) -> Webhook {
    let settings = WebhookSettings {
        headers: std::collections::BTreeMap::new(),
        url: url.to_owned(),
        secret: Some(Secret::new(SECRET)),
        timeout,
    };
    Webhook::new(settings, Box::new(|| NOW)).expect("valid settings")
}

fn deliver(url: &str) -> Result<(), NotifyError> {
    webhook(url, Duration::from_secs(5)).notify(&Message::sample())
}

#[test]
fn a_message_arrives_whole_and_its_signature_verifies() {
    let (url, server) = says("HTTP/1.1 204 No Content\r\n\r\n");
    deliver(&url).expect("delivered");
    let received = server.join().expect("the server ends");
    assert_eq!(received.request_line, "POST /hook?token=t0psecret HTTP/1.1");
    assert_eq!(received.header("content-type"), "application/json");
    assert_eq!(
        received.header("x-wafwatch-event"),
        "prod-app-20240501T100000Z/1"
    );
    assert!(received.header("user-agent").starts_with("wafwatch/"));
    let json: serde_json::Value = serde_json::from_str(&received.body).expect("JSON");
    assert_eq!(json, Message::sample().to_json());
    let expected = signature(&Secret::new(SECRET), NOW, &received.body);
    assert_eq!(received.header("x-wafwatch-signature"), expected);
    assert!(expected.starts_with("t=1714557600,v1="));
}

#[test]
fn without_a_secret_nothing_is_signed() {
    let (url, server) = says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let mut webhook = webhook(&url, Duration::from_secs(5));
    webhook.secret = None;
    webhook.notify(&Message::sample()).expect("delivered");
    let received = server.join().expect("the server ends");
    assert_eq!(received.header("x-wafwatch-signature"), "");
}

#[test]
fn a_server_in_trouble_is_tried_again_and_quoted_harmlessly() {
    let (url, server) =
        says("HTTP/1.1 500 Oops\r\nContent-Length: 15\r\n\r\nbroken\n\u{1b}[2Jpipe");
    let error = deliver(&url).expect_err("refused");
    server.join().expect("the server ends");
    assert_eq!(error.retry, Retry::Later);
    assert_eq!(
        error.problem,
        "127.0.0.1 answered 500: the receiver is in trouble: broken\\n\\u{1b}[2Jpipe"
    );
    assert!(!error.to_string().contains("t0psecret"));
}

#[test]
fn a_wait_that_the_receiver_asks_for_is_kept() {
    let (url, server) =
        says("HTTP/1.1 429 Slow Down\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n");
    let error = deliver(&url).expect_err("refused");
    server.join().expect("the server ends");
    assert_eq!(error.retry, Retry::After(Duration::from_secs(120)));
}

#[test]
fn a_refusal_is_final() {
    let (url, server) = says("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let error = deliver(&url).expect_err("refused");
    server.join().expect("the server ends");
    assert_eq!(error.retry, Retry::Never);
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    elsewhere.set_nonblocking(true).expect("supported");
    let target = elsewhere.local_addr().expect("it is bound");
    for status in [301, 302, 303, 307, 308] {
        let (url, server) = receiver(move |stream| {
            let answer = format!(
                "HTTP/1.1 {status} Moved\r\nLocation: http://{target}/\r\nContent-Length: 0\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).expect("written");
        });
        let error = deliver(&url).expect_err("refused");
        server.join().expect("the server ends");
        assert_eq!(error.retry, Retry::Never, "{status}: {error}");
        assert!(
            error.problem.contains("redirects are not followed"),
            "{error}"
        );
    }
    let visit = elsewhere.accept();
    assert_eq!(
        visit.expect_err("nobody came").kind(),
        std::io::ErrorKind::WouldBlock
    );
}

#[test]
fn a_receiver_that_says_nothing_costs_no_more_than_the_timeout() {
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let (url, server) = receiver(move |_| {
        let _ = wait.recv();
    });
    let begun = Instant::now();
    let error = webhook(&url, Duration::from_millis(300)).notify(&Message::sample());
    let error = error.expect_err("timed out");
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(error.retry, Retry::Later);
    assert!(error.problem.contains("timeout"), "{error}");
    drop(release);
    server.join().expect("the server ends");
}

#[test]
fn an_answer_that_never_ends_is_neither_read_nor_waited_for() {
    let (url, server) = receiver(|stream| {
        let head = "HTTP/1.1 503 Busy\r\nContent-Length: 1000000000000\r\n\r\n";
        let mut written = stream.write_all(head.as_bytes());
        while written.is_ok() {
            written = stream.write_all(&[b'x'; 65_536]);
        }
    });
    let begun = Instant::now();
    let error = deliver(&url).expect_err("refused");
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(error.retry, Retry::Later);
    assert!(error.problem.len() < 400, "{}", error.problem.len());
    server
        .join()
        .expect("the server ends once the connection is closed");
}

#[test]
fn a_receiver_that_is_not_there_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    drop(listener);
    let error = deliver(&format!("http://{address}/")).expect_err("nobody listens");
    assert_eq!(error.retry, Retry::Later);
    assert!(error.problem.contains("could not be reached"), "{error}");
}

#[test]
fn a_hostile_event_id_forges_no_header() {
    let (url, server) = says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let mut message = Message::sample();
    message.event_id = "a\r\nX-Forged: 1\u{e4}".to_owned();
    webhook(&url, Duration::from_secs(5))
        .notify(&message)
        .expect("delivered");
    let received = server.join().expect("the server ends");
    assert_eq!(received.header("x-forged"), "");
    assert_eq!(received.header("x-wafwatch-event"), "a\\r\\nX-Forged: 1?");
}
