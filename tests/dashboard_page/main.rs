//! The dashboard's page in a real browser, over the real command and stores that it made.
//!
//! Without Chromium the tests say that they are skipped; with `WAFWATCH_REQUIRE_BROWSER` set they fail.
//! `cargo test --test dashboard_page -- --ignored` draws the pictures of the documentation anew.
#![cfg(all(unix, feature = "dashboard"))]
#![allow(missing_docs)]

#[path = "../browser/mod.rs"]
#[allow(dead_code)]
mod browser;
#[path = "../common/mod.rs"]
mod common;

mod accessible;
mod chart;
mod detail;
mod feedback;
mod hostile;
mod large;
mod live;
mod looks;
mod modules;
mod recovery;
mod served;
mod site;
mod token;
