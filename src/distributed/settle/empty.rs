//! Windows without records: an outage is a finding.

use std::collections::BTreeMap;

use wafwatch_windows::close::Due;
use wafwatch_windows::time::{EventTime, Window};

use super::Settler;
use crate::close;
use crate::store::StoreError;
use crate::store::dynamodb::MAX_CLOSING_WINDOWS;

impl Settler<'_> {
    /// Closes windows without records, before `end` where windows with records were left there.
    pub(super) async fn empty_windows(&mut self, end: Option<EventTime>) {
        let size = self.settings.close.window_size;
        let is_before_end = |window: Window| end.is_none_or(|end| window.start < end);
        let next: Vec<(String, Window)> = self
            .view
            .next_windows(size)
            .map(|(acl, window)| (acl.to_owned(), window))
            .collect();
        for (acl, window) in next {
            let is_due = is_before_end(window) && self.due(window) != Due::NotYet;
            if !is_due || self.failed.contains(&acl) {
                continue;
            }
            if let Err(error) = self.empty_windows_of(&acl, end).await {
                if error.is_conflict() {
                    // Somebody else closes them.
                    self.settled.conflicts += 1;
                } else {
                    self.fail(&acl, window, &error);
                }
            }
        }
    }

    async fn empty_windows_of(
        &mut self,
        acl: &str,
        end: Option<EventTime>,
    ) -> Result<(), StoreError> {
        let mut state = self.read_head(acl).await?;
        let (policy, round) = (self.settings.close_policy, self.round);
        let due = |window: Window| {
            if end.is_some_and(|end| window.start >= end) {
                return Due::NotYet;
            }
            policy.due(window, round.low, round.now)
        };
        let marks = self.marks().await?;
        let nothing = BTreeMap::new();
        loop {
            if self.is_over() {
                self.settled.is_behind = true;
                return Ok(());
            }
            let closing = close::close_due(
                acl,
                &state,
                &mut BTreeMap::new(),
                &due,
                MAX_CLOSING_WINDOWS,
                &marks,
                &self.settings.close,
            );
            let Some(closing) = closing else {
                return Ok(());
            };
            state = closing.state.clone();
            self.write(closing, &nothing).await?;
        }
    }
}
