//! Renders requests as WAF log records.
//!
//! A record is mostly text that depends on its ACL, its verdict or its client software alone. That
//! text is made once; a record is then some thirty copies. Identifiers and sizes come from the
//! request's own entropy, so that a request reads the same wherever in the file it is written.

mod texts;

use crate::acl::Profile;
use crate::catalog::Catalog;
use crate::dice::mix;
use crate::json::{push_hex, push_number};
use crate::kit::Session;
use crate::plan::Plan;
use crate::request::{Numbered, Request};
use crate::rules::{Body, Ruling, RulingId};
use texts::{AclText, KitText, RulingText, acl_text, kit_text, ruling_text};

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
    catalog: Catalog,
    acls: Vec<AclText>,
    /// At the numbers of the rulings.
    rulings: Vec<RulingText>,
    /// At the numbers of the kits.
    kits: Vec<KitText>,
}

impl Printer {
    pub(crate) fn new(plan: Plan) -> Self {
        let acls = plan.acls();
        let catalog = plan.catalog;
        Self {
            acls: acls
                .iter()
                .map(|acl| acl_text(catalog.profile, acl))
                .collect(),
            rulings: catalog
                .rulings()
                .iter()
                .map(|ruling| ruling_text(&catalog, ruling))
                .collect(),
            kits: catalog
                .kits()
                .iter()
                .map(|kit| kit_text(catalog.profile, kit))
                .collect(),
            catalog,
        }
    }

    /// The ruling numbered `id`.
    pub(crate) fn ruling(&self, id: RulingId) -> &Ruling {
        &self.catalog.rulings()[usize::from(id.0)]
    }

    /// Appends `request` as one line of JSON, without a line feed.
    pub(crate) fn push(&self, request: &Request, line: &mut Vec<u8>) {
        let draft = &request.draft;
        let acl = &self.acls[request.acl as usize];
        let kit = &self.kits[usize::from(draft.client.kit.0)];
        let ruling = &self.rulings[usize::from(draft.ruling.0)];

        line.extend_from_slice(b"{\"timestamp\":");
        push_number(line, request.timestamp_ms.unsigned_abs());
        push(line, &acl.intro);
        push(line, &ruling.decision);
        push(line, &acl.source);
        push(line, &ruling.groups);
        if let Some(rule) = &ruling.rate_rule {
            push(line, &acl.rate_rule_id);
            push(line, rule);
            draft.client.address.push(line);
            push(line, "\"}");
        }
        push(line, &ruling.rest);
        draft.client.address.push(line);
        push(line, "\",\"country\":\"");
        push(line, self.catalog.escaped(draft.client.country));
        push(line, "\",\"headers\":[");
        self.push_headers(request, acl, kit, line);
        push(line, "],\"uri\":\"");
        self.push_numbered(draft.uri, line);
        push(line, "\",\"args\":\"");
        self.push_numbered(draft.args, line);
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
        let body_bytes = body_bytes(request, self.ruling(draft.ruling).body);
        push_number(line, body_bytes);
        push(line, ",\"requestBodySizeInspectedByWAF\":");
        push_number(line, body_bytes);
        push(line, "}");
    }

    fn push_headers(&self, request: &Request, acl: &AclText, kit: &KitText, line: &mut Vec<u8>) {
        let address = request.draft.client.address;
        if self.catalog.profile == Profile::Api {
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
            Session::ApiKey if self.catalog.profile == Profile::Api => {
                push(line, ",{\"name\":\"x-api-key\",\"value\":\"REDACTED\"}");
            }
            Session::Token if self.catalog.profile == Profile::Api => {
                push(line, ",{\"name\":\"authorization\",\"value\":\"REDACTED\"}");
            }
            Session::ApiKey | Session::Token | Session::None => {}
        }
        // A load balancer adds this header only after WAF.
        if self.catalog.profile == Profile::Api {
            push(line, ",{\"name\":\"X-Amzn-Trace-Id\",\"value\":\"Root=");
            push_trace_id(request, line);
            push(line, "\"}");
        }
    }

    fn push_numbered(&self, text: Numbered, line: &mut Vec<u8>) {
        push(line, self.catalog.escaped(text.text));
        if text.number > 0 {
            push_number(line, u64::from(text.number));
        }
    }

    fn push_request_id(&self, request: &Request, line: &mut Vec<u8>) {
        match self.catalog.profile {
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

fn body_bytes(request: &Request, body: Body) -> u64 {
    match (request.draft.method.has_body(), body) {
        (false, _) => 0,
        // The managed rule matches bodies above 8 KiB.
        (true, Body::Large) => 8_193 + mix(request.entropy ^ 6) % 60_000,
        (true, Body::Usual) => 40 + mix(request.entropy ^ 6) % 2_000,
    }
}
