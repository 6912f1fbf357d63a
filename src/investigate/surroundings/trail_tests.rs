use serde_json::json;

use super::*;
use crate::investigate::surroundings::configuration::{AclRule, Logging, RuleDigest};

const ACL: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop/1a2b";

fn event(name: &str, minute: u32, parameters: &Value) -> TrailEvent {
    let json = json!({
        "userIdentity": {"type": "IAMUser", "userName": "alice", "accountId": "111122223333"},
        "eventTime": format!("2026-01-05T10:{minute:02}:00Z"),
        "eventSource": WAF,
        "eventName": name,
        "sourceIPAddress": "198.51.100.9",
        "userAgent": "aws-cli/2.1",
        "requestParameters": parameters,
        "eventID": format!("{name}-{minute}"),
    });
    TrailEvent::parse(&json.to_string()).expect("is significant")
}

fn update(minute: u32, rules: &Value) -> TrailEvent {
    let parameters = json!({
        "name": "shop", "scope": "REGIONAL", "id": "1a2b", "lockToken": "Canary",
        "defaultAction": {"allow": {}}, "rules": rules, "description": "Canary",
    });
    event("UpdateWebACL", minute, &parameters)
}

fn block(name: &str) -> Value {
    json!({
        "name": name, "priority": 1, "action": {"block": {}},
        "statement": {"geoMatchStatement": {"countryCodes": ["US"]}},
    })
}

#[test]
fn a_change_is_told_with_who_from_where_when_and_what() {
    let events = vec![update(5, &json!([block("geo")])), update(1, &json!([]))];
    let (changes, unrelated) = related(events, ACL, None);
    assert_eq!(unrelated, 0);
    assert_eq!(
        changes[0].words(),
        "2026-01-05T10:05:00Z UpdateWebACL by alice from 198.51.100.9 with aws-cli/2.1, on shop: \
         rule geo added (BLOCK, geo match US)"
    );
    assert!(changes[0].may_begin_to_refuse("geo"));
    // What the first one changed is not known, so its parameters are told.
    assert!(
        changes[1]
            .words()
            .ends_with("(scope REGIONAL; default action ALLOW)")
    );
    let written = serde_json::to_string(&changes).expect("serialises");
    assert!(!written.contains("Canary") && !written.contains("111122223333"));
}

#[test]
fn changes_of_the_same_second_keep_the_order_in_which_they_are_recorded() {
    for ids in [["a", "b"], ["b", "a"]] {
        let mut events = vec![update(1, &json!([block("geo")])), update(1, &json!([]))];
        for (event, id) in events.iter_mut().zip(ids) {
            event.change.id = id.to_owned();
        }
        let again = events[0].clone();
        events.push(again);
        let (changes, _) = related(events, ACL, None);
        assert_eq!(changes.len(), 2, "the one that came twice counts once");
        assert!(changes[0].may_begin_to_refuse("geo"), "{changes:?}");
    }
}

#[test]
fn a_change_that_was_refused_changes_nothing() {
    let mut refused = update(5, &json!([block("geo")]));
    refused.change.error = Some("WAFOptimisticLockException".to_owned());
    let events = vec![
        update(1, &json!([])),
        refused,
        update(9, &json!([block("geo")])),
    ];
    let (changes, _) = related(events, ACL, None);
    assert_eq!(changes[0].changes.len(), 1);
    assert!(changes[1].changes.is_empty() && !changes[1].may_begin_to_refuse("geo"));
    assert!(
        changes[1]
            .words()
            .contains("refused: WAFOptimisticLockException")
    );
}

#[test]
fn only_what_concerns_the_web_acl_is_told() {
    let set = "arn:aws:wafv2:eu-central-1:111122223333:regional/ipset/office/77";
    let rule = AclRule {
        name: "office-only".to_owned(),
        priority: 1,
        action: Action::Block,
        statement: "not (IP set office)".to_owned(),
        uses: vec![set.to_owned()],
        digest: RuleDigest::of("test", ""),
    };
    let configuration = AclConfiguration::new(Action::Allow, vec![rule], Logging::Unknown);
    let other = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/other/9";
    let events = || {
        vec![
            event(
                "UpdateWebACL",
                1,
                &json!({"name": "other", "id": "9", "scope": "REGIONAL", "rules": []}),
            ),
            event(
                "UpdateIPSet",
                2,
                &json!({"name": "office", "id": "77", "addresses": ["192.0.2.0/24"]}),
            ),
            event(
                "UpdateIPSet",
                3,
                &json!({"name": "else", "id": "78", "addresses": []}),
            ),
            event(
                "DeleteLoggingConfiguration",
                4,
                &json!({"resourceArn": ACL}),
            ),
            event(
                "DeleteLoggingConfiguration",
                5,
                &json!({"resourceArn": other}),
            ),
            event(
                "DisassociateWebACL",
                6,
                &json!({"resourceArn": "arn:aws:elb:x"}),
            ),
            event(
                "AssociateWebACL",
                7,
                &json!({"webACLArn": ACL, "resourceArn": "arn:aws:elb:x"}),
            ),
        ]
    };
    let (changes, unrelated) = related(events(), ACL, Some(&configuration));
    let told: Vec<(&str, &Relation)> = changes
        .iter()
        .map(|change| (change.event.as_str(), &change.relation))
        .collect();
    assert_eq!(
        told,
        [
            ("AssociateWebACL", &Relation::WebAcl),
            ("DisassociateWebACL", &Relation::Perhaps),
            ("DeleteLoggingConfiguration", &Relation::WebAcl),
            (
                "UpdateIPSet",
                &Relation::UsedBy(vec!["office-only".to_owned()])
            ),
        ]
    );
    assert_eq!(unrelated, 3);
    assert!(changes[3].may_begin_to_refuse("office-only"));
    // Without the configuration nobody knows what it uses.
    let (changes, unrelated) = related(events(), ACL, None);
    assert_eq!((changes.len(), unrelated), (5, 2));
}

#[test]
fn a_web_acl_that_is_created_is_known_by_name_and_scope_or_by_the_answer() {
    let parameters = json!({"name": "shop", "scope": "REGIONAL", "defaultAction": {"allow": {}}});
    let created = event("CreateWebACL", 1, &parameters);
    assert_eq!(related(vec![created], ACL, None).0.len(), 1);
    let parameters = json!({"name": "shop", "scope": "CLOUDFRONT", "rules": []});
    let elsewhere = event("CreateWebACL", 1, &parameters);
    assert_eq!(related(vec![elsewhere], ACL, None), (Vec::new(), 1));
}

#[test]
fn people_are_named_without_accounts_and_keys() {
    for (identity, name) in [
        (
            json!({"type": "Root", "arn": "arn:aws:iam::1:root"}),
            "root",
        ),
        (json!({"type": "IAMUser", "userName": "nate"}), "nate"),
        (
            json!({
                "type": "AssumedRole",
                "arn": "arn:aws:sts::111122223333:assumed-role/Admin/alice@example.com",
                "accessKeyId": "ASIA",
                "sessionContext": {"sessionIssuer": {"userName": "Admin"}},
            }),
            "alice@example.com (role Admin)",
        ),
        (
            json!({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/Admin",
                "sessionContext": {"sessionIssuer": {"userName": "Admin"}}}),
            "role Admin",
        ),
        (
            json!({"type": "AWSService", "invokedBy": "fms.amazonaws.com"}),
            "fms.amazonaws.com",
        ),
        (json!(null), "somebody unknown"),
    ] {
        assert_eq!(who(&identity), name);
    }
}

#[test]
fn texts_that_callers_choose_are_one_short_line() {
    let json = json!({
        "userIdentity": {"type": "IAMUser", "userName": format!("x\n\u{202e}{}", "y".repeat(10_000))},
        "eventTime": "2026-01-05T10:00:00Z", "eventSource": WAF, "eventName": "UpdateWebACL",
        "sourceIPAddress": "a\r\nb", "userAgent": "z".repeat(100_000), "eventID": "1",
        "requestParameters": {"webACLArn": ACL, "name": "n\u{1b}[2J"},
    });
    let event = TrailEvent::parse(&json.to_string()).expect("is significant");
    let (changes, _) = related(vec![event], ACL, None);
    let words = changes[0].words();
    assert!(
        !words.contains(char::is_control) && !words.contains('\u{202e}'),
        "{words}"
    );
    assert!(words.chars().count() < 1_000);
}

#[test]
fn what_does_not_matter_or_cannot_be_read_is_left_out() {
    for (source, name) in [
        (WAF, "GetWebACL"),
        (CLOUDFRONT, "CreateInvalidation"),
        ("waf.amazonaws.com", "UpdateRule"),
    ] {
        assert!(!is_significant(source, name));
    }
    assert!(is_significant(CLOUDFRONT, "UpdateDistribution2020_05_31"));
    for json in [
        "",
        "{",
        "[]",
        "{}",
        "{\"eventSource\": \"wafv2.amazonaws.com\"}",
    ] {
        assert_eq!(TrailEvent::parse(json), None);
    }
    let json = json!({"eventSource": WAF, "eventName": "UpdateWebACL", "eventTime": "soon"});
    assert_eq!(TrailEvent::parse(&json.to_string()), None);
}
