//! The WAF schema as documented and as met.

use wafwatch_windows::record::{Action, Record};
use wafwatch_windows::text_list::TextList;
use wafwatch_windows::time::EventTime;

use super::*;

/// Decodes one record and shows it to `check`.
pub(super) fn with_record(fields: &Value, check: impl FnOnce(Record<'_>)) {
    let decoded = decoded(record_with(fields).as_bytes());
    assert_eq!(decoded.counts(), (1, 0), "{fields}: {:?}", decoded.accounts);
    check(decoded.batch.iter().next().expect("one record"));
}

#[test]
fn a_full_record_keeps_every_field() {
    let text = json!({
        "timestamp": 1_683_355_579_981_u64,
        "formatVersion": 1,
        "webaclId": "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/1a2b",
        "terminatingRuleId": "AWS-AWSManagedRulesSQLiRuleSet",
        "terminatingRuleType": "MANAGED_RULE_GROUP",
        "action": "BLOCK",
        "terminatingRuleMatchDetails": [{"conditionType": "SQL_INJECTION", "matchedData": ["10", "AND"]}],
        "httpSourceName": "ALB",
        "httpSourceId": "111122223333-app/shop/1",
        "ruleGroupList": [
            {
                "ruleGroupId": "AWS#AWSManagedRulesCommonRuleSet#Version_1.2",
                "terminatingRule": null,
                "nonTerminatingMatchingRules": [
                    {"ruleId": "SizeRestrictions_BODY", "action": "COUNT", "overriddenAction": "BLOCK"}
                ],
                "excludedRules": [{"exclusionType": "EXCLUDED_AS_COUNT", "ruleId": "NoUserAgent_HEADER"}],
            },
            {
                "terminatingRule": {"ruleId": "SQLi_QUERYARGUMENTS", "action": "BLOCK"},
                "nonTerminatingMatchingRules": [],
                "excludedRules": null,
                "ruleGroupId": "AWS#AWSManagedRulesSQLiRuleSet",
            },
        ],
        "rateBasedRuleList": [{"limitKey": "IP", "maxRateAllowed": 100, "evaluationWindowSec": "120"}],
        "nonTerminatingMatchingRules": [
            {"ruleId": "watch", "action": "COUNT"},
            {"ruleId": "puzzle", "action": "CAPTCHA", "captchaResponse": {"responseCode": 0}},
        ],
        "requestHeadersInserted": null,
        "responseCodeSent": 403,
        "httpRequest": {
            "clientIp": "2001:DB8::0:1",
            "country": "DE",
            "headers": [
                {"name": "HOST", "value": "shop.example.com"},
                {"name": "Accept"},
                {"value": "Mozilla/5.0 \"x\"", "name": "User-Agent"},
                {"name": "host", "value": "second.example.com"},
            ],
            "uri": "/search",
            "args": "q=1",
            "httpVersion": "HTTP/2.0",
            "httpMethod": "POST",
            "requestId": "1",
            "host": "fallback.example.com",
        },
        "labels": [{"name": "awswaf:a"}, {"name": "awswaf:b"}],
        "ja3Fingerprint": "f79b",
        "ja4Fingerprint": "t13d",
        "requestBodySize": 12,
        "requestBodySizeInspectedByWAF": 10,
    })
    .to_string();
    let decoded = decoded(text.as_bytes());
    let expected = Record {
        counted: true,
        rule: Some("AWS-AWSManagedRulesSQLiRuleSet"),
        inner_rule: Some("AWSManagedRulesSQLiRuleSet/SQLi_QUERYARGUMENTS"),
        // In the order of the test's text, whose keys serde_json sorts.
        counted_rules: TextList::of(&[
            "watch",
            "AWSManagedRulesCommonRuleSet/NoUserAgent_HEADER",
            "AWSManagedRulesCommonRuleSet/SizeRestrictions_BODY",
        ]),
        labels: TextList::of(&["awswaf:a", "awswaf:b"]),
        client_address: Some("2001:db8::1"),
        country: Some("DE"),
        uri: Some("/search"),
        user_agent: Some("Mozilla/5.0 \"x\""),
        host: Some("shop.example.com"),
        method: Some("POST"),
        ja3: Some("f79b"),
        ja4: Some("t13d"),
        http_source: Some("ALB"),
        log_bytes: text.len() as u64,
        body_bytes: 12,
        ..Record::new(
            EventTime(1_683_355_579_981),
            "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/1a2b",
            Action::Block,
        )
    };
    assert_eq!(decoded.batch.iter().collect::<Vec<_>>(), [expected]);
}

#[test]
fn actions_are_kept_by_name() {
    for (name, action) in [
        ("ALLOW", Action::Allow),
        ("BLOCK", Action::Block),
        ("CAPTCHA", Action::Captcha),
        ("CHALLENGE", Action::Challenge),
        ("TARPIT", Action::Other("TARPIT")),
    ] {
        with_record(&json!({"action": name}), |record| {
            assert_eq!(record.action, action)
        });
    }
}

#[test]
fn absent_null_dash_and_odd_types_are_absent() {
    for odd in [
        Value::Null,
        json!("-"),
        json!(""),
        json!({}),
        json!([]),
        json!(true),
    ] {
        let fields = json!({
            "terminatingRuleId": odd, "httpSourceName": odd, "ja3Fingerprint": odd,
            "ja4Fingerprint": odd, "labels": odd, "requestBodySize": odd, "ruleGroupList": odd,
            "httpRequest": {"clientIp": odd, "country": odd, "uri": odd, "httpMethod": odd,
                "host": odd, "headers": [{"name": "host", "value": odd}, {"name": odd, "value": "x"}]},
        });
        with_record(&fields, |record| {
            let bare = Record {
                log_bytes: record.log_bytes,
                ..Record::new(record.timestamp, "acl", Action::Allow)
            };
            assert_eq!(record, bare, "{odd}");
        });
    }
    let without_request = r#"{"timestamp":1700000000000,"webaclId":"a","action":"BLOCK"}"#;
    assert_eq!(decoded(without_request.as_bytes()).counts(), (1, 0));
}

#[test]
fn numbers_and_strings_stand_in_for_each_other() {
    let fields = json!({
        "timestamp": "1700000000000", "formatVersion": "1", "webaclId": 7, "terminatingRuleId": -3,
        "requestBodySize": "12", "rateBasedRuleList": [{"evaluationWindowSec": 120}],
    });
    with_record(&fields, |record| {
        assert_eq!(record.timestamp, EventTime(1_700_000_000_000));
        assert_eq!(
            (record.acl, record.rule, record.body_bytes),
            ("7", Some("-3"), 12)
        );
    });
    let iso = json!({"timestamp": "2023-11-14T22:13:20Z", "requestBodySize": 12.0});
    with_record(&iso, |record| {
        assert_eq!(record.timestamp, EventTime(1_700_000_000_000));
        assert_eq!(record.body_bytes, 12);
    });
}

#[test]
fn labels_come_in_every_form() {
    for (labels, names) in [
        (json!([{"name": "a"}, {"name": "b"}]), vec!["a", "b"]),
        (json!(["a", "b"]), vec!["a", "b"]),
        (json!({"name": "a"}), vec!["a"]),
        (json!("a"), vec!["a"]),
        (json!([{"name": null}, {}, 5, "-"]), vec![]),
    ] {
        with_record(&json!({"labels": labels}), |record| {
            assert_eq!(record.labels, TextList::of(&names))
        });
    }
}

#[test]
fn paths_lose_their_query_string_and_addresses_keep_their_form() {
    for (uri, path) in [
        ("/a?b=c", Some("/a")),
        ("/a#b", Some("/a")),
        ("?b=c", None),
        ("/ä/%3F", Some("/ä/%3F")),
    ] {
        let fields = json!({"httpRequest": {"uri": uri, "clientIp": "X.X.X.X"}});
        with_record(&fields, |record| {
            assert_eq!(record.uri, path);
            assert_eq!(record.client_address, Some("X.X.X.X"));
        });
    }
}

#[test]
fn the_host_of_the_request_stands_in_for_the_header() {
    let fields =
        json!({"httpRequest": {"host": "fallback", "headers": [{"name": "Accept", "value": "x"}]}});
    with_record(&fields, |record| assert_eq!(record.host, Some("fallback")));
}

#[test]
fn of_duplicate_keys_the_last_wins() {
    let twice = r#"{"timestamp":1,"timestamp":1700000000000,"webaclId":"a","webaclId":"b","action":"ALLOW",
        "action":"BLOCK","httpRequest":{"uri":"/1","uri":"/2"},"httpRequest":{"country":"DE","country":"FR"}}"#
        .replace('\n', " ");
    let decoded = decoded(twice.as_bytes());
    let record = decoded.batch.iter().next().expect("one record");
    assert_eq!((record.acl, record.action), ("b", Action::Block));
    assert_eq!((record.uri, record.country), (Some("/2"), Some("FR")));
}
