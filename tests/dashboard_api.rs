//! The dashboard's API, by the real command over real stores: answers, access, and what is told live.
#![cfg(all(unix, feature = "dashboard"))]

mod common;

#[path = "dashboard_api/answers.rs"]
mod answers;
#[path = "dashboard_api/guarded.rs"]
mod guarded;
#[path = "dashboard_api/live.rs"]
mod live;
#[path = "dashboard_api/schema.rs"]
mod schema;
#[path = "dashboard_api/server.rs"]
mod server;
