use wafwatch_windows::time::{EventTime, WindowSize};

use super::*;
use crate::detect::{Direction, Signal};
use crate::incident::Incident;
use crate::incident::sample::event;

const ACL: &str = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/1";
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn window_at(milliseconds: i64) -> Window {
    WindowSize::DEFAULT.window_of(EventTime(milliseconds))
}

/// `observed` where 10 to 20 are expected.
fn finding(signal: Signal, observed: f64) -> Finding {
    Finding {
        signal,
        direction: if observed > 15.0 {
            Direction::Above
        } else {
            Direction::Below
        },
        observed,
        expected: 15.0,
        lower: 10.0,
        upper: 20.0,
        score: 9.0,
        once_in_windows: 1e9,
        reason: String::new(),
        pattern: None,
        muted: None,
    }
}

/// An incident of the hour that begins at `opened`.
fn incident(opened: i64, findings: Vec<Finding>) -> Incident {
    Incident {
        id: format!("shop-{opened}"),
        opened: EventTime(opened),
        last_window: window_at(opened + HOUR - 1),
        windows: 60,
        findings,
        ..event(ACL, 1).incident
    }
}

fn marks(marks: Vec<Mark>) -> Marks {
    Marks::from([(ACL.to_owned(), marks)])
}

/// Why `finding` is muted in the window at `time`, and what it weighs.
fn judged(marks: &Marks, calendar: &str, time: i64, finding: Finding) -> (Option<String>, Weight) {
    let calendar = Calendar::parse("test", calendar).expect("is right");
    let guidance = Guidance {
        calendar: &calendar,
        marks,
    };
    let mut findings = [finding];
    let weight = guidance.apply(ACL, window_at(time), &mut findings);
    let [finding] = findings;
    (finding.muted, weight)
}

const NOON: i64 = 12 * HOUR;

fn marked(judgement: Judgement, made: i64) -> Mark {
    let of_noon = incident(NOON, vec![finding(Signal::Total, 60.0)]);
    Mark::new(&of_noon, judgement, EventTime(made))
}

#[test]
fn what_was_irrelevant_is_muted_at_the_same_hour_and_size_alone() {
    let marks = marks(vec![marked(Judgement::Irrelevant, 1)]);
    let is_muted = |time, finding| judged(&marks, "", time, finding).0.is_some();
    let tomorrow = NOON + DAY;
    assert!(is_muted(tomorrow, finding(Signal::Total, 60.0)));
    assert!(is_muted(
        tomorrow + 90 * 60_000,
        finding(Signal::Total, 40.0)
    ));
    let (by, _) = judged(&marks, "", tomorrow, finding(Signal::Total, 60.0));
    assert_eq!(by.as_deref(), Some("marked irrelevant with shop-43200000"));

    assert!(!is_muted(tomorrow + 4 * HOUR, finding(Signal::Total, 60.0)));
    assert!(!is_muted(tomorrow, finding(Signal::Blocked, 60.0)));
    assert!(
        !is_muted(tomorrow, finding(Signal::Total, 0.0)),
        "the other side"
    );
    assert!(
        !is_muted(tomorrow, finding(Signal::Total, 90.0)),
        "much stronger"
    );
    let of_another = Marks::from([("another".to_owned(), marks[ACL].clone())]);
    let there = judged(&of_another, "", tomorrow, finding(Signal::Total, 60.0));
    assert_eq!(there.0, None);
}

#[test]
fn the_newest_mark_counts() {
    let both = |older, newer| {
        let mut newer = marked(newer, 2);
        newer.incident = "shop-newer".to_owned();
        marks(vec![marked(older, 1), newer])
    };
    let seen = |marks: &Marks| judged(marks, "", NOON + DAY, finding(Signal::Total, 60.0));
    let relevant_now = both(Judgement::Irrelevant, Judgement::Relevant);
    assert_eq!(seen(&relevant_now), (None, Weight::Relevant));
    let irrelevant_now = both(Judgement::Relevant, Judgement::Irrelevant);
    let (muted, weight) = seen(&irrelevant_now);
    assert!(muted.is_some_and(|by| by.ends_with("shop-newer")));
    assert_eq!(weight, Weight::Ordinary);
}

#[test]
fn only_what_is_expected_is_accepted() {
    let calendar = Calendar::default();
    for (judgement, is_accepted) in [
        (Judgement::Relevant, false),
        (Judgement::Irrelevant, false),
        (Judgement::Expected, true),
    ] {
        let marks = marks(vec![marked(judgement, 1)]);
        let guidance = Guidance {
            calendar: &calendar,
            marks: &marks,
        };
        assert_eq!(guidance.is_accepted(ACL, "shop-43200000"), is_accepted);
        assert!(!guidance.is_accepted(ACL, "shop-1"));
        assert!(!guidance.is_accepted("another", "shop-43200000"));
    }
}

const SALE: &str = "[[event]]\nname = \"sale\"\nfrom = \"1970-01-01T12:00:00Z\"\n\
                    until = \"1970-01-01T13:00:00Z\"\neffect = \"expect\"\nfactor = 3.0\n";

#[test]
fn more_of_a_number_is_expected_in_a_sale_and_no_other_share() {
    let muted = |finding| judged(&Marks::new(), SALE, NOON, finding).0;
    assert_eq!(
        muted(finding(Signal::Total, 60.0)).as_deref(),
        Some("planned: sale")
    );
    assert_eq!(muted(finding(Signal::Total, 61.0)), None, "more than that");
    assert_eq!(muted(finding(Signal::Total, 0.0)), None, "less");
    assert_eq!(muted(finding(Signal::BlockedRatio, 30.0)), None);
    let after = judged(
        &Marks::new(),
        SALE,
        NOON + HOUR,
        finding(Signal::Total, 60.0),
    );
    assert_eq!(after.0, None);
}

#[test]
fn a_window_is_treated_as_all_its_events_say() {
    let event = |effect: &str| SALE.replace("expect\"\nfactor = 3.0", effect);
    let treatment = |text: &str| {
        let calendar = Calendar::parse("test", text).expect("is right");
        let marks = Marks::new();
        let guidance = Guidance {
            calendar: &calendar,
            marks: &marks,
        };
        guidance.treatment(ACL, window_at(NOON))
    };
    let of = |scoring, messages| Treatment { scoring, messages };
    assert_eq!(treatment(""), Treatment::default());
    assert_eq!(treatment(SALE), of(Scoring::Unusual, Messages::Sent));
    let ignore = event("ignore\"");
    let silence = event("silence\"");
    assert_eq!(treatment(&ignore), of(Scoring::Ignored, Messages::Sent));
    assert_eq!(treatment(&silence), of(Scoring::Usual, Messages::Held));
    for all in [
        format!("{SALE}{ignore}{silence}"),
        format!("{silence}{ignore}{SALE}"),
    ] {
        assert_eq!(treatment(&all), of(Scoring::Ignored, Messages::Held));
    }
}
