use super::*;
use crate::analyst::bedrock::schema;
use serde_json::json;

fn shown() -> Shown {
    let mut shown = Shown::default();
    shown.references.refer(Kind::Path, "/admin/ignore-me");
    shown
        .references
        .refer(Kind::Person, "arn:aws:iam::111122223333:user/mallory");
    shown.addresses.insert("203.0.113.7".to_owned());
    for name in [
        "AWS-AWSManagedRulesAdminProtectionRuleSet",
        "block-rule-test-waf",
        "US",
    ] {
        shown.names.insert(name.to_owned());
    }
    shown.numbers = numbers_in("100 1,234 0.20 50% 2024-05-01T10:00:00Z 5");
    shown
}

fn exact() -> MetricsOverview {
    MetricsOverview {
        records_examined: 100,
        blocked_total: 100,
        allowed_total: 0,
        count_total: 0,
        overall_total: 100,
        avg_blocked_ratio_top_offenders: 1.0,
    }
}

/// What becomes of a sentence.
fn prose(text: &str) -> (String, u32) {
    let shown = shown();
    let mut binding = Binding {
        shown: &shown,
        removed: 0,
    };
    let text = binding.prose(text);
    (text, binding.removed)
}

#[test]
fn what_was_shown_may_be_named() {
    for sentence in [
        "One address, 203.0.113.7, sent 100 requests, 50% of them blocked.",
        "It sent 1,234 (1234) requests since 2024-05-01T10:00:00Z, at 10:00.",
        "AWS-AWSManagedRulesAdminProtectionRuleSet (AWSManagedRulesAdminProtectionRuleSet) blocked it.",
        "The rule block-rule-test-waf blocked visitors from the US.",
        "Check the WebACL's last UpdateWebACL in CloudTrail; rate-based rules may help.",
        "This looks like admin_probing, i.e. a scan.",
        "About 0.2 requests are usual; 5x more came.",
    ] {
        assert_eq!(prose(sentence), (sentence.to_owned(), 0));
    }
}

#[test]
fn references_become_values() {
    let (text, removed) = prose("[P1] opened [U1], then U1 again.");
    assert_eq!(
        text,
        "arn:aws:iam::111122223333:user/mallory opened /admin/ignore-me, then /admin/ignore-me again."
    );
    assert_eq!(removed, 0);
}

#[test]
fn what_was_not_shown_takes_its_sentence_with_it() {
    for invented in [
        "The address 198.51.100.99 took part.",
        "So did 2001:db8::7.",
        "And 203.0.113.0/24.",
        "It asked for /etc/passwd.",
        "See [U9].",
        "See https://evil.example/help.",
        "Write to help@evil.example.",
        "Ask evil.example.",
        "There were 999 requests.",
        "There were 1.234.567 requests.",
        "That is 77% more.",
        "The rule AWSManagedRulesMagicRuleSet fired.",
        "The rule my-own-rule fired.",
        "The rule SizeRestrictions_BODY fired.",
        "It came from KP.",
        "It was changed by Alice.",
        "It was changed by arn:aws:iam::999988887777:user/alice.",
    ] {
        let text = format!("All was blocked. {invented} It is over.");
        assert_eq!(
            prose(&text),
            ("All was blocked. It is over.".to_owned(), 1),
            "{invented}"
        );
    }
}

#[test]
fn removals_are_counted_and_lower_the_confidence() {
    let answer = schema::checked(&schema::tests::good()).expect("follows the schema");
    let bound = bind(answer, &shown(), &exact());
    assert_eq!((bound.removed, bound.confidence), (0, 0.9));
    assert_eq!(bound.offenders, ["203.0.113.7"]);

    let mut invented = schema::tests::good();
    invented["primary_offenders"] = json!(["203.0.113.7", "198.51.100.99", "nobody"]);
    invented["metrics_overview"]["blocked_total"] = json!(7);
    invented["evidence"]["top_rules"] = json!(["magic"]);
    invented["evidence"]["top_uris"] =
        json!(["U1", "U1 \"/admin/~6-~2\"", "/admin/ignore-me", "/x"]);
    invented["recommended_actions"] = json!(["Block 198.51.100.99.", "Watch it."]);
    let answer = schema::checked(&invented).expect("follows the schema");
    let bound = bind(answer, &shown(), &exact());
    assert_eq!(bound.removed, 6);
    assert!(bound.confidence < 0.4, "{}", bound.confidence);
    assert_eq!(bound.offenders, ["203.0.113.7"]);
    assert_eq!(bound.actions, ["Watch it."]);
}

#[test]
fn sentences_end_where_a_blank_follows() {
    assert_eq!(
        sentences("A 1.2 b. C!  D?\nE"),
        ["A 1.2 b.", "C!", "D?", "E"]
    );
    assert_eq!(sentences(" \n"), [] as [&str; 0]);
}
