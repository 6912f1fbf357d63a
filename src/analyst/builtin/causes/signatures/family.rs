//! The families of attacks, each told by parts of names of rules, paths and user agents.

use crate::analyst::Cause;
use crate::analyst::builtin::causes::contains_any;

/// What tells one family of attacks.
pub(super) struct Family {
    /// The cause.
    pub(super) cause: Cause,
    /// What the requests are, as in `12 {requests}`.
    pub(super) requests: &'static str,
    /// Parts of the names of rules, in lower case.
    pub(super) rules: &'static [&'static str],
    /// Parts of the names of rules that belong to another family all the same.
    pub(super) not_rules: &'static [&'static str],
    /// Parts of paths, in lower case.
    pub(super) paths: &'static [&'static str],
    /// Parts of user agents, in lower case.
    pub(super) user_agents: &'static [&'static str],
    /// The last of the recommended actions.
    pub(super) advice: &'static str,
}

pub(super) const ADMIN_PROBING: Family = Family {
    cause: Cause::AdminProbing,
    requests: "requests for administration pages",
    rules: &["adminprotection", "admin-protection", "admin_protection"],
    not_rules: &[],
    paths: &["admin", "/manager/html", "cpanel", "sqlmanager"],
    user_agents: &[],
    advice: "allow administration paths from known networks only: a rule with an IP set of these \
             networks and a scope-down statement on the URI path",
};

pub(super) const INJECTION: Family = Family {
    cause: Cause::InjectionAttempts,
    requests: "injection attempts",
    rules: &[
        "sqli",
        "sql_injection",
        "sql-injection",
        "crosssitescripting",
        "cross_site",
        "xss",
        "genericlfi",
        "genericrfi",
        "lfi_",
        "rfi_",
        "ssrf",
        "unixruleset",
        "linuxruleset",
        "windowsruleset",
        "phpruleset",
        "wordpressruleset",
        "shellcommands",
        "restrictedextensions",
        "phphighriskmethods",
        "wordpressexploitable",
    ],
    not_rules: &[],
    paths: &[
        "<script",
        "%3cscript",
        "../..",
        "%2e%2e%2f",
        "union+select",
        "union%20select",
    ],
    user_agents: &["sqlmap"],
    advice: "look into the application's own log for answers to these requests with status 200 \
             or 500, which would mean that some came through",
};

pub(super) const KNOWN_BAD: Family = Family {
    cause: Cause::KnownBadInputs,
    requests: "requests with payloads of known exploits",
    rules: &[
        "knownbadinputs",
        "log4j",
        "javadeserialization",
        "exploitablepaths",
        "host_localhost",
        "propfind_method",
        "reactjsrce",
    ],
    not_rules: &["wordpress"],
    paths: &["jndi:", "%24%7bjndi"],
    user_agents: &["jndi:"],
    advice: "make sure that the software these exploits aim at (Log4j, Java deserialisation, \
             exposed configuration) is patched or absent",
};

impl Family {
    /// Whether a rule of this name belongs to the family.
    pub(super) fn has_rule(&self, name: &str) -> bool {
        contains_any(name, self.rules) && !contains_any(name, self.not_rules)
    }
}
