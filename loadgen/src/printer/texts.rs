//! The parts of a record that do not depend on the request.

use crate::acl::{Acl, Profile};
use crate::json::{push_text, quoted};
use crate::kit::{Kit, Session};
use crate::rules::{
    CountedMatch, Group, RATE_LIMIT, RATE_RULE, RATE_WINDOW_SECONDS, Ruling, Terminator,
};

#[derive(Debug)]
pub(super) struct AclText {
    pub(super) intro: String,
    pub(super) source: String,
    pub(super) host: String,
    pub(super) rate_rule: String,
}

#[derive(Debug)]
pub(super) struct RulingText {
    pub(super) decision: String,
    pub(super) groups: String,
    pub(super) is_rate_limited: bool,
    pub(super) rest: String,
    pub(super) labels: String,
}

#[derive(Debug)]
pub(super) struct KitText {
    pub(super) headers: String,
    pub(super) session: Session,
    pub(super) version: String,
    pub(super) fingerprints: String,
}

pub(super) fn acl_text(profile: Profile, acl: &Acl) -> AclText {
    AclText {
        intro: format!(",\"formatVersion\":1,\"webaclId\":{}", quoted(&acl.arn)),
        source: format!(
            ",\"httpSourceName\":\"{}\",\"httpSourceId\":{}",
            profile.source_name(),
            quoted(&acl.source_id)
        ),
        host: acl.host.clone(),
        rate_rule: format!(
            "{{\"rateBasedRuleId\":{},\"rateBasedRuleName\":\"{RATE_RULE}\",\"limitKey\":\"IP\",\
             \"maxRateAllowed\":{RATE_LIMIT},\"evaluationWindowSec\":\"{RATE_WINDOW_SECONDS}\",\
             \"limitValue\":\"",
            quoted(&acl.rate_rule_id())
        ),
    }
}

pub(super) fn ruling_text(profile: Profile, ruling: Ruling) -> Option<RulingText> {
    let (rule, kind, action, details) = match ruling.terminator {
        Terminator::DefaultAction => ("Default_Action".to_owned(), "REGULAR", "ALLOW", "[]"),
        Terminator::Group { group, details, .. } => (
            profile.rule_name(group),
            "MANAGED_RULE_GROUP",
            "BLOCK",
            details,
        ),
        Terminator::Regular(name) => (name.to_owned(), "REGULAR", "BLOCK", "[]"),
        Terminator::RateBased(name) => (name.to_owned(), "RATE_BASED", "BLOCK", "[]"),
    };
    let counted_at_top = match ruling.counted {
        CountedMatch::AtTop(name) => {
            format!("{{\"ruleId\":\"{name}\",\"action\":\"COUNT\",\"ruleMatchDetails\":[]}}")
        }
        CountedMatch::None | CountedMatch::InGroup { .. } => String::new(),
    };
    let labels = ruling.label.map_or_else(String::new, |label| {
        format!(",\"labels\":[{{\"name\":{}}}]", quoted(label))
    });
    Some(RulingText {
        decision: format!(
            ",\"terminatingRuleId\":{},\"terminatingRuleType\":\"{kind}\",\"action\":\"{action}\",\
             \"terminatingRuleMatchDetails\":{details}",
            quoted(&rule)
        ),
        groups: format!(
            ",\"ruleGroupList\":[{}],\"rateBasedRuleList\":[",
            group_list(profile, ruling)?
        ),
        is_rate_limited: matches!(ruling.terminator, Terminator::RateBased(_)),
        rest: format!(
            "],\"nonTerminatingMatchingRules\":[{counted_at_top}],\"requestHeadersInserted\":null,\
             \"responseCodeSent\":null,\"httpRequest\":{{\"clientIp\":\""
        ),
        labels,
    })
}

/// The groups that WAF evaluated: up to the one that terminated, none where a rule of higher
/// priority did.
fn group_list(profile: Profile, ruling: Ruling) -> Option<String> {
    let groups = profile.groups();
    let evaluated = match ruling.terminator {
        Terminator::DefaultAction => groups,
        Terminator::Group { group, .. } => {
            let last = groups.iter().position(|one| *one == group)?;
            &groups[..=last]
        }
        Terminator::Regular(_) | Terminator::RateBased(_) => &[],
    };
    let entries: Vec<String> = evaluated
        .iter()
        .map(|group| group_entry(*group, ruling))
        .collect();
    Some(entries.join(","))
}

fn group_entry(group: Group, ruling: Ruling) -> String {
    let terminating = match ruling.terminator {
        Terminator::Group {
            group: ended, rule, ..
        } if ended == group => {
            format!("{{\"ruleId\":\"{rule}\",\"action\":\"BLOCK\",\"ruleMatchDetails\":null}}")
        }
        _ => "null".to_owned(),
    };
    let counted = match ruling.counted {
        CountedMatch::InGroup {
            group: matched,
            rule,
        } if matched == group => format!(
            "{{\"ruleId\":\"{rule}\",\"action\":\"COUNT\",\"overriddenAction\":\"BLOCK\",\
             \"ruleMatchDetails\":[]}}"
        ),
        _ => String::new(),
    };
    format!(
        "{{\"ruleGroupId\":\"AWS#{}\",\"terminatingRule\":{terminating},\
         \"nonTerminatingMatchingRules\":[{counted}],\"excludedRules\":null}}",
        group.name()
    )
}

pub(super) fn kit_text(profile: Profile, kit: &Kit) -> KitText {
    let mut headers = b"\"}".to_vec();
    let agent = kit.user_agent.map(|agent| ("User-Agent", agent));
    for (name, value) in agent.into_iter().chain(kit.headers.iter().copied()) {
        headers.extend_from_slice(b",{\"name\":\"");
        push_text(&mut headers, name);
        headers.extend_from_slice(b"\",\"value\":\"");
        push_text(&mut headers, value);
        headers.extend_from_slice(b"\"}");
    }
    // WAF makes fingerprints for CloudFront and load balancers only.
    let fingerprints = match profile {
        Profile::Api => String::new(),
        Profile::Website => format!(
            ",\"ja3Fingerprint\":\"{}\",\"ja4Fingerprint\":\"{}\"",
            kit.ja3, kit.ja4
        ),
    };
    KitText {
        headers: String::from_utf8(headers).expect("escaping valid UTF-8 leaves it valid"),
        session: kit.session,
        version: format!(
            "\",\"httpVersion\":\"{}\",\"httpMethod\":\"",
            kit.http_version
        ),
        fingerprints,
    }
}
