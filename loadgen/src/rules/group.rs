//! The rule groups that AWS manages, by the names of its list.

/// An AWS managed rule group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Common,
    AdminProtection,
    KnownBadInputs,
    Linux,
    SqlInjection,
    Unix,
    IpReputation,
    AnonymousIp,
    Windows,
    WordPress,
    Php,
    BotControl,
    AccountTakeover,
}

impl Group {
    /// All groups.
    pub(crate) const ALL: [Self; 13] = [
        Self::Common,
        Self::AdminProtection,
        Self::KnownBadInputs,
        Self::Linux,
        Self::SqlInjection,
        Self::Unix,
        Self::IpReputation,
        Self::AnonymousIp,
        Self::Windows,
        Self::WordPress,
        Self::Php,
        Self::BotControl,
        Self::AccountTakeover,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Common => "AWSManagedRulesCommonRuleSet",
            Self::AdminProtection => "AWSManagedRulesAdminProtectionRuleSet",
            Self::KnownBadInputs => "AWSManagedRulesKnownBadInputsRuleSet",
            Self::Linux => "AWSManagedRulesLinuxRuleSet",
            Self::SqlInjection => "AWSManagedRulesSQLiRuleSet",
            Self::Unix => "AWSManagedRulesUnixRuleSet",
            Self::IpReputation => "AWSManagedRulesAmazonIpReputationList",
            Self::AnonymousIp => "AWSManagedRulesAnonymousIpList",
            Self::Windows => "AWSManagedRulesWindowsRuleSet",
            Self::WordPress => "AWSManagedRulesWordPressRuleSet",
            Self::Php => "AWSManagedRulesPHPRuleSet",
            Self::BotControl => "AWSManagedRulesBotControlRuleSet",
            Self::AccountTakeover => "AWSManagedRulesATPRuleSet",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for group in Group::ALL {
            assert_eq!(Group::from_name(group.name()), Some(group));
        }
        assert_eq!(Group::from_name("AWSManagedRules"), None);
    }
}
