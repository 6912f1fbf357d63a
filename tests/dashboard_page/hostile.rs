//! Text from requests is shown as text, whatever it is.

use serde_json::json;

use crate::browser::Chromium;
use crate::browser::page::Size;
use crate::common::command::Sandbox;
use crate::served::Served;
use crate::site;

const SCRIPT: &str = "/<script>window.isBroken=1</script><img src=x onerror=window.isBroken=1>";
const TURNED: &str = "/\u{202e}gpj.exe\u{2066}";
const BROKEN: &str = "line\nbreak\u{2028}and\u{0}end";
const LINK: &str = "javascript:window.isBroken=1";
const ELSEWHERE: &str = "<link rel=stylesheet href=http://198.51.100.1/x.css>";

fn record(time: i64, number: usize) -> String {
    let uri = [SCRIPT, TURNED, LINK, BROKEN][number % 4];
    let record = json!({
        "timestamp": time, "formatVersion": 1, "webaclId": site::arn("<b>shop</b>"), "action": "BLOCK",
        "terminatingRuleId": SCRIPT, "terminatingRuleType": "REGULAR", "httpSourceName": "ALB",
        "ruleGroupList": [], "nonTerminatingMatchingRules": [],
        "labels": [{ "name": format!("awswaf:{SCRIPT}") }, { "name": TURNED }],
        "httpRequest": {
            "clientIp": "203.0.113.7", "country": "DE", "args": "", "httpMethod": "GET", "uri": uri,
            "headers": [{ "name": "Host", "value": ELSEWHERE }, { "name": "User-Agent", "value": format!("{BROKEN}{SCRIPT}") }],
        },
    });
    record.to_string() + "\n"
}

/// Normal life for long enough to know it, and then many hostile records.
fn hostile() -> Sandbox {
    const QUIET: i64 = 120;
    let sandbox = Sandbox::new();
    let mut lines = String::new();
    for window in 0..QUIET {
        for number in 0..10 {
            let time = site::START + window * site::WINDOW_MS + number;
            let address = format!("192.0.2.{number}");
            lines += &crate::common::line(&site::arn("<b>shop</b>"), time, "ALLOW", &address, "/");
            lines.push('\n');
        }
    }
    for window in QUIET..QUIET + 4 {
        for number in 0..400 {
            let time =
                site::START + window * site::WINDOW_MS + i64::try_from(number).expect("small");
            lines += &record(time, number);
        }
    }
    sandbox.write("waf.jsonl", lines);
    site::replay(&sandbox);
    sandbox
}

#[test]
fn hostile_text_is_text() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = hostile();
    let served = Served::store(&sandbox);
    let mut page = served.page(
        &mut chromium,
        Size {
            width: 400,
            height: 900,
        },
    );
    page.wait_for(
        "document.querySelector('.incident .line') && document.querySelector('#breakdown .card')",
    );
    page.evaluate("document.querySelector('.incident .line').click()");
    page.wait_for("document.querySelector('#incident-detail .report')");
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true");
    page.wait_for("document.querySelector('#dimension-user_agent') && document.querySelector('#dimension-label') && document.querySelector('#dimension-host')");

    for (dimension, text) in [
        ("uri", "<script>window.isBroken=1</script>"),
        ("uri", "javascript:window.isBroken=1"),
        ("rule", "<script>"),
        ("label", "<script>"),
        ("host", "<link rel=stylesheet"),
        ("user_agent", "onerror=window.isBroken=1"),
    ] {
        let card = format!(
            "document.querySelector('#dimension-{dimension}').closest('section').textContent"
        );
        let shown = page.text(&card);
        assert!(shown.contains(text), "{dimension} shows {shown}");
    }
    assert!(
        page.text("document.querySelector('#incidents').textContent")
            .contains("<script>")
    );
    // Nothing turns the direction of what stands beside it, and nothing breaks its line.
    let turned = page.evaluate(
        "/[\\u202a-\\u202e\\u2066-\\u2069\\u2028\\u0000]/.test(document.body.textContent)",
    );
    assert_eq!(turned, json!(false));
    assert!(page.text("document.body.textContent").contains("\\u{202e}"));

    let made = page.evaluate(
        "[typeof window.isBroken, document.querySelectorAll('main script, main img, main link, main b, a[href^=\"javascript\"]').length,
          document.querySelectorAll('script').length]",
    );
    assert_eq!(made, json!(["undefined", 0, 2]));
    assert!(page.number("document.documentElement.scrollWidth") <= 400.0);
    served.assert_clean(&mut page);
}
