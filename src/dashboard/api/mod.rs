//! What can be asked for: one file per resource of `docs/openapi.json`.

pub(super) mod acls;
mod baseline;
mod columns;
mod counts;
pub(super) mod events;
pub(super) mod feedback;
mod filter;
pub(super) mod health;
pub(super) mod incident;
pub(super) mod incidents;
pub(super) mod session;
pub(super) mod top;
mod values;
pub(super) mod windows;

use super::answer::Refusal;
use crate::store::sqlite::SqliteStore;

/// Length of the store's windows in milliseconds.
fn window_ms(store: &SqliteStore) -> Result<i64, Refusal> {
    Ok(store.window_size()?.milliseconds())
}
