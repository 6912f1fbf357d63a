//! What the Lambda functions do, as plain async functions over library values.

pub mod forwarder;
