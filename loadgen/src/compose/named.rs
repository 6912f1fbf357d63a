//! The rules of a scenario file.

use super::error::{CompositionError, Source};
use super::file::RuleEntry;
use super::values::{RuleAction, RuleKind};
use crate::rules::{Action, CountedMatch, Group, Ruling, Terminator};

/// A rule without its action.
#[derive(Clone)]
pub(super) struct Named {
    name: String,
    kind: RuleKind,
    group: Option<(Group, String)>,
    labels: Vec<String>,
}

impl Named {
    /// What it makes of a request with `action`.
    pub(super) fn ruling(&self, action: RuleAction) -> Ruling {
        let action = match action {
            RuleAction::Block => Action::Block,
            RuleAction::Challenge => Action::Challenge,
            RuleAction::Captcha => Action::Captcha,
            RuleAction::Count => {
                let counted = match &self.group {
                    Some((group, rule)) => CountedMatch::InGroup {
                        group: *group,
                        rule: rule.clone().into(),
                    },
                    None => CountedMatch::AtTop(self.name.clone().into()),
                };
                return self.labelled(Ruling::counted(counted));
            }
        };
        let terminator = match (&self.group, self.kind) {
            (Some((group, rule)), _) => Terminator::Group {
                group: *group,
                rule: rule.clone().into(),
                details: "[]",
            },
            (None, RuleKind::Regular) => Terminator::Regular(self.name.clone().into()),
            (None, RuleKind::RateBased) => Terminator::RateBased(self.name.clone().into()),
        };
        self.labelled(Ruling::ended(action, terminator))
    }

    fn labelled(&self, ruling: Ruling) -> Ruling {
        let labels = self.labels.iter().cloned();
        labels.fold(ruling, Ruling::with_label)
    }
}

/// The rule that `entry` describes under `name`.
pub(super) fn rule(
    source: &Source<'_>,
    name: &str,
    entry: &RuleEntry,
) -> Result<Named, CompositionError> {
    let group = match &entry.group {
        None => None,
        Some(text) => {
            let group = Group::from_name(text.get_ref()).ok_or_else(|| {
                let known: Vec<&str> = Group::ALL.iter().map(|group| group.name()).collect();
                let message = format!("unknown managed group: choose one of {}", known.join(", "));
                source.wrong("rules.group", text, &message)
            })?;
            let rule = entry.rule.clone().unwrap_or_else(|| name.to_owned());
            Some((group, rule))
        }
    };
    if let (Some(_), Some(kind)) = (&group, &entry.kind) {
        let message = "a rule of a managed group has no kind: leave it out";
        return Err(source.wrong("rules.kind", kind, message));
    }
    Ok(Named {
        name: name.to_owned(),
        kind: entry
            .kind
            .as_ref()
            .map_or_else(RuleKind::default, |kind| *kind.get_ref()),
        group,
        labels: entry.labels.clone(),
    })
}
