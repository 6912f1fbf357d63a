//! The Web ACLs and what they protect.
//!
//! Names and ids follow from the number of the ACL alone, so that runs with other seeds or more
//! ACLs continue the same ones.

use crate::dice::mix;
use crate::rules::Group;

/// The account of the documentation's examples.
const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

/// What kind of thing stands behind the ACL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// A REST API on API Gateway, behind all eleven managed groups.
    Api,
    /// A website behind a load balancer, two managed groups and a rate-based rule.
    Website,
}

impl Profile {
    /// Managed rule groups in the order of their priority.
    pub(crate) fn groups(self) -> &'static [Group] {
        match self {
            Self::Api => &[
                Group::Common,
                Group::AdminProtection,
                Group::KnownBadInputs,
                Group::Linux,
                Group::SqlInjection,
                Group::Unix,
                Group::IpReputation,
                Group::AnonymousIp,
                Group::Windows,
                Group::WordPress,
                Group::Php,
            ],
            Self::Website => &[Group::Common, Group::KnownBadInputs],
        }
    }

    /// The name that the ACL gives to its rule for a managed group: bare in templates like the
    /// API's, with a prefix where the console made it.
    pub(crate) fn rule_name(self, group: Group) -> String {
        match self {
            Self::Api => group.name().to_owned(),
            Self::Website => format!("AWS-{}", group.name()),
        }
    }

    /// `httpSourceName`.
    pub(crate) fn source_name(self) -> &'static str {
        match self {
            Self::Api => "APIGW",
            Self::Website => "ALB",
        }
    }
}

/// One Web ACL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acl {
    pub(crate) arn: String,
    pub(crate) host: String,
    /// `httpSourceId`.
    pub(crate) source_id: String,
}

impl Acl {
    /// The ACL numbered `number`, from zero.
    pub(crate) fn new(profile: Profile, number: u32) -> Self {
        let (kind, salt) = match profile {
            Profile::Api => ("api", 1_u64),
            Profile::Website => ("website", 2),
        };
        let high = mix(salt << 32 | u64::from(number));
        let low = mix(high);
        let name = format!("{kind}-{}", number + 1);
        let uuid = format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff,
        );
        let (host, source_id) = match profile {
            Profile::Api => {
                let id = format!("{:010x}", high & 0xff_ffff_ffff);
                (
                    format!("{id}.execute-api.{REGION}.amazonaws.com"),
                    format!("{ACCOUNT}:{id}:prod"),
                )
            }
            Profile::Website => (
                format!("www{}.shop.example", number + 1),
                format!("{ACCOUNT}-app/{name}/{high:016x}"),
            ),
        };
        Self {
            arn: format!("arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/{name}/{uuid}"),
            host,
            source_id,
        }
    }

    /// ARN of the set of addresses that the rate-based rule keeps.
    pub(crate) fn rate_rule_id(&self) -> String {
        format!("{}_{:016x}_IPV4", self.arn, mix(self.arn.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_acl_has_its_own_names() {
        let mut seen = BTreeSet::new();
        for profile in [Profile::Api, Profile::Website] {
            for number in 0..500 {
                let acl = Acl::new(profile, number);
                assert!(
                    acl.arn
                        .starts_with("arn:aws:wafv2:us-east-1:111122223333:regional/webacl/")
                );
                assert!(seen.insert(acl.arn));
                assert!(seen.insert(acl.host));
                assert!(seen.insert(acl.source_id));
            }
        }
    }
}
