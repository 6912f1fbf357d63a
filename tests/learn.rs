//! `wafwatch learn`: the counts that CloudWatch keeps of a Web ACL become a detector's history.

#![cfg(all(unix, feature = "aws"))]

mod common;

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum};
use common::ACL;
use common::command::{Ended, Sandbox};
use tokio::runtime::Runtime;
use wafwatch_emulators::Ministack;

const MINUTE: i64 = 60;
/// Minutes with requests, up to a little while ago.
const MINUTES: i64 = 90;
/// Values that one call may put.
const VALUES_PER_CALL: usize = 500;

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_secs()).expect("not so late")
}

/// 40 allowed and 2 blocked requests a minute, as WAF publishes them.
async fn publish(client: &Client) {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let dimensions = [
        dimension("WebACL", "shop"),
        dimension("Rule", "ALL"),
        dimension("Region", "eu-central-1"),
    ];
    let last = now() / MINUTE - 10;
    let mut values = Vec::new();
    for minute in last - MINUTES..last {
        for (name, value) in [("AllowedRequests", 40.0), ("BlockedRequests", 2.0)] {
            let datum = MetricDatum::builder()
                .metric_name(name)
                .set_dimensions(Some(dimensions.to_vec()))
                .timestamp(DateTime::from_secs(minute * MINUTE))
                .value(value);
            values.push(datum.build());
        }
    }
    for values in values.chunks(VALUES_PER_CALL) {
        let put = client.put_metric_data().namespace("AWS/WAFV2");
        let put = put.set_metric_data(Some(values.to_vec())).send().await;
        put.expect("is taken");
    }
}

fn learn(sandbox: &Sandbox, acl: &str) -> Ended {
    let mut command = sandbox.command(&["learn", acl, "--days", "2"]);
    command
        .env("WAFWATCH_DETECTOR", "calibrated")
        .env("AWS_ENDPOINT_URL", Ministack::shared().endpoint())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1");
    Ended::of(command.output().expect("it starts"))
}

#[test]
fn a_new_acl_learns_what_cloudwatch_counted() {
    let runtime = Runtime::new().expect("starts");
    let config = Ministack::shared().sdk_config();
    // The ACL's own region is the one that is asked.
    let settings = aws_sdk_cloudwatch::config::Builder::from(&config);
    let region = aws_sdk_cloudwatch::config::Region::new("eu-central-1");
    let client = Client::from_conf(settings.region(region).build());
    runtime.block_on(publish(&client));

    let sandbox = Sandbox::new();
    let learnt = learn(&sandbox, ACL);
    assert_eq!(learnt.code, Some(0), "{}", learnt.stderr);
    assert!(learnt.stdout.contains("3,780 requests"), "{learnt:?}");

    // Its first window is judged at once.
    let time = now() / MINUTE * MINUTE * 1_000;
    let lines: String = (0..40)
        .map(|number| common::line(ACL, time + number * 1_000, "ALLOW", "192.0.2.1", "/") + "\n")
        .collect();
    let log = sandbox.write("first.log", lines);
    let log = log.to_str().expect("is text");
    let replayed = sandbox.run(&["replay", "--detector", "calibrated", log]);
    assert_eq!(replayed.code, Some(0), "{}", replayed.stderr);
    let windows = sandbox.json(&["windows", "list"]);
    let stage = windows[0]["stage"].to_string();
    assert!(!stage.contains("learning"), "{windows}");

    let again = learn(&sandbox, ACL);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.stderr.contains("history already"), "{again:?}");
}

#[test]
fn an_acl_without_counts_is_told() {
    let sandbox = Sandbox::new();
    let nothing = learn(&sandbox, &ACL.replace("/shop/", "/another/"));
    assert_eq!(nothing.code, Some(2), "{nothing:?}");
    assert!(nothing.stderr.contains("--metric-name"), "{nothing:?}");
    let no_arn = learn(&sandbox, "shop");
    assert_eq!(no_arn.code, Some(2), "{no_arn:?}");
    assert!(no_arn.stderr.contains("ARN"), "{no_arn:?}");
}
