//! Masks what a report may not show.

/// What a report masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Redaction {
    /// Mask the AWS account id inside ARNs.
    pub account_ids: bool,
}

const ACCOUNT_DIGITS: usize = 12;
/// Stands for an account id.
pub(super) const MASK: &str = "************";
/// An ARN is `arn:partition:service:region:account:resource`.
const FIELDS_BEFORE_ACCOUNT: usize = 4;

impl Redaction {
    /// `text` with everything masked that is to be masked.
    #[must_use]
    pub fn applied(self, text: &str) -> String {
        if !self.account_ids {
            return text.to_owned();
        }
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("arn:") {
            let (front, arn) = rest.split_at(start);
            masked.push_str(front);
            let account = account_of(arn).unwrap_or(0);
            if account == 0 {
                masked.push_str("arn:");
                rest = &arn["arn:".len()..];
                continue;
            }
            masked.push_str(&arn[..account]);
            masked.push_str(MASK);
            rest = &arn[account + ACCOUNT_DIGITS..];
        }
        masked.push_str(rest);
        masked
    }
}

/// Where in `arn` its account id begins, if it has one.
fn account_of(arn: &str) -> Option<usize> {
    let mut colons = arn.match_indices(':');
    let (last, _) = colons.nth(FIELDS_BEFORE_ACCOUNT - 1)?;
    let account = last + 1;
    let digits = arn.as_bytes().get(account..account + ACCOUNT_DIGITS)?;
    let ends = arn
        .as_bytes()
        .get(account + ACCOUNT_DIGITS)
        .is_none_or(|byte| !byte.is_ascii_digit());
    let is_account = digits.iter().all(u8::is_ascii_digit) && ends;
    // An ARN is one word: colons of a later one do not count.
    let is_one_word = !arn[..account].contains(char::is_whitespace);
    (is_account && is_one_word).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/a/b";
    const MASKED: &str = "arn:aws:wafv2:eu-central-1:************:regional/webacl/a/b";

    #[test]
    fn account_ids_are_masked_only_when_asked() {
        let masking = Redaction { account_ids: true };
        assert_eq!(masking.applied(ARN), MASKED);
        assert_eq!(Redaction::default().applied(ARN), ARN);
    }

    #[test]
    fn every_arn_in_a_text_is_masked() {
        let masking = Redaction { account_ids: true };
        assert_eq!(
            masking.applied(&format!("from {ARN} and {ARN}.")),
            format!("from {MASKED} and {MASKED}.")
        );
        assert_eq!(
            masking.applied(&format!("arn: {ARN}")),
            format!("arn: {MASKED}")
        );
    }

    #[test]
    fn what_is_no_account_id_stays() {
        let masking = Redaction { account_ids: true };
        for text in [
            "",
            "arn:",
            "arn:aws:s3:::bucket",
            "123456789012",
            "ünarn:a:b:c:12345678901é",
        ] {
            assert_eq!(masking.applied(text), text);
        }
        let longer = "arn:aws:x:y:1234567890123:z";
        assert_eq!(masking.applied(longer), longer);
    }
}
