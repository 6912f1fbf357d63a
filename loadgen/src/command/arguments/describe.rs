//! Scenarios in words.

use std::time::Duration;

use wafwatch_loadgen::{Options, Scenario, duration};

/// The scenario with its defaults, in two lines.
pub fn describe(scenario: Scenario) -> String {
    let about = scenario.about();
    let options = Options::new(scenario);
    let rate = match about.rate {
        rate if rate < 0.01 => format!("1 request per {}", duration::show(period(rate))),
        1.0 => "1 request/s".to_owned(),
        rate => format!("{rate} requests/s"),
    };
    let length = duration::show(options.duration());
    let times = match about.event.is_zero() {
        true => format!("{length} without an event"),
        false => format!(
            "event of {} after {}, {length} in all",
            duration::show(about.event),
            duration::show(about.lead_in),
        ),
    };
    format!(
        "{:<17} {}\n{:<17} {rate}; {times}",
        about.name, about.summary, ""
    )
}

fn period(rate: f64) -> Duration {
    Duration::from_secs((1.0 / rate).round() as u64)
}
