//! The rulings of the built-in scenarios.
//!
//! Rule and label names are those of the AWS Managed Rules rule groups list.

use super::{Action, Body, CountedMatch, Group, NEW_RULE, RATE_RULE, Ruling, Terminator};

/// What may become of a request in a built-in scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    CountedLargeBody,
    CountedAutomation,
    AdminPath,
    CrossSiteScripting,
    NoUserAgent,
    FileInclusion,
    RestrictedExtension,
    ExploitablePath,
    Log4Shell,
    Log4ShellHeader,
    JavaDeserialization,
    LocalHost,
    BadReputation,
    SqlInjection,
    SqlInjectionBody,
    SqlInjectionCookie,
    WordPressPath,
    NewRule,
    RateLimited,
    BotLabelled,
    BotScraper,
    VolumetricLogin,
    CompromisedCredentials,
    Challenged,
    Puzzled,
    CountedStrictly,
    BlockedStrictly,
}

/// The rule that `enforcement` moves from COUNT to BLOCK.
pub(crate) const STRICT_RULE: &str = "strict-query-rule";
/// The rule that sends silent challenges.
pub(crate) const CHALLENGE_RULE: &str = "challenge-suspicious-clients";
const CAPTCHA_RULE: &str = "captcha-at-login";

const XSS: &str = r#"[{"conditionType":"XSS","sensitivityLevel":null,"location":"ALL_QUERY_ARGS","matchedData":["<","script"],"matchedFieldName":"test"}]"#;
const SQLI: &str = r#"[{"conditionType":"SQL_INJECTION","sensitivityLevel":"LOW","location":"ALL_QUERY_ARGS","matchedData":["1","or","1"],"matchedFieldName":"id"}]"#;
const SQLI_BODY: &str = r#"[{"conditionType":"SQL_INJECTION","sensitivityLevel":"LOW","location":"BODY","matchedData":["union","select"],"matchedFieldName":""}]"#;

impl From<Verdict> for Ruling {
    #[rustfmt::skip]
    fn from(verdict: Verdict) -> Self {
        const LABEL: &str = "awswaf:managed:aws:";
        let label = |rest: &str| format!("{LABEL}{rest}");
        let common = |rule, rest| Ruling::managed(Group::Common, rule).with_label(label(rest));
        let bad_input = |rule, rest| Ruling::managed(Group::KnownBadInputs, rule).with_label(label(rest));
        let sqli = |rule, rest| Ruling::managed(Group::SqlInjection, rule).with_label(label(rest));
        match verdict {
            Verdict::Allowed => Ruling::allowed(),
            Verdict::CountedLargeBody => Ruling {
                body: Body::Large,
                ..Ruling::counted(CountedMatch::InGroup {
                    group: Group::Common,
                    rule: "SizeRestrictions_BODY".into(),
                }).with_label(label("core-rule-set:SizeRestrictions_Body"))
            },
            Verdict::CountedAutomation => Ruling::counted(CountedMatch::AtTop("count-automation".into())),
            Verdict::AdminPath => Ruling::managed(Group::AdminProtection, "AdminProtection_URIPATH")
                .with_label(label("admin-protection:AdminProtection_URIPath")),
            Verdict::CrossSiteScripting =>
                common("CrossSiteScripting_QUERYARGUMENTS", "core-rule-set:CrossSiteScripting_QueryArguments")
                    .with_details(XSS),
            Verdict::NoUserAgent => common("NoUserAgent_HEADER", "core-rule-set:NoUserAgent_Header"),
            Verdict::FileInclusion => common("GenericLFI_QUERYARGUMENTS", "core-rule-set:GenericLFI_QueryArguments"),
            Verdict::RestrictedExtension =>
                common("RestrictedExtensions_URIPATH", "core-rule-set:RestrictedExtensions_URIPath"),
            Verdict::ExploitablePath =>
                bad_input("ExploitablePaths_URIPATH", "known-bad-inputs:ExploitablePaths_URIPath"),
            Verdict::Log4Shell => bad_input("Log4JRCE_QUERYSTRING", "known-bad-inputs:Log4JRCE_QueryString"),
            Verdict::Log4ShellHeader => bad_input("Log4JRCE_HEADER", "known-bad-inputs:Log4JRCE_Header"),
            Verdict::JavaDeserialization =>
                bad_input("JavaDeserializationRCE_BODY", "known-bad-inputs:JavaDeserializationRCE_Body"),
            Verdict::LocalHost => bad_input("Host_localhost_HEADER", "known-bad-inputs:Host_Localhost_Header"),
            Verdict::BadReputation => Ruling::managed(Group::IpReputation, "AWSManagedIPReputationList")
                .with_label(label("amazon-ip-list:AWSManagedIPReputationList")),
            Verdict::SqlInjection =>
                sqli("SQLi_QUERYARGUMENTS", "sql-database:SQLi_QueryArguments").with_details(SQLI),
            Verdict::SqlInjectionBody =>
                sqli("SQLi_BODY", "sql-database:SQLi_Body").with_details(SQLI_BODY),
            Verdict::SqlInjectionCookie => sqli("SQLi_COOKIE", "sql-database:SQLi_Cookie"),
            Verdict::WordPressPath => Ruling::managed(Group::WordPress, "WordPressExploitablePaths_URIPATH")
                .with_label(label("wordpress-app:WordPressExploitablePaths_URIPATH")),
            Verdict::NewRule => Ruling::ended(Action::Block, Terminator::Regular(NEW_RULE.into())),
            Verdict::RateLimited => Ruling::ended(Action::Block, Terminator::RateBased(RATE_RULE.into())),
            Verdict::BotLabelled => Ruling::counted(CountedMatch::InGroup {
                    group: Group::BotControl,
                    rule: "SignalAutomatedBrowser".into(),
                })
                .with_label(label("bot-control:signal:automated_browser"))
                .with_label(label("bot-control:bot:unverified")),
            Verdict::BotScraper => Ruling::managed(Group::BotControl, "CategoryScrapingFramework")
                .with_label(label("bot-control:bot:category:scraping_framework"))
                .with_label(label("bot-control:bot:unverified")),
            Verdict::VolumetricLogin => Ruling::managed(Group::AccountTakeover, "VolumetricIpHigh")
                .with_label(label("atp:aggregate:volumetric:ip:high")),
            Verdict::CompromisedCredentials =>
                Ruling::managed(Group::AccountTakeover, "AttributeCompromisedCredentials")
                    .with_label(label("atp:aggregate:attribute:compromised_credentials")),
            Verdict::Challenged => Ruling::ended(Action::Challenge, Terminator::Regular(CHALLENGE_RULE.into())),
            Verdict::Puzzled => Ruling::ended(Action::Captcha, Terminator::Regular(CAPTCHA_RULE.into())),
            Verdict::CountedStrictly => Ruling::counted(CountedMatch::AtTop(STRICT_RULE.into())),
            Verdict::BlockedStrictly => Ruling::ended(Action::Block, Terminator::Regular(STRICT_RULE.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn match_details_are_json() {
        for details in [XSS, SQLI, SQLI_BODY] {
            let value: serde_json::Value = serde_json::from_str(details).expect("JSON");
            assert!(value.is_array());
        }
    }

    #[test]
    fn a_managed_rule_names_its_group_and_label() {
        let ruling = Ruling::from(Verdict::Log4Shell);
        assert_eq!(ruling.groups().collect::<Vec<_>>(), [Group::KnownBadInputs]);
        let label = "awswaf:managed:aws:known-bad-inputs:Log4JRCE_QueryString";
        assert_eq!(ruling.labels, [label]);
        assert!(!ruling.is_counted());
    }
}
