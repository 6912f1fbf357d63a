//! What the ARNs in the settings of channels say.

/// The region in a topic's ARN, if it is one: `arn:PARTITION:sns:REGION:ACCOUNT:NAME`.
pub(super) fn region_of_topic(arn: &str) -> Option<&str> {
    let (region, _, name) = parts(arn, "sns")?;
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (!name.is_empty() && name.bytes().all(is_known)).then_some(region)
}

/// The region and the account of a product that findings belong to, if it is one:
/// `arn:PARTITION:securityhub:REGION:ACCOUNT:product/COMPANY/NAME`.
pub(super) fn place_of_product(arn: &str) -> Option<(&str, &str)> {
    let (region, account, resource) = parts(arn, "securityhub")?;
    let names: Vec<&str> = resource.split('/').collect();
    let ["product", company, name] = names.as_slice() else {
        return None;
    };
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_known);
    (is_name(company) && is_name(name)).then_some((region, account))
}

/// Region, account and resource of an ARN of `service`.
fn parts<'a>(arn: &'a str, service: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let parts: Vec<&str> = arn.split(':').collect();
    let [prefix, partition, of_service, region, account, resource] = parts.as_slice() else {
        return None;
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let is_arn = *prefix == "arn" && partition.starts_with("aws") && *of_service == service;
    (is_arn && is_account && is_region(region)).then_some((*region, *account, *resource))
}

pub(in crate::config) fn is_region(text: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (5..=32).contains(&text.len()) && text.bytes().all(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_taken_apart() {
        let arn = "arn:aws-cn:securityhub:cn-north-1:123456789012:product/123456789012/default";
        assert_eq!(place_of_product(arn), Some(("cn-north-1", "123456789012")));
        for other in [
            "",
            "arn:aws:securityhub:eu-west-1:123456789012:hub/default",
            "arn:aws:securityhub:eu-west-1:123456789012:product/a",
            "arn:aws:securityhub:eu-west-1:123456789012:product//default",
            "arn:aws:securityhub:eu-west-1::product/aws/guardduty",
            "arn:aws:sns:eu-west-1:123456789012:product/a/b",
        ] {
            assert_eq!(place_of_product(other), None, "{other}");
        }
    }
}
