//! Names of rules within their rule groups.

use std::borrow::Cow;

use memchr::memchr;

use super::cut;

/// Longer than the 128 characters that AWS allows a rule or rule group name.
const LONGEST_NAME: usize = 256;

/// The name of a rule group: `name` of a managed group's `vendor#name` or `vendor#name#version`, the
/// name in a rule group's ARN, else the bare id. Without the version, a managed group's update does
/// not make its rules new ones.
pub(super) fn group_name(id: &str) -> &str {
    if id.starts_with("arn:") {
        let mut segments = id
            .split('/')
            .skip_while(|&segment| !segment.ends_with("rulegroup"));
        return segments.nth(1).unwrap_or(id);
    }
    // `str::split_once` takes several times as long, and every group of every record comes here.
    let Some(vendor) = memchr(b'#', id.as_bytes()) else {
        return id;
    };
    let name = &id[vendor + 1..];
    let version = memchr(b'#', name.as_bytes());
    &name[..version.unwrap_or(name.len())]
}

/// `rule` as the rule of `group`: `group/rule`.
pub(super) fn within<'a>(group: Option<&str>, rule: Cow<'a, str>) -> Cow<'a, str> {
    match group {
        Some(group) => Cow::Owned([cut_name(group), "/", cut_name(&rule)].concat()),
        None => rule,
    }
}

fn cut_name(name: &str) -> &str {
    cut(name, LONGEST_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_named_without_vendor_version_and_account() {
        for (id, name) in [
            (
                "AWS#AWSManagedRulesCommonRuleSet",
                "AWSManagedRulesCommonRuleSet",
            ),
            (
                "AWS#AWSManagedRulesCommonRuleSet#Version_1.2",
                "AWSManagedRulesCommonRuleSet",
            ),
            (
                "arn:aws:wafv2:us-east-1:1:global/rulegroup/hello/c05-1f",
                "hello",
            ),
            (
                "arn:aws:wafv2:us-east-1:1:global/other",
                "arn:aws:wafv2:us-east-1:1:global/other",
            ),
            ("41f4eb08-4e1b", "41f4eb08-4e1b"),
            ("#", ""),
            ("", ""),
        ] {
            assert_eq!(group_name(id), name, "{id}");
        }
    }
}
