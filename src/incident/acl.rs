//! What the ARN of a Web ACL says, and names that are safe to show.

use sha2::{Digest, Sha256};

/// Longest name that [`safe_name`] gives.
pub const MAX_NAME_LENGTH: usize = 64;

/// Where a Web ACL works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AclScope {
    /// In one region: load balancers, API Gateway, AppSync, Cognito and others.
    Regional,
    /// CloudFront.
    Global,
}

impl AclScope {
    /// The name as WAF's API spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Regional => "REGIONAL",
            Self::Global => "CLOUDFRONT",
        }
    }
}

/// The parts of `arn:{partition}:wafv2:{region}:{account}:{regional|global}/webacl/{name}/{id}`.
///
/// The parts come from a log record: escape them where they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AclArn<'a> {
    /// `us-east-1` for CloudFront.
    pub region: &'a str,
    /// The account that owns the ACL.
    pub account: &'a str,
    /// Where it works.
    pub scope: AclScope,
    /// Its name, unique within account, region and scope.
    pub name: &'a str,
    /// Its id.
    pub id: &'a str,
}

impl<'a> AclArn<'a> {
    /// The parts of `acl`, where it is the ARN of a Web ACL with all its parts; a bare id is not, nor
    /// is an ARN that lacks one: what is taken apart can be put together again.
    #[must_use]
    pub fn parse(acl: &'a str) -> Option<Self> {
        let mut fields = acl.splitn(6, ':');
        let is_waf = fields.next()? == "arn"
            && fields.next()?.starts_with("aws")
            && fields.next()? == "wafv2";
        if !is_waf {
            return None;
        }
        let region = fields.next()?;
        let account = fields.next()?;
        let mut path = fields.next()?.split('/');
        let scope = match path.next()? {
            "regional" => AclScope::Regional,
            "global" => AclScope::Global,
            _ => return None,
        };
        if path.next()? != "webacl" {
            return None;
        }
        let (name, id) = (path.next()?, path.next()?);
        let has_all =
            !(region.is_empty() || account.is_empty() || name.is_empty() || id.is_empty());
        (has_all && path.next().is_none()).then_some(Self {
            region,
            account,
            scope,
            name,
            id,
        })
    }
}

/// The ACL's name, or the whole text where it is no ARN. Not escaped.
#[must_use]
pub fn name(acl: &str) -> &str {
    AclArn::parse(acl).map_or(acl, |arn| arn.name)
}

/// What [`name`] gives, safe in file names, addresses and mails: every
/// character but ASCII letters, digits, `_` and `-` becomes `_`, so does a leading `-`, and at most
/// [`MAX_NAME_LENGTH`] characters are kept.
#[must_use]
pub fn safe_name(acl: &str) -> String {
    let name = name(acl);
    let mut safe = String::with_capacity(name.len().min(MAX_NAME_LENGTH));
    for (place, character) in name.chars().take(MAX_NAME_LENGTH).enumerate() {
        let is_safe = character.is_ascii_alphanumeric()
            || character == '_'
            || (character == '-' && place > 0);
        safe.push(if is_safe { character } else { '_' });
    }
    if safe.is_empty() {
        safe.push_str("acl");
    }
    safe
}

/// Eight hexadecimal digits that tell ACLs of the same name apart: of the SHA-256 of `acl`.
#[must_use]
pub fn short_hash(acl: &str) -> String {
    let digest = Sha256::digest(acl.as_bytes());
    digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ARN: &str = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/5f1d-a52";

    #[test]
    fn an_arn_is_taken_apart() {
        let arn = AclArn::parse(ARN).expect("an ARN");
        assert_eq!(arn.region, "eu-central-1");
        assert_eq!(arn.account, "123456789012");
        assert_eq!(arn.scope, AclScope::Regional);
        assert_eq!((arn.name, name(ARN)), ("shop", "shop"));
        assert_eq!(arn.id, "5f1d-a52");
        let china = "arn:aws-cn:wafv2:us-east-1:1:global/webacl/a/b";
        assert_eq!(
            AclArn::parse(china).map(|arn| arn.scope),
            Some(AclScope::Global)
        );
    }

    #[test]
    fn other_texts_are_no_arn() {
        for text in [
            "",
            "5f1d-a52",
            "arn:aws:wafv2:eu-central-1:1:regional/webacl/shop",
            "arn:aws:wafv2:eu-central-1:1:regional/webacl/shop/id/more",
            "arn:aws:wafv2:eu-central-1:1:regional/ipset/shop/id",
            "arn:aws:wafv2:eu-central-1:1:zonal/webacl/shop/id",
            "arn:aws:waf:eu-central-1:1:regional/webacl/shop/id",
            "arn:aws:wafv2:eu-central-1:1:regional/webacl//id",
            "arn:aws:wafv2:eu-central-1:1:regional/webacl/shop/",
            "arn:aws:wafv2::1:regional/webacl/shop/id",
            "arn:aws:wafv2:eu-central-1::regional/webacl/shop/id",
            "arn:a:b:c:d:regional/webacl/shop/id",
            "arn:",
        ] {
            assert_eq!(AclArn::parse(text), None, "{text}");
            assert_eq!(name(text), text);
        }
    }

    #[test]
    fn names_are_safe() {
        assert_eq!(safe_name(ARN), "shop");
        assert_eq!(safe_name("../../etc/passwd"), "______etc_passwd");
        assert_eq!(safe_name("-rf <b>\r\n"), "_rf__b___");
        assert_eq!(safe_name(""), "acl");
        assert_eq!(safe_name(&"a".repeat(500)).len(), MAX_NAME_LENGTH);
    }

    #[test]
    fn the_hash_is_stable_and_tells_regions_apart() {
        assert_eq!(short_hash("abc"), "ba7816bf");
        assert_ne!(
            short_hash(ARN),
            short_hash(&ARN.replace("eu-central-1", "eu-west-1"))
        );
    }

    proptest! {
        #[test]
        fn any_text_gives_a_safe_name(text in any::<String>()) {
            let name = safe_name(&text);
            prop_assert!(!name.is_empty() && name.len() <= MAX_NAME_LENGTH);
            prop_assert!(!name.starts_with('-'));
            let is_safe = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            prop_assert!(name.chars().all(is_safe));
        }
    }
}
