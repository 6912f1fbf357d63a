//! What an answer, or the lack of one, means for the message.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

use crate::notify::Retry;

/// Longest wait that a receiver may ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What the receiver did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::notify) enum Verdict {
    /// It took the message.
    Delivered,
    /// It did not.
    Refused {
        /// In words, for the error.
        meaning: &'static str,
        /// Whether to try again.
        retry: Retry,
    },
}

/// What `status` means, with the `Retry-After` header and the time at which it came.
pub(in crate::notify) fn verdict(
    status: u16,
    retry_after: Option<&str>,
    unix_seconds: i64,
) -> Verdict {
    let (meaning, is_passing) = match status {
        200..=299 => return Verdict::Delivered,
        300..=399 => ("redirects are not followed, set the final url", false),
        401 | 403 => (
            "the receiver does not accept the url's or the message's credentials",
            false,
        ),
        404 | 410 => ("there is no receiver at this url", false),
        408 => ("the receiver waited too long", true),
        413 => ("the message is too large for the receiver", false),
        429 => ("the receiver gets too many messages", true),
        500..=599 => ("the receiver is in trouble", true),
        _ => ("the receiver refused the message", false),
    };
    if !is_passing {
        return Verdict::Refused {
            meaning,
            retry: Retry::Never,
        };
    }
    let wait = retry_after.and_then(|value| wait_of(value, unix_seconds));
    Verdict::Refused {
        meaning,
        retry: wait.map_or(Retry::Later, Retry::After),
    }
}

/// Whether to try again after no answer came. Only requests that could never be sent are given up.
pub(super) fn retry_after_failure(error: &ureq::Error) -> Retry {
    match error {
        ureq::Error::Http(_)
        | ureq::Error::BadUri(_)
        | ureq::Error::RequireHttpsOnly(_)
        | ureq::Error::InvalidProxyUrl => Retry::Never,
        _ => Retry::Later,
    }
}

/// The wait that `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3).
fn wait_of(retry_after: &str, unix_seconds: i64) -> Option<Duration> {
    let value = retry_after.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER));
    }
    let date = DateTimeParser::new().parse_timestamp(value).ok()?;
    let seconds = u64::try_from(date.as_second().saturating_sub(unix_seconds)).unwrap_or(0);
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(status: u16, retry_after: Option<&str>) -> Option<Retry> {
        match verdict(status, retry_after, 1_445_412_400) {
            Verdict::Delivered => None,
            Verdict::Refused { retry, .. } => Some(retry),
        }
    }

    #[test]
    fn every_success_is_a_delivery() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(retry(status, None), None);
        }
    }

    #[test]
    fn trouble_passes_and_refusals_stay() {
        for status in [408, 429, 500, 502, 503, 504, 599] {
            assert_eq!(retry(status, None), Some(Retry::Later), "{status}");
        }
        for status in [100, 301, 308, 400, 401, 403, 404, 410, 413, 422, 600] {
            assert_eq!(retry(status, Some("5")), Some(Retry::Never), "{status}");
        }
    }

    #[test]
    fn a_wait_is_given_in_seconds_or_as_a_date() {
        let after = |seconds| Some(Retry::After(Duration::from_secs(seconds)));
        assert_eq!(retry(429, Some("120")), after(120));
        assert_eq!(retry(503, Some(" 7 ")), after(7));
        assert_eq!(retry(503, Some("Wed, 21 Oct 2015 07:28:00 GMT")), after(80));
        assert_eq!(retry(503, Some("Wed, 21 Oct 2015 07:00:00 GMT")), after(0));
    }

    #[test]
    fn absurd_waits_are_held_and_nonsense_is_ignored() {
        let day = Some(Retry::After(LONGEST_RETRY_AFTER));
        assert_eq!(retry(503, Some("18446744073709551615")), day);
        assert_eq!(retry(503, Some("Fri, 31 Dec 2100 23:59:59 GMT")), day);
        for nonsense in ["", "-5", "soon", "1e9", "18446744073709551616"] {
            assert_eq!(retry(503, Some(nonsense)), Some(Retry::Later), "{nonsense}");
        }
    }
}
