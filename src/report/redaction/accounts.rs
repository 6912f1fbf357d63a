//! Finds account ids in text.

const ACCOUNT_DIGITS: usize = 12;
/// Stands for an account id.
pub(in crate::report) const MASK: &str = "************";
/// What stands before the last group of a UUID, which may be twelve digits too.
const UUID_FRONT: usize = "xxxxxxxx-xxxx-xxxx-xxxx-".len();

/// Whether `text` is an account id and nothing else.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == ACCOUNT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `text` with a mask for every run of exactly twelve digits that does not end a UUID.
pub(super) fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (front, from_digit) = rest.split_at(start);
        masked.push_str(front);
        let end = from_digit
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(from_digit.len());
        let (digits, after) = from_digit.split_at(end);
        let before = &text[..text.len() - from_digit.len()];
        if digits.len() == ACCOUNT_DIGITS && !ends_within_a_uuid(before) {
            masked.push_str(MASK);
        } else {
            masked.push_str(digits);
        }
        rest = after;
    }
    masked.push_str(rest);
    masked
}

fn ends_within_a_uuid(before: &str) -> bool {
    let bytes = before.as_bytes();
    let Some(front) = bytes.len().checked_sub(UUID_FRONT) else {
        return false;
    };
    let is_fit = |(place, byte): (usize, &u8)| match place {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    bytes[front..].iter().enumerate().all(is_fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/a/b";
    const MASKED: &str = "arn:aws:wafv2:eu-central-1:************:regional/webacl/a/b";

    #[test]
    fn accounts_are_masked_in_arns_and_alone() {
        for (text, expected) in [
            (ARN.to_owned(), MASKED.to_owned()),
            (
                format!("from {ARN} and {ARN}."),
                format!("from {MASKED} and {MASKED}."),
            ),
            (format!("arn: {ARN}"), format!("arn: {MASKED}")),
            (
                "arn:aws:iam::111122223333:user/a".to_owned(),
                "arn:aws:iam::************:user/a".to_owned(),
            ),
            (
                "aws-waf-logs-111122223333".to_owned(),
                format!("aws-waf-logs-{MASK}"),
            ),
            ("ü111122223333é".to_owned(), format!("ü{MASK}é")),
        ] {
            assert_eq!(masked(&text), expected);
            assert_eq!(masked(&expected), expected);
        }
    }

    #[test]
    fn what_is_no_account_stays() {
        for text in [
            "",
            "arn:",
            "arn:aws:s3:::bucket",
            "arn:aws:x:y:1234567890123:z",
            "12345678901",
            "webacl/a/0d4f1c1e-1111-2222-3333-444455556666",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
