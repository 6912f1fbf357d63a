use super::measure::Measured;
use super::picture::svg;
use super::run::run;
use super::trace::{Rows, Trace};
use super::truth::Truth;
use crate::detect::simulation::Random;
use crate::detect::{CalibratedSettings, DetectorSettings};
use crate::incident::IncidentPolicy;

const DAY: u64 = 1_440;

fn acl_csv(days: u64, flood: std::ops::Range<u64>) -> String {
    let mut random = Random(11);
    let mut text = String::from("t,total,allowed,blocked,counted,distinct_ip,top_ip,login\n");
    for minute in 0..days * DAY {
        let total = random.poisson(120.0);
        let extra = if flood.contains(&minute) { 600 } else { 0 };
        let blocked = total / 50 + extra;
        text.push_str(&format!(
            "{},{},{total},{blocked},3,{},{},2\n",
            1_767_225_600 + minute * 60,
            total + blocked,
            total / 3,
            4 + extra
        ));
    }
    text
}

fn calibrated() -> DetectorSettings {
    DetectorSettings::Calibrated(CalibratedSettings::default())
}

#[test]
fn a_flood_in_a_recorded_series_is_found_once_and_drawn() {
    let trace = Trace::from_csv("shop", &acl_csv(2, 2_000..2_010)).expect("a series");
    let truth = r#"{"shop": [{"type": "flood", "start": 2000, "end": 2010, "benign": false}]}"#;
    let events = Truth::from_json(truth).expect("a truth").of(&trace);
    let run = run(&trace, calibrated(), &IncidentPolicy::default());
    let mut measured = Measured::default();
    measured.add(&run, &events, trace.window_seconds);
    assert_eq!(measured.recall(), Some(1.0));
    assert_eq!(measured.true_incidents, 1);
    assert!(measured.false_incidents <= 1, "{:?}", run.incidents);
    assert_eq!(measured.kinds["flood"].median_delay(), Some(0));
    let picture = svg("a <title>", &run);
    assert!(picture.contains("a &lt;title&gt;") && picture.ends_with("</svg>\n"));
    assert_eq!(picture.matches("<rect x=").count(), run.incidents.len());
}

#[test]
fn truths_by_time_are_found_in_rows() {
    let text =
        "timestamp,value\n2015-02-26 21:40:00,1\n2015-02-26 21:45:00,2\n2015-02-26 21:50:00,3\n";
    let trace = Trace::from_csv("a/b", text).expect("a series");
    assert!(matches!(&trace.rows, Rows::Values(values) if values[1].1 == 2.0));
    assert!((trace.window_seconds - 300.0).abs() < 1e-9);
    let truth = r#"{"a/b.csv": [["2015-02-26 21:45:00.000000", "2015-02-26 21:50:00.000000"]]}"#;
    let events = Truth::from_json(truth).expect("a truth").of(&trace);
    assert_eq!((events[0].start, events[0].end), (1, 3));
}

#[test]
fn other_files_are_refused_with_the_line() {
    let refused = |text: &str| {
        Trace::from_csv("a", text)
            .expect_err("no series")
            .to_string()
    };
    assert!(refused("a,b\n1,2\n").contains("a,b"));
    assert!(refused("timestamp,value\n2015-02-26 21:40:00,x\n").contains("line 2"));
    assert!(refused("timestamp,value\n").contains("no rows"));
    assert!(refused("timestamp,value\n1,NaN\n").contains("line 2"));
}
