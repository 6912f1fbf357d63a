//! The parts of a record that do not depend on the request.

use crate::acl::{Acl, Profile};
use crate::catalog::Catalog;
use crate::json::{push_text, quoted};
use crate::kit::{Kit, Session};
use crate::rules::{
    Action, CountedMatch, Group, RATE_LIMIT, RATE_WINDOW_SECONDS, Ruling, Terminator,
};

#[derive(Debug)]
pub(super) struct AclText {
    pub(super) intro: String,
    pub(super) source: String,
    pub(super) host: String,
    pub(super) rate_rule_id: String,
}

#[derive(Debug)]
pub(super) struct RulingText {
    pub(super) decision: String,
    pub(super) groups: String,
    /// What follows the id in the list of rate-based rules, up to the address.
    pub(super) rate_rule: Option<String>,
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
        rate_rule_id: format!("{{\"rateBasedRuleId\":{},", quoted(&acl.rate_rule_id())),
    }
}

pub(super) fn ruling_text(catalog: &Catalog, ruling: &Ruling) -> RulingText {
    let action = ruling.action.name();
    let (rule, kind, details) = match &ruling.terminator {
        Terminator::DefaultAction => ("Default_Action".to_owned(), "REGULAR", "[]"),
        Terminator::Group { group, details, .. } => (
            catalog.profile.rule_name(*group),
            "MANAGED_RULE_GROUP",
            *details,
        ),
        Terminator::Regular(name) => (name.to_string(), "REGULAR", "[]"),
        Terminator::RateBased(name) => (name.to_string(), "RATE_BASED", "[]"),
    };
    let rate_rule = match &ruling.terminator {
        Terminator::RateBased(name) => Some(format!(
            "\"rateBasedRuleName\":{},\"limitKey\":\"IP\",\
             \"maxRateAllowed\":{RATE_LIMIT},\"evaluationWindowSec\":\"{RATE_WINDOW_SECONDS}\",\
             \"limitValue\":\"",
            quoted(name)
        )),
        Terminator::DefaultAction | Terminator::Group { .. } | Terminator::Regular(_) => None,
    };
    let counted_at_top = match &ruling.counted {
        CountedMatch::AtTop(name) => format!(
            "{{\"ruleId\":{},\"action\":\"COUNT\",\"ruleMatchDetails\":[]}}",
            quoted(name)
        ),
        CountedMatch::None | CountedMatch::InGroup { .. } => String::new(),
    };
    RulingText {
        decision: format!(
            ",\"terminatingRuleId\":{},\"terminatingRuleType\":\"{kind}\",\"action\":\"{action}\",\
             \"terminatingRuleMatchDetails\":{details}",
            quoted(&rule)
        ),
        groups: format!(
            ",\"ruleGroupList\":[{}],\"rateBasedRuleList\":[",
            group_list(catalog.groups(), ruling)
        ),
        rate_rule,
        rest: format!(
            "],\"nonTerminatingMatchingRules\":[{counted_at_top}],\"requestHeadersInserted\":null,\
             \"responseCodeSent\":{},\"httpRequest\":{{\"clientIp\":\"",
            response_code(ruling.action).map_or_else(|| "null".to_owned(), |code| code.to_string())
        ),
        labels: labels(ruling),
    }
}

/// What WAF answers itself, where it says so: a puzzle is 405, a silent challenge 202.
fn response_code(action: Action) -> Option<u16> {
    match action {
        Action::Allow | Action::Block => None,
        Action::Challenge => Some(202),
        Action::Captcha => Some(405),
    }
}

/// Labels, and why a puzzle or a challenge was sent: clients of events have no token.
fn labels(ruling: &Ruling) -> String {
    let names: Vec<String> = ruling
        .labels
        .iter()
        .map(|label| format!("{{\"name\":{}}}", quoted(label)))
        .collect();
    let mut text = String::new();
    if !names.is_empty() {
        text = format!(",\"labels\":[{}]", names.join(","));
    }
    let field = match ruling.action {
        Action::Allow | Action::Block => return text,
        Action::Challenge => "challengeResponse",
        Action::Captcha => "captchaResponse",
    };
    let code = response_code(ruling.action).unwrap_or_default();
    text.push_str(&format!(
        ",\"{field}\":{{\"responseCode\":{code},\"solveTimestamp\":0,\
         \"failureReason\":\"TOKEN_MISSING\"}}"
    ));
    text
}

/// The groups that WAF evaluated: up to the one that terminated, none where a rule of higher
/// priority did.
fn group_list(groups: &[Group], ruling: &Ruling) -> String {
    let evaluated = match &ruling.terminator {
        Terminator::DefaultAction => groups,
        Terminator::Group { group, .. } => {
            let last = groups
                .iter()
                .position(|one| one == group)
                .expect("a catalog has the groups of its rulings");
            &groups[..=last]
        }
        Terminator::Regular(_) | Terminator::RateBased(_) => &[],
    };
    let entries: Vec<String> = evaluated
        .iter()
        .map(|group| group_entry(*group, ruling))
        .collect();
    entries.join(",")
}

fn group_entry(group: Group, ruling: &Ruling) -> String {
    let terminating = match &ruling.terminator {
        Terminator::Group {
            group: ended, rule, ..
        } if *ended == group => format!(
            "{{\"ruleId\":{},\"action\":\"{}\",\"ruleMatchDetails\":null}}",
            quoted(rule),
            ruling.action.name()
        ),
        _ => "null".to_owned(),
    };
    let counted = match &ruling.counted {
        CountedMatch::InGroup {
            group: matched,
            rule,
        } if *matched == group => format!(
            "{{\"ruleId\":{},\"action\":\"COUNT\",\"overriddenAction\":\"BLOCK\",\
             \"ruleMatchDetails\":[]}}",
            quoted(rule)
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
    let agent = kit.user_agent.as_deref().map(|agent| ("User-Agent", agent));
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
