//! Events made by hand, for tests of what keeps and delivers them.

use wafwatch_windows::counters::Counters;
use wafwatch_windows::time::{EventTime, WindowSize};

use super::{EventKind, Incident, IncidentEvent, Level, Severity, State};
use crate::detect::Mix;

/// The opening event of an incident of `acl` in the first minute of all; `number` tells several apart.
pub(crate) fn event(acl: &str, number: u32) -> IncidentEvent {
    let opened = EventTime(0);
    let window = WindowSize::DEFAULT.window_of(opened);
    let incident = Incident {
        id: "shop-1".to_owned(),
        acl: acl.to_owned(),
        state: State::Open,
        opened,
        last_window: window,
        resolved: None,
        severity: Severity(70),
        announced: Level::High,
        windows: 1,
        quiet_windows: 0,
        counters: Counters::default(),
        findings: Vec::new(),
        mix: Mix::Unknown,
        messages: number,
    };
    IncidentEvent {
        id: format!("shop-1/{number}"),
        kind: EventKind::Opened,
        window,
        incident,
    }
}
