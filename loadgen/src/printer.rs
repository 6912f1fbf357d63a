//! Renders requests as WAF log records.
//!
//! A record is mostly text that depends on its ACL, its verdict or its client software alone. That
//! text is made once; a record is then some thirty copies. Identifiers and sizes come from the
//! request's own entropy, so that a request reads the same wherever in the file it is written.

use crate::acl::{Acl, Profile};
use crate::dice::mix;
use crate::json::{push_hex, push_number, push_text, quoted};
use crate::kit::{KITS, Kit, Session};
use crate::request::{Method, Request};
use crate::rules::{
    CountedMatch, Group, RATE_LIMIT, RATE_RULE, RATE_WINDOW_SECONDS, Ruling, Terminator, Verdict,
};

/// Pages that people came from.
const REFERERS: [&str; 8] = [
    "/",
    "/products",
    "/search",
    "/offers/weekly",
    "/cart",
    "/account/orders",
    "/blog",
    "/help",
];

/// Renders the requests of a run.
#[derive(Debug)]
pub(crate) struct Printer {
    profile: Profile,
    acls: Vec<AclText>,
    /// At the number of the verdict; `None` where the profile lacks the verdict's rule group.
    rulings: Vec<Option<RulingText>>,
    kits: Vec<KitText>,
}

#[derive(Debug)]
struct AclText {
    intro: String,
    source: String,
    host: String,
    rate_rule: String,
}

#[derive(Debug)]
struct RulingText {
    decision: String,
    groups: String,
    is_rate_limited: bool,
    rest: String,
    labels: String,
}

#[derive(Debug)]
struct KitText {
    headers: String,
    session: Session,
    version: String,
    fingerprints: String,
}

impl Printer {
    pub(crate) fn new(profile: Profile, acls: &[Acl]) -> Self {
        Self {
            profile,
            acls: acls.iter().map(|acl| acl_text(profile, acl)).collect(),
            rulings: Verdict::ALL
                .into_iter()
                .map(|verdict| ruling_text(profile, verdict.ruling()))
                .collect(),
            kits: KITS.iter().map(|kit| kit_text(profile, kit)).collect(),
        }
    }

    /// Appends `request` as one line of JSON, without a line feed.
    pub(crate) fn push(&self, request: &Request, line: &mut Vec<u8>) {
        let draft = &request.draft;
        let acl = &self.acls[request.acl as usize];
        let kit = &self.kits[usize::from(draft.client.kit.0)];
        let ruling = self.rulings[draft.verdict as usize]
            .as_ref()
            .expect("scenarios use only verdicts of their profile's rule groups");

        line.extend_from_slice(b"{\"timestamp\":");
        push_number(line, request.timestamp_ms.unsigned_abs());
        push(line, &acl.intro);
        push(line, &ruling.decision);
        push(line, &acl.source);
        push(line, &ruling.groups);
        if ruling.is_rate_limited {
            push(line, &acl.rate_rule);
            draft.client.address.push(line);
            push(line, "\"}");
        }
        push(line, &ruling.rest);
        draft.client.address.push(line);
        push(line, "\",\"country\":\"");
        push(line, draft.client.country);
        push(line, "\",\"headers\":[");
        self.push_headers(request, acl, kit, line);
        push(line, "],\"uri\":\"");
        draft.uri.push(line);
        push(line, "\",\"args\":\"");
        draft.args.push(line);
        push(line, &kit.version);
        push(line, draft.method.name());
        push(line, "\",\"requestId\":\"");
        self.push_request_id(request, line);
        push(
            line,
            "\",\"fragment\":\"\",\"scheme\":\"https\",\"host\":\"",
        );
        push(line, &acl.host);
        push(line, "\"}");
        push(line, &ruling.labels);
        push(line, &kit.fingerprints);
        push(line, ",\"requestBodySize\":");
        let body_bytes = body_bytes(request);
        push_number(line, body_bytes);
        push(line, ",\"requestBodySizeInspectedByWAF\":");
        push_number(line, body_bytes);
        push(line, "}");
    }

    fn push_headers(&self, request: &Request, acl: &AclText, kit: &KitText, line: &mut Vec<u8>) {
        let address = request.draft.client.address;
        if self.profile == Profile::Api {
            push(line, "{\"name\":\"X-Forwarded-For\",\"value\":\"");
            address.push(line);
            push(
                line,
                "\"},{\"name\":\"X-Forwarded-Proto\",\"value\":\"https\"},",
            );
            push(line, "{\"name\":\"X-Forwarded-Port\",\"value\":\"443\"},");
        }
        push(line, "{\"name\":\"Host\",\"value\":\"");
        push(line, &acl.host);
        push(line, &kit.headers);
        match kit.session {
            Session::Browser => {
                push(line, ",{\"name\":\"Referer\",\"value\":\"https://");
                push(line, &acl.host);
                let page = mix(request.entropy ^ 1) as usize % REFERERS.len();
                push(line, REFERERS[page]);
                push(line, "\"},{\"name\":\"Cookie\",\"value\":\"session=");
                push_hex(line, mix(request.entropy ^ 2), 16);
                push(line, "; consent=all\"}");
            }
            Session::ApiKey => push(line, ",{\"name\":\"x-api-key\",\"value\":\"REDACTED\"}"),
            Session::Token => push(line, ",{\"name\":\"authorization\",\"value\":\"REDACTED\"}"),
            Session::None => {}
        }
        push(line, ",{\"name\":\"X-Amzn-Trace-Id\",\"value\":\"Root=");
        push_trace_id(request, line);
        push(line, "\"}");
    }

    fn push_request_id(&self, request: &Request, line: &mut Vec<u8>) {
        match self.profile {
            Profile::Website => push_trace_id(request, line),
            Profile::Api => {
                const ALPHABET: &[u8; 64] =
                    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
                let bits = mix(request.entropy ^ 3);
                let letters = (0..10).map(|place| ALPHABET[(bits >> (6 * place)) as usize & 63]);
                line.extend(letters);
                push(line, "oAMFxug=");
            }
        }
    }
}

fn push(line: &mut Vec<u8>, text: &str) {
    line.extend_from_slice(text.as_bytes());
}

/// `1-` Unix seconds `-` 96 random bits, as AWS load balancers make them.
fn push_trace_id(request: &Request, line: &mut Vec<u8>) {
    push(line, "1-");
    push_hex(line, request.timestamp_ms.unsigned_abs() / 1_000, 8);
    push(line, "-");
    push_hex(line, mix(request.entropy ^ 4), 16);
    push_hex(line, mix(request.entropy ^ 5), 8);
}

fn body_bytes(request: &Request) -> u64 {
    match (request.draft.method, request.draft.verdict) {
        (Method::Get, _) => 0,
        // The managed rule matches bodies above 8 KiB.
        (Method::Post, Verdict::CountedLargeBody) => 8_193 + mix(request.entropy ^ 6) % 60_000,
        (Method::Post, _) => 40 + mix(request.entropy ^ 6) % 2_000,
    }
}

fn acl_text(profile: Profile, acl: &Acl) -> AclText {
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

fn ruling_text(profile: Profile, ruling: Ruling) -> Option<RulingText> {
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

fn kit_text(profile: Profile, kit: &Kit) -> KitText {
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
