//! An account whose CloudTrail holds what a test says.

use std::sync::Arc;

use serde_json::{Value, json};
use wafwatch::investigate::surroundings::{AccountView, Looked, Question, TrailEvent};
use wafwatch_windows::time::EventTime;

use super::run::START;

/// Recorded events, as CloudTrail writes them.
pub struct Recorded(Vec<Value>);

impl Recorded {
    /// An account with these events.
    pub fn view(events: Vec<Value>) -> Arc<dyn AccountView> {
        Arc::new(Self(events))
    }
}

impl AccountView for Recorded {
    fn look(&self, _: &Question) -> Looked {
        let events = self
            .0
            .iter()
            .map(|event| TrailEvent::parse(&event.to_string()).expect("is a significant event"));
        Looked {
            trail: Some((EventTime(START), events.collect())),
            ..Looked::default()
        }
    }
}

/// A change of `acl` at midnight of the tests' day.
pub fn change(acl: &str, parameters: Value) -> Value {
    let mut parameters = parameters;
    parameters["webACLArn"] = json!(acl);
    json!({
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "userName": "alice"},
        "eventTime": "2026-01-05T00:00:00Z",
        "eventSource": "wafv2.amazonaws.com",
        "eventName": "UpdateWebACL",
        "sourceIPAddress": "198.51.100.9",
        "userAgent": "aws-cli/2.15",
        "eventID": "1",
        "requestParameters": parameters,
    })
}
