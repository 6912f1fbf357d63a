//! Which rules a record names, and how much of it a batch keeps.

use wafwatch_windows::text_list::TextList;

use super::records::with_record;
use super::*;

#[test]
fn counted_needs_a_match_with_action_count() {
    let group =
        |field: &str, rule: Value| json!({"ruleGroupList": [{"ruleGroupId": "g", field: [rule]}]});
    for (counted, fields) in [
        (
            true,
            json!({"nonTerminatingMatchingRules": [{"ruleId": "r", "action": "COUNT"}]}),
        ),
        (
            true,
            json!({"nonTerminatingMatchingRules": [{"action": "COUNT"}]}),
        ),
        (
            true,
            group(
                "nonTerminatingMatchingRules",
                json!({"ruleId": "r", "action": "COUNT"}),
            ),
        ),
        (
            true,
            group(
                "excludedRules",
                json!({"ruleId": "r", "exclusionType": "EXCLUDED_AS_COUNT"}),
            ),
        ),
        (
            false,
            group(
                "excludedRules",
                json!({"ruleId": "r", "exclusionType": "REGULAR"}),
            ),
        ),
        (
            false,
            group(
                "nonTerminatingMatchingRules",
                json!({"ruleId": "r", "action": "CAPTCHA"}),
            ),
        ),
        (
            false,
            json!({"nonTerminatingMatchingRules": [{"ruleId": "r", "action": "CHALLENGE"}]}),
        ),
        (
            false,
            json!({"nonTerminatingMatchingRules": [{"ruleId": "r"}, 5, "COUNT", null]}),
        ),
        (false, json!({"action": "COUNT"})),
        (
            false,
            json!({"ruleGroupList": [{"terminatingRule": {"ruleId": "r", "action": "COUNT"}}]}),
        ),
        (
            false,
            json!({"ruleGroupList": "COUNT", "nonTerminatingMatchingRules": {}}),
        ),
    ] {
        with_record(&fields, |record| {
            assert_eq!(record.counted, counted, "{fields}")
        });
    }
}

#[test]
fn a_counted_rule_is_named_once_and_with_its_group() {
    let rule = json!({"ruleId": "r", "action": "COUNT"});
    let fields = json!({
        "nonTerminatingMatchingRules": [rule, rule],
        "ruleGroupList": [{"ruleGroupId": "V#g", "nonTerminatingMatchingRules": [rule, rule]}],
    });
    with_record(&fields, |record| {
        assert_eq!(record.counted_rules, TextList::of(&["r", "g/r"]))
    });
}

#[test]
fn the_inner_rule_is_that_of_the_group_that_ended_the_request() {
    let groups = json!([
        {"ruleGroupId": "AWS#first", "terminatingRule": {"ruleId": "overridden", "action": "BLOCK"}},
        {"ruleGroupId": "AWS#last", "terminatingRule": {"ruleId": "real", "action": "BLOCK"}},
        {"ruleGroupId": "AWS#none", "terminatingRule": null},
    ]);
    for (rule, kind, inner) in [
        (
            json!("AWS-last"),
            json!("MANAGED_RULE_GROUP"),
            Some("last/real"),
        ),
        (json!("AWS-last"), json!("GROUP"), Some("last/real")),
        (json!("AWS-last"), Value::Null, Some("last/real")),
        (json!("Default_Action"), Value::Null, None),
        (json!("my-rule"), json!("REGULAR"), None),
        (json!("my-rule"), json!("RATE_BASED"), None),
    ] {
        let fields = json!({
            "terminatingRuleId": rule, "terminatingRuleType": kind, "ruleGroupList": groups,
        });
        with_record(&fields, |record| {
            assert_eq!(record.inner_rule, inner, "{fields}")
        });
    }
}

#[test]
fn long_values_and_lists_are_cut_and_counted() {
    let matches = vec![json!({"ruleId": "x".repeat(600), "action": "COUNT"}); 1];
    let many: Vec<_> = (0..150)
        .map(|number| json!({"ruleId": number, "action": "COUNT"}))
        .collect();
    let fields = json!({
        "labels": vec!["l"; 130],
        "httpRequest": {"uri": format!("/{}", "ü".repeat(9_000)), "country": "x".repeat(65)},
        "ruleGroupList": [{"ruleGroupId": "g".repeat(300), "nonTerminatingMatchingRules": matches},
            {"ruleGroupId": "h", "nonTerminatingMatchingRules": many}],
    });
    let decoded = decoded(record_with(&fields).as_bytes());
    let record = decoded.batch.iter().next().expect("one record");
    assert_eq!(record.labels.len(), 100);
    assert_eq!(record.counted_rules.len(), 100);
    assert_eq!(
        record.counted_rules.get(0).map(str::len),
        Some(256 + 1 + 256)
    );
    assert_eq!(record.uri.map(str::len), Some(8_191));
    // 30 labels, the path, the country, and of 151 rules all but 100.
    assert_eq!(decoded.accounts.cut_values, 30 + 1 + 1 + 51);
}
