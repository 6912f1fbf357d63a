//! Partials as one commit takes them.

use wafwatch_windows::partial::Partial;
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::time::Window;

use crate::store::StoredPartial;
use crate::store::dynamodb::MAX_COMMIT_BYTES;

/// Most that one partial takes: an item of the table holds 400 KB.
const MAX_PARTIAL_BYTES: usize = 256 * 1_024;

/// Partials that one commit may hold: each may take what counters and distinct counts need.
pub(super) const MAX_PARTIALS: usize = MAX_COMMIT_BYTES / SketchSettings::MIN_BUDGET_BYTES;

/// Encodes partials so that all of them fit into one commit.
pub(super) fn encode(drained: Vec<(String, Window, Partial)>, budget: usize) -> Vec<StoredPartial> {
    let within = |budget: usize| -> Vec<StoredPartial> {
        let encoded = drained.iter().map(|(acl, window, partial)| StoredPartial {
            acl: acl.clone(),
            window: *window,
            encoded: partial.encode(budget),
        });
        encoded.collect()
    };
    let partials = within(budget.min(MAX_PARTIAL_BYTES));
    let bytes: usize = partials
        .iter()
        .map(|partial| partial.acl.len() + partial.encoded.len())
        .sum();
    if bytes <= MAX_COMMIT_BYTES {
        return partials;
    }
    let share = MAX_COMMIT_BYTES / drained.len().max(1);
    within(budget.min(share))
}
