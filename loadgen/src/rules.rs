//! What WAF can decide in these logs, named as AWS names it.
//!
//! Group, rule and label names are those of the AWS Managed Rules rule groups list.

/// An AWS managed rule group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Common,
    AdminProtection,
    KnownBadInputs,
    Linux,
    SqlInjection,
    Unix,
    IpReputation,
    AnonymousIp,
    Windows,
    WordPress,
    Php,
}

impl Group {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Common => "AWSManagedRulesCommonRuleSet",
            Self::AdminProtection => "AWSManagedRulesAdminProtectionRuleSet",
            Self::KnownBadInputs => "AWSManagedRulesKnownBadInputsRuleSet",
            Self::Linux => "AWSManagedRulesLinuxRuleSet",
            Self::SqlInjection => "AWSManagedRulesSQLiRuleSet",
            Self::Unix => "AWSManagedRulesUnixRuleSet",
            Self::IpReputation => "AWSManagedRulesAmazonIpReputationList",
            Self::AnonymousIp => "AWSManagedRulesAnonymousIpList",
            Self::Windows => "AWSManagedRulesWindowsRuleSet",
            Self::WordPress => "AWSManagedRulesWordPressRuleSet",
            Self::Php => "AWSManagedRulesPHPRuleSet",
        }
    }
}

/// The rule that `misconfiguration` adds.
pub(crate) const NEW_RULE: &str = "block-rule-test-waf";
/// The rate-based rule of every website.
pub(crate) const RATE_RULE: &str = "rate-limit-per-address";
/// Requests per address and [`RATE_WINDOW_SECONDS`] above which [`RATE_RULE`] blocks.
pub(crate) const RATE_LIMIT: u64 = 2_000;
/// Evaluation window of [`RATE_RULE`].
pub(crate) const RATE_WINDOW_SECONDS: u64 = 300;

/// Everything that may become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    CountedLargeBody,
    CountedAutomation,
    AdminPath,
    CrossSiteScripting,
    NoUserAgent,
    FileInclusion,
    ExploitablePath,
    Log4Shell,
    BadReputation,
    SqlInjection,
    WordPressPath,
    NewRule,
    RateLimited,
}

/// Which rule ended the evaluation of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Terminator {
    DefaultAction,
    Group {
        group: Group,
        rule: &'static str,
        /// `terminatingRuleMatchDetails` as JSON.
        details: &'static str,
    },
    Regular(&'static str),
    RateBased(&'static str),
}

/// A rule that matched with action COUNT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountedMatch {
    None,
    InGroup { group: Group, rule: &'static str },
    AtTop(&'static str),
}

/// A verdict in WAF's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ruling {
    pub(crate) terminator: Terminator,
    pub(crate) counted: CountedMatch,
    pub(crate) label: Option<&'static str>,
}

impl Verdict {
    /// All, in the order of their numbers.
    pub(crate) const ALL: [Self; 14] = [
        Self::Allowed,
        Self::CountedLargeBody,
        Self::CountedAutomation,
        Self::AdminPath,
        Self::CrossSiteScripting,
        Self::NoUserAgent,
        Self::FileInclusion,
        Self::ExploitablePath,
        Self::Log4Shell,
        Self::BadReputation,
        Self::SqlInjection,
        Self::WordPressPath,
        Self::NewRule,
        Self::RateLimited,
    ];

    pub(crate) fn is_blocked(self) -> bool {
        self.ruling().terminator != Terminator::DefaultAction
    }

    pub(crate) fn is_counted(self) -> bool {
        self.ruling().counted != CountedMatch::None
    }

    #[rustfmt::skip]
    pub(crate) fn ruling(self) -> Ruling {
        match self {
            Self::Allowed => allowed(CountedMatch::None, None),
            Self::CountedLargeBody => allowed(
                CountedMatch::InGroup { group: Group::Common, rule: "SizeRestrictions_BODY" },
                Some("awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"),
            ),
            Self::CountedAutomation => allowed(CountedMatch::AtTop("count-automation"), None),
            Self::AdminPath => blocked(
                Group::AdminProtection, "AdminProtection_URIPATH", "[]",
                "awswaf:managed:aws:admin-protection:AdminProtection_URIPath",
            ),
            Self::CrossSiteScripting => blocked(
                Group::Common, "CrossSiteScripting_QUERYARGUMENTS",
                r#"[{"conditionType":"XSS","sensitivityLevel":null,"location":"ALL_QUERY_ARGS","matchedData":["<","script"],"matchedFieldName":"test"}]"#,
                "awswaf:managed:aws:core-rule-set:CrossSiteScripting_QueryArguments",
            ),
            Self::NoUserAgent => blocked(
                Group::Common, "NoUserAgent_HEADER", "[]",
                "awswaf:managed:aws:core-rule-set:NoUserAgent_Header",
            ),
            Self::FileInclusion => blocked(
                Group::Common, "GenericLFI_QUERYARGUMENTS", "[]",
                "awswaf:managed:aws:core-rule-set:GenericLFI_QueryArguments",
            ),
            Self::ExploitablePath => blocked(
                Group::KnownBadInputs, "ExploitablePaths_URIPATH", "[]",
                "awswaf:managed:aws:known-bad-inputs:ExploitablePaths_URIPath",
            ),
            Self::Log4Shell => blocked(
                Group::KnownBadInputs, "Log4JRCE_QUERYSTRING", "[]",
                "awswaf:managed:aws:known-bad-inputs:Log4JRCE_QueryString",
            ),
            Self::BadReputation => blocked(
                Group::IpReputation, "AWSManagedIPReputationList", "[]",
                "awswaf:managed:aws:amazon-ip-list:AWSManagedIPReputationList",
            ),
            Self::SqlInjection => blocked(
                Group::SqlInjection, "SQLi_QUERYARGUMENTS",
                r#"[{"conditionType":"SQL_INJECTION","sensitivityLevel":"LOW","location":"ALL_QUERY_ARGS","matchedData":["1","or","1"],"matchedFieldName":"id"}]"#,
                "awswaf:managed:aws:sql-database:SQLi_QueryArguments",
            ),
            Self::WordPressPath => blocked(
                Group::WordPress, "WordPressExploitablePaths_URIPATH", "[]",
                "awswaf:managed:aws:wordpress-app:WordPressExploitablePaths_URIPATH",
            ),
            Self::NewRule => Ruling {
                terminator: Terminator::Regular(NEW_RULE),
                counted: CountedMatch::None,
                label: None,
            },
            Self::RateLimited => Ruling {
                terminator: Terminator::RateBased(RATE_RULE),
                counted: CountedMatch::None,
                label: None,
            },
        }
    }
}

fn allowed(counted: CountedMatch, label: Option<&'static str>) -> Ruling {
    Ruling {
        terminator: Terminator::DefaultAction,
        counted,
        label,
    }
}

fn blocked(group: Group, rule: &'static str, details: &'static str, label: &'static str) -> Ruling {
    Ruling {
        terminator: Terminator::Group {
            group,
            rule,
            details,
        },
        counted: CountedMatch::None,
        label: Some(label),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_listed_at_their_numbers() {
        for (number, verdict) in Verdict::ALL.into_iter().enumerate() {
            assert_eq!(verdict as usize, number);
        }
    }

    #[test]
    fn match_details_are_json() {
        for verdict in Verdict::ALL {
            if let Terminator::Group { details, .. } = verdict.ruling().terminator {
                let value: serde_json::Value = serde_json::from_str(details).expect("JSON");
                assert!(value.is_array());
            }
        }
    }
}
