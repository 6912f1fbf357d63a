//! What the name of a Web ACL says of it.

/// Which resources a Web ACL protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Load balancers, API gateways and the like of one region.
    Regional,
    /// CloudFront distributions.
    Cloudfront,
}

impl Scope {
    /// As the WAF API spells it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Regional => "REGIONAL",
            Self::Cloudfront => "CLOUDFRONT",
        }
    }
}

/// The parts of a Web ACL's ARN. Where the log has only a bare id, that is the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AclDetails<'a> {
    pub name: &'a str,
    pub scope: Option<Scope>,
    pub region: Option<&'a str>,
    pub account: Option<&'a str>,
}

impl<'a> AclDetails<'a> {
    /// Reads `arn:{partition}:wafv2:{region}:{account}:{regional|global}/webacl/{name}/{id}`.
    pub(super) fn of(acl: &'a str) -> Self {
        Self::from_arn(acl).unwrap_or(Self {
            name: acl,
            scope: None,
            region: None,
            account: None,
        })
    }

    fn from_arn(acl: &'a str) -> Option<Self> {
        let mut fields = acl.splitn(6, ':');
        if fields.next()? != "arn" {
            return None;
        }
        let _partition = fields.next()?;
        let _service = fields.next()?;
        let region = fields.next()?;
        let account = fields.next()?;
        let mut resource = fields.next()?.split('/');
        let scope = match resource.next()? {
            "regional" => Scope::Regional,
            "global" => Scope::Cloudfront,
            _ => return None,
        };
        if resource.next()? != "webacl" {
            return None;
        }
        let some = |text: &'a str| (!text.is_empty()).then_some(text);
        Some(Self {
            name: some(resource.next()?)?,
            scope: Some(scope),
            region: some(region),
            account: some(account),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_taken_apart() {
        let acl = AclDetails::of("arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/app/id");
        assert_eq!(acl.name, "app");
        assert_eq!(acl.scope, Some(Scope::Regional));
        assert_eq!(acl.region, Some("eu-central-1"));
        assert_eq!(acl.account, Some("111122223333"));
        let acl = AclDetails::of("arn:aws-cn:wafv2:us-east-1:111122223333:global/webacl/cdn/id");
        assert_eq!(acl.scope, Some(Scope::Cloudfront));
    }

    #[test]
    fn anything_else_is_a_name() {
        for text in [
            "",
            "385cb038-3a6f",
            "arn:",
            "arn:a:b:c:d:e",
            "arn:a:b:c:d:regional/webacl/",
        ] {
            let acl = AclDetails::of(text);
            assert_eq!((acl.name, acl.scope, acl.account), (text, None, None));
        }
    }
}
