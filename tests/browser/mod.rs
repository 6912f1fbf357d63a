//! A real browser for tests: headless Chromium, driven over the DevTools protocol.
//!
//! [`chromium`] starts and ends the process, [`connection`] speaks the protocol, [`page`] is one tab,
//! [`input`] what a person does in it, [`observed`] what the tab did on its side.

pub mod chromium;
mod connection;
pub mod input;
pub mod observed;
pub mod page;

pub use chromium::Chromium;
pub use page::Page;
