//! The analyst on Bedrock, from WAF records to the messages that people get: the real pipeline, store,
//! outbox and SDK client, against a server that speaks Converse.
#![cfg(feature = "aws")]

mod common;

#[path = "bedrock/account.rs"]
mod account;
#[path = "bedrock/canaries.rs"]
mod canaries;
#[path = "bedrock/corpus.rs"]
mod corpus;
#[path = "bedrock/faults.rs"]
mod faults;
#[path = "bedrock/injections.rs"]
mod injections;
#[path = "bedrock/obedient.rs"]
mod obedient;
#[path = "bedrock/run.rs"]
mod run;
#[path = "bedrock/scenarios.rs"]
mod scenarios;
