//! What Slack's answers mean, and what to do about those that do not pass.

use crate::notify::Retry;
use crate::notify::http::{Answer, Refusal, Verdict, verdict};

/// Whether `answer`, which came at `unix_seconds`, says that Slack took the message.
pub(super) fn of(answer: &Answer, unix_seconds: i64) -> Result<(), Refusal> {
    let retry_after = answer.retry_after.as_deref();
    let Verdict::Refused { meaning, retry } = verdict(answer.status, retry_after, unix_seconds)
    else {
        return Ok(());
    };
    let quoted = answer.quoted();
    let status = answer.status;
    let Some(advice) = lasting(&answer.said) else {
        return Err(Refusal {
            problem: format!("answered {status}: {meaning}{quoted}"),
            retry,
        });
    };
    Err(Refusal {
        problem: format!("answered {status}{quoted} ({advice})"),
        retry: Retry::Never,
    })
}

/// What to do about what Slack says, where that does not pass by itself.
fn lasting(said: &str) -> Option<&'static str> {
    Some(match said {
        "no_service" | "no_service_id" | "no_team" | "no_active_hooks" | "team_disabled"
        | "invalid_token" | "token_revoked" => {
            "the webhook is gone: add an incoming webhook to your Slack app and set its URL"
        }
        "channel_not_found" | "channel_is_archived" | "is_archived" => {
            "the channel is gone or archived: restore it, or make a webhook for another one"
        }
        "action_prohibited" | "posting_to_general_channel_denied" | "user_not_found" => {
            "the workspace does not let this webhook post there: ask its administrator, or make a \
             webhook for another channel"
        }
        "invalid_payload"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "no_text"
        | "missing_text_or_fallback_or_attachments"
        | "too_many_attachments" => {
            "Slack does not take the message as it is written, which is a defect of wafwatch: please \
             report it"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn meaning(status: u16, said: &str, retry_after: Option<&str>) -> Option<(String, Retry)> {
        let answer = Answer {
            status,
            said: said.to_owned(),
            retry_after: retry_after.map(str::to_owned),
        };
        let refusal = of(&answer, 1_445_412_400).err();
        refusal.map(|refusal| (refusal.problem, refusal.retry))
    }

    #[test]
    fn what_slack_took_is_delivered() {
        assert_eq!(meaning(200, "ok", None), None);
    }

    #[test]
    fn too_many_messages_wait_as_long_as_slack_wants() {
        let (problem, retry) = meaning(429, "rate_limited", Some("30")).expect("is refused");
        assert_eq!(retry, Retry::After(Duration::from_secs(30)));
        assert!(
            problem.contains("429") && problem.contains("rate_limited"),
            "{problem}"
        );
        let (_, retry) = meaning(500, "rollup_error", None).expect("is refused");
        assert_eq!(retry, Retry::Later);
    }

    #[test]
    fn what_does_not_pass_is_given_up_with_what_to_do() {
        for (status, said, advice) in [
            (404, "no_service", "add an incoming webhook"),
            (403, "invalid_token", "add an incoming webhook"),
            (410, "channel_is_archived", "restore it"),
            (404, "channel_not_found", "make a webhook for another one"),
            (403, "action_prohibited", "ask its administrator"),
            (400, "invalid_payload", "a defect of wafwatch"),
            // Slack has answered this with a status of its own trouble.
            (500, "no_team", "add an incoming webhook"),
            (404, "what is this", "there is no receiver"),
        ] {
            let (problem, retry) = meaning(status, said, Some("5")).expect("is refused");
            assert_eq!(retry, Retry::Never, "{said}");
            assert!(
                problem.contains(said) && problem.contains(advice),
                "{problem}"
            );
        }
    }
}
