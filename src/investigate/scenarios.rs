//! The published scenarios and other typical ones as evidence.

use wafwatch_windows::summary::Dimension;

use super::sample::{ACL, OPENED, Sample};
use super::surroundings::{
    AclConfiguration, AclRule, Action, ConfigurationHistory, FIRST_LOOK, Logging, Looked, Question,
    RuleDigest, TrailEvent,
};
use crate::detect::{Direction, Mix, Signal};

pub(crate) const ADMIN_GROUP: &str = "AWS-AWSManagedRulesAdminProtectionRuleSet";
const ADMIN_RULE: &str = "AWS#AWSManagedRulesAdminProtectionRuleSet/AdminProtection_URIPATH";
pub(crate) const NEW_RULE: &str = "block-rule-test-waf";

/// 100 requests to `/admin` paths from one address, blocked by the admin protection group, where
/// one request every five minutes is usual.
pub(crate) fn attack() -> Sample {
    let uris = [("/admin", 60), ("/admin/login", 25), ("/admin/users", 15)];
    Sample::quiet()
        .now(100, 100, 1.0)
        .severity(85)
        .total_finding(Direction::Above, 100.0, 0.2)
        .finding(Signal::Blocked, Direction::Above, 100.0, 0.0)
        .values(
            Dimension::ClientAddress,
            &[("203.0.113.7", 100, 0.0), ("198.51.100.4", 0, 0.2)],
        )
        .values(
            Dimension::Rule,
            &[
                (ADMIN_GROUP, 100, 0.0),
                (ADMIN_RULE, 100, 0.0),
                ("Default_Action", 0, 0.2),
            ],
        )
        .values(
            Dimension::Uri,
            &[
                ("/admin", 60, 0.0),
                ("/admin/login", 25, 0.0),
                ("/admin/users", 15, 0.0),
                ("/prod/app", 0, 0.2),
            ],
        )
        .values(
            Dimension::BlockedUri,
            &[
                ("/admin", 60, 0.0),
                ("/admin/login", 25, 0.0),
                ("/admin/users", 15, 0.0),
            ],
        )
        .values(Dimension::UserAgent, &[("curl/8.5.0", 100, 0.0)])
        .values(Dimension::Method, &[("GET", 100, 0.2)])
        .address("203.0.113.7", 100, 100, &uris, &[(ADMIN_GROUP, 100)])
        .rule(
            ADMIN_GROUP,
            100,
            &uris,
            &[("203.0.113.7", 100)],
            &[("US", 100)],
        )
}

/// A new rule blocks all requests from the US: 127 requests for `/prod/app` from 3 addresses.
pub(crate) fn misconfiguration() -> Sample {
    let addresses = [
        ("198.51.100.4", 52),
        ("198.51.100.17", 41),
        ("192.0.2.88", 34),
    ];
    let sample = Sample::quiet()
        .now(127, 127, 3.0)
        .severity(85)
        .total_finding(Direction::Above, 127.0, 0.2)
        .finding(Signal::BlockedRatio, Direction::Above, 1.0, 0.0)
        .values(
            Dimension::ClientAddress,
            &[
                ("198.51.100.4", 52, 0.2),
                ("198.51.100.17", 41, 0.0),
                ("192.0.2.88", 34, 0.0),
            ],
        )
        .values(
            Dimension::Rule,
            &[(NEW_RULE, 127, 0.0), ("Default_Action", 0, 0.2)],
        )
        .values(Dimension::Uri, &[("/prod/app", 127, 0.2)])
        .values(Dimension::BlockedUri, &[("/prod/app", 127, 0.0)])
        .values(Dimension::Country, &[("US", 127, 0.2)])
        .rule(
            NEW_RULE,
            127,
            &[("/prod/app", 127)],
            &addresses,
            &[("US", 127)],
        );
    addresses.iter().fold(sample, |sample, (address, count)| {
        sample.address(
            address,
            *count,
            *count,
            &[("/prod/app", *count)],
            &[(NEW_RULE, *count)],
        )
    })
}

/// The same, and who added the rule five minutes before.
pub(crate) fn misconfiguration_by_alice() -> Sample {
    let rules = |rules: serde_json::Value| {
        serde_json::json!({
            "name": "prod-app", "scope": "REGIONAL", "id": "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
            "defaultAction": {"allow": {}}, "rules": rules,
        })
    };
    let group = serde_json::json!({
        "name": ADMIN_GROUP, "priority": 1, "overrideAction": {"none": {}},
        "statement": {"managedRuleGroupStatement": {
            "vendorName": "AWS", "name": "AWSManagedRulesAdminProtectionRuleSet"}},
    });
    let geo = serde_json::json!({
        "name": NEW_RULE, "priority": 0, "action": {"block": {}},
        "statement": {"geoMatchStatement": {"countryCodes": ["US"]}},
    });
    let trail = vec![
        update(
            "2024-05-01T08:00:00Z",
            "bob",
            rules(serde_json::json!([group])),
        ),
        update(
            "2024-05-01T09:55:00Z",
            "alice",
            rules(serde_json::json!([group, geo])),
        ),
    ];
    let rule = |name: &str, priority, action, statement: &str| AclRule {
        name: name.to_owned(),
        priority,
        action,
        statement: statement.to_owned(),
        uses: Vec::new(),
        digest: RuleDigest::of("sample", statement),
    };
    let managed = "managed group AWS/AWSManagedRulesAdminProtectionRuleSet";
    let rules = vec![
        rule(NEW_RULE, 0, Action::Block, "geo match US"),
        rule(ADMIN_GROUP, 1, Action::Group, managed),
    ];
    let destination = "arn:aws:firehose:eu-central-1:111122223333:deliverystream/aws-waf-logs-prod";
    let logging = Logging::On(vec![destination.to_owned()]);
    let before = AclConfiguration::new(Action::Allow, rules[1..].to_vec(), logging.clone());
    let history = ConfigurationHistory::with(None, before, OPENED.minus(86_400_000));
    let looked = Looked {
        configuration: Some(AclConfiguration::new(Action::Allow, rules, logging)),
        trail: Some((OPENED.minus(86_400_000), trail)),
        ..Looked::default()
    };
    let sample = misconfiguration();
    let question = Question {
        acl: ACL.to_owned(),
        from: OPENED,
        until: OPENED.plus(60_000),
        now: OPENED.plus(20 * 60_000),
        time: FIRST_LOOK,
    };
    let (surroundings, ..) = looked.evaluated(&question, Some(history));
    sample.surrounded_by(surroundings)
}

fn update(at: &str, who: &str, parameters: serde_json::Value) -> TrailEvent {
    let json = serde_json::json!({
        "userIdentity": {"type": "AssumedRole",
            "arn": format!("arn:aws:sts::111122223333:assumed-role/Admin/{who}"),
            "sessionContext": {"sessionIssuer": {"userName": "Admin"}}},
        "eventTime": at, "eventSource": "wafv2.amazonaws.com", "eventName": "UpdateWebACL",
        "sourceIPAddress": "198.51.100.9", "userAgent": "aws-cli/2.15", "eventID": format!("id-of-{who}"),
        "requestParameters": parameters,
    });
    TrailEvent::parse(&json.to_string()).expect("is significant")
}

/// 150 requests with a script in the query string, blocked by one rule of the common rule set.
pub(crate) fn xss() -> Sample {
    let group = "AWS-AWSManagedRulesCommonRuleSet";
    let rule = "AWS#AWSManagedRulesCommonRuleSet/CrossSiteScripting_QUERYARGUMENTS";
    Sample::usually(20, 0, 8.0)
        .now(170, 150, 9.0)
        .severity(70)
        .finding(Signal::Blocked, Direction::Above, 150.0, 0.0)
        .values(
            Dimension::ClientAddress,
            &[("203.0.113.9", 150, 0.0), ("198.51.100.4", 20, 20.0)],
        )
        .values(
            Dimension::Rule,
            &[
                (group, 150, 0.0),
                (rule, 150, 0.0),
                ("Default_Action", 20, 20.0),
            ],
        )
        .values(Dimension::Uri, &[("/prod/app", 170, 20.0)])
        .values(Dimension::BlockedUri, &[("/prod/app", 150, 0.0)])
        .address(
            "203.0.113.9",
            150,
            150,
            &[("/prod/app", 150)],
            &[(group, 150), (rule, 150)],
        )
        .rule(
            group,
            150,
            &[("/prod/app", 150)],
            &[("203.0.113.9", 150)],
            &[("US", 150)],
        )
}

/// Eight times the visitors, who do what visitors do.
pub(crate) fn crowd() -> Sample {
    Sample::usually(400, 8, 150.0)
        .now(3_200, 66, 1_150.0)
        .severity(70)
        .mix(Mix::Unchanged)
        .total_finding(Direction::Above, 3_200.0, 400.0)
        .values(
            Dimension::ClientAddress,
            &[("198.51.100.4", 31, 4.0), ("192.0.2.88", 28, 4.0)],
        )
        .unlisted(Dimension::ClientAddress, 3_141, 392.0)
        .values(
            Dimension::Uri,
            &[
                ("/", 1_300, 160.0),
                ("/prod/app", 1_200, 150.0),
                ("/login", 160, 20.0),
            ],
        )
        .unlisted(Dimension::Uri, 540, 70.0)
        .values(
            Dimension::Country,
            &[("DE", 2_000, 250.0), ("US", 1_200, 150.0)],
        )
        .values(
            Dimension::UserAgent,
            &[
                ("Mozilla/5.0 (X11; Linux x86_64)", 2_500, 310.0),
                ("curl/8.5.0", 80, 10.0),
            ],
        )
        .unlisted(Dimension::UserAgent, 620, 80.0)
        .values(
            Dimension::Method,
            &[("GET", 3_000, 375.0), ("POST", 200, 25.0)],
        )
        .values(
            Dimension::Rule,
            &[("Default_Action", 3_134, 392.0), (ADMIN_GROUP, 66, 8.0)],
        )
        .address(
            "198.51.100.4",
            31,
            0,
            &[("/", 20)],
            &[("Default_Action", 31)],
        )
        .address(
            "192.0.2.88",
            28,
            0,
            &[("/prod/app", 20)],
            &[("Default_Action", 28)],
        )
}

/// Nothing arrives where 400 requests per window are usual.
pub(crate) fn outage() -> Sample {
    Sample::usually(400, 8, 150.0)
        .now(0, 0, 0.0)
        .severity(75)
        .total_finding(Direction::Below, 0.0, 400.0)
        .values(Dimension::Uri, &[("/", 0, 160.0), ("/prod/app", 0, 150.0)])
}
