//! Who may ask, and what may be seen.

use std::process::Command;

use serde_json::{Value, json};

use super::server::{Answer, Server};
use crate::common::command::{Ended, Sandbox};
use crate::common::hostile::START;
use crate::common::{ACL, line};

const TOKEN: &str = "a long token that nobody guesses";
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A store with ninety calm minutes, an attack of `address` on `uri`, and a quiet end.
fn attacked_by(address: &str, uri: &str, configuration: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let mut lines = String::new();
    for minute in 0..100 {
        let time = START + minute * 60_000;
        for number in 0..20 {
            let calm = format!("192.0.2.{number}");
            lines += &(line(ACL, time + number, "ALLOW", &calm, "/") + "\n");
        }
        if minute == 80 {
            for number in 0..500 {
                lines += &(line(ACL, time + 100 + number, "BLOCK", address, uri) + "\n");
            }
        }
    }
    sandbox.write("waf.jsonl", lines);
    sandbox.write("wafwatch.toml", configuration);
    sandbox.json(&["replay", "waf.jsonl", "--store", "store.db"]);
    sandbox
}

fn guarded(sandbox: &Sandbox) -> Command {
    let arguments = [
        "serve",
        "0.0.0.0:0",
        "--store",
        "store.db",
        "--dashboard-token-env",
        "SECRET",
    ];
    let mut command = sandbox.command(&arguments);
    command.env("SECRET", TOKEN);
    command
}

#[test]
fn pages_of_others_get_and_change_nothing() {
    let sandbox = attacked_by("203.0.113.9", "/admin", "");
    let server = Server::serve(&sandbox);
    let id = server.api("incidents")["incidents"][0]["id"].clone();
    let feedback = format!("/api/v1/incidents/{}/feedback", id.as_str().expect("an id"));
    let mark = r#"{"judgement":"irrelevant"}"#;
    let refused = |answer: Answer, status: u16, code: &str| {
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (status, code),
            "{}",
            answer.body
        );
    };
    for path in ["/", "/api/v1/acls", "/api/v1/events", "/nothing"] {
        for host in ["evil.example", "evil.example:80", "127.0.0.1:1", ""] {
            refused(
                server.send("GET", path, &[("Host", host)], ""),
                403,
                "forbidden",
            );
        }
    }
    let cross = [("Sec-Fetch-Site", "cross-site")];
    for path in ["/api/v1/acls", "/api/v1/events", "/api/v1/session"] {
        refused(server.send("GET", path, &cross, ""), 403, "forbidden");
    }
    let linked = server.send("GET", "/", &cross, "");
    assert_eq!(linked.status, 200, "a link leads to the page");
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let headers = [JSON, ("Origin", origin)];
        refused(
            server.send("POST", &feedback, &headers, mark),
            403,
            "forbidden",
        );
        refused(
            server.send("DELETE", &feedback, &headers, ""),
            403,
            "forbidden",
        );
    }
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let headers = [("Content-Type", content_type)];
        refused(
            server.send("POST", &feedback, &headers, mark),
            415,
            "unsupported_media_type",
        );
    }
    refused(
        server.send("POST", &feedback, &[JSON], &" ".repeat(5_000)),
        413,
        "too_large",
    );
    refused(
        server.send("PUT", &feedback, &[JSON], mark),
        405,
        "method_not_allowed",
    );
    assert_eq!(
        server.api("incidents")["incidents"][0]["judgement"],
        Value::Null
    );
    let own = format!("http://{}", server.host());
    let headers = [
        JSON,
        ("Origin", own.as_str()),
        ("Sec-Fetch-Site", "same-origin"),
    ];
    assert_eq!(server.send("POST", &feedback, &headers, mark).status, 200);
}

#[test]
fn other_addresses_demand_a_token() {
    let sandbox = attacked_by("203.0.113.9", "/admin", "");
    for (variable, expected) in [("", "needs a token"), ("short", "fewer than 16 bytes")] {
        let mut command = sandbox.command(&["serve", "0.0.0.0:0", "--store", "store.db"]);
        command.env("WAFWATCH_DASHBOARD_TOKEN", variable);
        let ended = Ended::of(command.output().expect("it ends"));
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }

    let server = Server::started(&mut guarded(&sandbox));
    assert_eq!(server.get("/").status, 200, "the page holds nothing");
    let without = server.get("/api/v1/acls");
    assert_eq!(
        (without.status, without.error().as_str()),
        (401, "token_required")
    );
    let session = json!({"token_required": true, "is_authenticated": false});
    assert_eq!(server.api("session"), session);
    let bearer = format!("Bearer {TOKEN}");
    let named = [("Host", "waf.example"), ("Authorization", bearer.as_str())];
    assert_eq!(server.send("GET", "/api/v1/acls", &named, "").status, 200);
    let wrong = [("Authorization", "Bearer a long token that somebody guesses")];
    assert_eq!(server.send("GET", "/api/v1/acls", &wrong, "").status, 401);

    let wrong = server.send("POST", "/api/v1/session", &[JSON], r#"{"token":"no"}"#);
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    let login = json!({ "token": TOKEN }).to_string();
    let opened = server.send("POST", "/api/v1/session", &[JSON], &login);
    assert_eq!(opened.status, 200, "{}", opened.body);
    let cookie = opened.header("set-cookie").expect("a cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    assert!(!cookie.contains(TOKEN));
    let cookie = cookie.split(';').next().expect("a pair");
    let shown = server.send("GET", "/api/v1/acls", &[("Cookie", cookie)], "");
    assert_eq!(shown.status, 200, "{}", shown.body);
    let closed = server.send("DELETE", "/api/v1/session", &[("Cookie", cookie)], "");
    let closed = closed.header("set-cookie").expect("a cookie").to_owned();
    assert!(closed.contains("Max-Age=0"), "{closed}");
}

#[test]
fn text_of_attackers_comes_out_as_text() {
    let uri = r"/</script><img src=x onerror=alert(1)>\u202e\u0000\r\ndata: {}";
    let sandbox = attacked_by("203.0.113.9", uri, "");
    let server = Server::serve(&sandbox);
    let page = server.get("/");
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    for asset in [page, server.get("/api/v1/acls"), server.get("/nothing")] {
        assert_eq!(asset.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(asset.header("x-frame-options"), Some("DENY"));
    }
    let top = server.get("/api/v1/top?from=0&until=4000000000000&dimension=blocked_uri");
    let key = top.json()["lists"][0]["items"][0]["key"].clone();
    let key = key.as_str().expect("a key");
    assert!(
        key.starts_with("/</script><img src=x onerror=alert(1)>"),
        "{key}"
    );
    let is_plain = |c: char| !c.is_control() && c != '\u{202e}';
    assert!(key.chars().all(is_plain), "{key:?}");
    let incidents = server.api("incidents");
    let id = incidents["incidents"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let shown = server.get(&format!("/api/v1/incidents/{id}")).json();
    let report = shown["report"].to_string();
    assert!(
        !report.contains('\u{202e}') && !report.contains("\\u0000"),
        "{report}"
    );
}

#[test]
fn what_is_masked_is_in_no_answer() {
    let masks = "[privacy]\nmask_account_ids = true\nmask_addresses = \"host\"\n";
    let sandbox = attacked_by("203.0.113.99", "/from/203.0.113.99/111122223333", masks);
    let server = Server::serve(&sandbox);
    let acls = server.api("acls");
    let acl = acls["acls"][0]["acl"].as_str().expect("an id");
    let incidents = server.api("incidents");
    let id = incidents["incidents"][0]["id"].as_str().expect("an id");
    let range = "from=0&until=4000000000000";
    let top = server.api(&format!("top?{range}&acl={acl}"));
    let lists = top["lists"].as_array().expect("lists").iter();
    let addresses = lists
        .clone()
        .find(|list| list["dimension"] == "client_address");
    let busiest = &addresses.expect("a list")["items"][0];
    assert_eq!(busiest["key"], "203.0.113.x");
    let handle = busiest["filter"].as_str().expect("a filter");
    let filtered = server.api(&format!("top?{range}&filter={handle}"));
    assert_eq!(
        filtered["filter"]["total"],
        json!({"lower": 500, "upper": 500})
    );
    let mut stream = server.follow(Some("x-0-0"));
    let reset = stream.next_of(&["reset"]);
    let id_of_store = reset.id.expect("an id");
    let store = id_of_store.split('-').next().expect("a store");
    let mut stream = server.follow(Some(&format!("{store}-0-0")));
    let told = stream.next_of(&["incidents"]);
    for answer in [
        acls.clone(),
        incidents.clone(),
        top.clone(),
        filtered,
        server.api("windows"),
        server.api("health"),
        server.api(&format!("incidents/{id}")),
        told.data,
    ] {
        let text = answer.to_string();
        assert!(!text.contains("111122223333"), "{text}");
        assert!(
            !text.contains("203.0.113.99") && !text.contains("203[.]0[.]113[.]99"),
            "{text}"
        );
    }
}

#[test]
fn a_store_that_is_not_there_is_told() {
    let sandbox = Sandbox::new();
    let ended = sandbox.run(&["serve", "127.0.0.1:0", "--store", "store.db"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("there is no store store.db"),
        "{}",
        ended.stderr
    );
    let ended = sandbox.run(&["serve", "everywhere"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
}
