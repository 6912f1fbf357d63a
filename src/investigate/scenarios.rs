//! The published scenarios and other typical ones as evidence.

use wafwatch_windows::summary::Dimension;

use super::sample::Sample;
use crate::detect::{Direction, Signal};

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
