//! The DynamoDB store over an emulator of DynamoDB.
#![cfg(feature = "aws")]

mod closing;
mod configuration;
mod counting;
mod damage;
mod emulator;
mod faults;
mod limits;
mod outbox;
mod values;
