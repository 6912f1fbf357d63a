//! What the functions' tests share.
#![allow(dead_code, reason = "each test uses its part")]

pub mod account;
pub mod converse;
pub mod incidents;
pub mod streams;
pub mod topics;
pub mod waf;
pub mod web_acl;
