//! `wafwatch notify`.

use anyhow::anyhow;
use serde_json::json;

use super::arguments::CommonArguments;
use super::exit::{Outcome, UsageError};
use super::{print, print_json, setup};
use crate::config::{NotifyConfig, NotifyTarget, Settings};
use crate::notify::{Message, Retry};

/// Sends a test message through the channel that the configuration calls `name`.
pub(super) fn test(name: &str, common: &CommonArguments) -> anyhow::Result<Outcome> {
    let (settings, warnings) = setup::settings(common, None)?;
    super::session::tell(&warnings);
    let config = find(&settings, name)?;
    let channel = setup::channel(&settings, config, &|| setup::terminal(common))?;
    let message = Message::test(name, setup::now());
    let taken = channel.notifier.notify(&message);
    // What the terminal shows is all that there is to say of it.
    let is_terminal = config.target == NotifyTarget::Terminal;
    if common.json && !is_terminal {
        let problem = taken.as_ref().err().map(|error| error.problem.clone());
        print_json(&json!({
            "channel": name,
            "event_id": message.event_id,
            "delivered": taken.is_ok(),
            "problem": problem,
        }))?;
    }
    match taken {
        Ok(()) if is_terminal || common.json => Ok(Outcome::Done),
        Ok(()) => {
            print(&format!(
                "channel {name} took the test message {}\n",
                message.event_id
            ))?;
            Ok(Outcome::Done)
        }
        Err(error) => {
            let fate = match error.retry {
                Retry::Never => "a message of an incident would be given up",
                Retry::Later | Retry::After(_) => "a message of an incident would be tried again",
            };
            let problem = settings.privacy.redaction().applied(&error.problem);
            Err(anyhow!(
                "channel {name} did not take the test message: {problem}; {fate}"
            ))
        }
    }
}

fn find<'a>(settings: &'a Settings, name: &str) -> Result<&'a NotifyConfig, UsageError> {
    let found = settings.notify.iter().find(|config| config.name == name);
    found.ok_or_else(|| {
        let names = settings.notify.iter().map(|config| config.name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        UsageError(format!(
            "there is no channel {name:?}: the configuration has {names}; add a [[notify]] block for \
             another"
        ))
    })
}
