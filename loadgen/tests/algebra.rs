//! What the library promises about runs with related options, for many seeds.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;
use wafwatch_loadgen::{
    Counts, EventTruth, Format, Generator, Line, Options, Scenario, generate, generate_as,
};

/// A run short enough to make many of.
fn short(scenario: Scenario, seed: u64) -> Options {
    let mut options = Options::new(scenario);
    options.seed = seed;
    options.lead_in = Duration::from_secs(5 * 60);
    options.event = options.event.min(Duration::from_secs(2 * 60));
    options.duration = Some(Duration::from_secs(10 * 60));
    options.intensity = 0.2;
    options
}

fn lines(options: &Options) -> Vec<Line> {
    Generator::new(options).expect("valid options").collect()
}

fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

fn any_scenario() -> impl Strategy<Value = Scenario> {
    proptest::sample::select(Scenario::ALL.to_vec())
}

fn counts_of(lines: &[Line]) -> Counts {
    let mut counts = Counts::default();
    for line in lines {
        let record: Value = serde_json::from_str(&line.text).expect("valid JSON");
        let in_groups = record["ruleGroupList"].as_array().expect("a list").iter();
        let matches = in_groups
            .chain([&record])
            .flat_map(|holder| holder["nonTerminatingMatchingRules"].as_array())
            .flatten();
        let is_counted = matches.clone().any(|rule| rule["action"] == "COUNT");
        counts.total += 1;
        counts.allowed += u64::from(record["action"] == "ALLOW");
        counts.blocked += u64::from(record["action"] == "BLOCK");
        counts.challenged += u64::from(record["action"] == "CHALLENGE");
        counts.captcha += u64::from(record["action"] == "CAPTCHA");
        counts.counted += u64::from(is_counted);
        counts.duplicates += u64::from(line.event.is_copy);
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn equal_options_give_equal_bytes(scenario in any_scenario(), seed in any::<u64>()) {
        let options = short(scenario, seed);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let first_truth = generate(&options, &mut first).expect("writing to memory");
        let second_truth = generate(&options, &mut second).expect("writing to memory");
        prop_assert_eq!(&first_truth, &second_truth);
        prop_assert_eq!(first_truth.bytes, first.len() as u64);
        prop_assert!(first == second);
        let other = lines(&Options { seed: seed.wrapping_add(1), ..options });
        prop_assert_ne!(texts(&other).join("\n").into_bytes(), first);
    }

    #[test]
    fn every_line_is_a_complete_record_at_its_time(scenario in any_scenario(), seed in any::<u64>()) {
        let options = Options { acls: 2, ..short(scenario, seed) };
        let mut generator = Generator::new(&options).expect("valid options");
        let lines: Vec<Line> = generator.by_ref().collect();
        let truth = generator.truth();
        for line in &lines {
            let record: Value = serde_json::from_str(&line.text).expect("valid JSON");
            prop_assert_eq!(&record["timestamp"], line.event.timestamp_ms);
            prop_assert_eq!(&record["webaclId"], &truth.acls[line.event.acl as usize].arn);
            for field in ["terminatingRuleId", "terminatingRuleType", "action", "httpSourceName", "httpSourceId"] {
                prop_assert!(record[field].is_string(), "{field}");
            }
            let request = &record["httpRequest"];
            for field in ["clientIp", "country", "uri", "args", "httpVersion", "httpMethod", "requestId"] {
                prop_assert!(request[field].is_string(), "{field}");
            }
            let address: Result<std::net::IpAddr, _> = request["clientIp"].as_str().expect("text").parse();
            prop_assert!(address.is_ok());
            for header in request["headers"].as_array().expect("a list") {
                prop_assert!(header["name"].is_string() && header["value"].is_string());
            }
            prop_assert!(line.text.len() > 1_000 && !line.text.contains('\n'));
        }
        prop_assert_eq!(counts_of(&lines), truth.counts);
        for (number, acl) in truth.acls.iter().enumerate() {
            let own: Vec<Line> = lines.iter().filter(|line| line.event.acl as usize == number).cloned().collect();
            prop_assert_eq!(counts_of(&own), acl.counts);
        }
        let of_event: Vec<Line> = lines.iter().filter(|line| line.event.is_event).cloned().collect();
        let counted: u64 = truth.events.iter().map(|event| event.counts.total).sum();
        prop_assert_eq!(of_event.len() as u64, counted);
        if let [event] = truth.events.as_slice() {
            prop_assert_eq!(counts_of(&of_event), event.counts);
        }
        for line in &of_event {
            prop_assert_eq!(line.event.acl, 0);
            let is_in = |event: &EventTruth| {
                (event.start_ms..event.end_ms).contains(&line.event.timestamp_ms)
            };
            prop_assert!(truth.events.iter().any(is_in));
        }
    }

    #[test]
    fn an_event_only_adds(seed in any::<u64>()) {
        let attack = lines(&short(Scenario::Attack, seed));
        let background: Vec<Line> = attack.into_iter().filter(|line| !line.event.is_event).collect();
        prop_assert_eq!(background, lines(&short(Scenario::Regular, seed)));
    }

    #[test]
    fn the_first_acl_does_not_depend_on_the_others(scenario in any_scenario(), seed in any::<u64>()) {
        let one = short(scenario, seed);
        let three = Options { acls: 3, ..one.clone() };
        let first: Vec<Line> = lines(&three).into_iter().filter(|line| line.event.acl == 0).collect();
        prop_assert_eq!(first, lines(&one));
    }

    #[test]
    fn a_longer_run_begins_with_the_shorter_one(scenario in any_scenario(), seed in any::<u64>()) {
        let short = short(scenario, seed);
        let long = Options { duration: Some(Duration::from_secs(15 * 60)), ..short.clone() };
        let (short, long) = (lines(&short), lines(&long));
        prop_assert!(long.len() > short.len());
        prop_assert_eq!(texts(&long[..short.len()]), texts(&short));
    }

    #[test]
    fn an_outage_changes_nothing_after_it(seed in any::<u64>()) {
        // The crowd's background is the same website.
        let outage = short(Scenario::Outage, seed);
        let end_ms = outage.start_ms + (outage.lead_in + outage.event).as_millis() as i64;
        let after = |options: &Options| -> Vec<Line> {
            let lines = lines(options).into_iter();
            lines.filter(|line| line.event.timestamp_ms >= end_ms).collect()
        };
        prop_assert_eq!(after(&outage), after(&short(Scenario::Crowd, seed)));
    }

    #[test]
    fn disorder_permutes_within_its_bound_and_duplicates_repeat(
        scenario in any_scenario(),
        seed in any::<u64>(),
        disorder_ms in 0_u64..30_000,
        duplicates in 0.0_f64..=1.0,
    ) {
        let plain = short(scenario, seed);
        let disorder = Duration::from_millis(disorder_ms);
        let messy = Options { disorder, duplicates, ..plain.clone() };
        let mut generator = Generator::new(&messy).expect("valid options");
        let messy_lines: Vec<Line> = generator.by_ref().collect();
        let truth = generator.truth();

        let mut latest_ms = i64::MIN;
        let mut out_of_order = 0;
        for line in &messy_lines {
            let behind_ms = latest_ms.saturating_sub(line.event.timestamp_ms);
            prop_assert!(behind_ms <= disorder_ms as i64);
            out_of_order += u64::from(behind_ms > 0);
            latest_ms = latest_ms.max(line.event.timestamp_ms);
        }
        prop_assert_eq!(out_of_order, truth.out_of_order);
        prop_assert_eq!(counts_of(&messy_lines), truth.counts);

        let mut once = texts(&messy_lines);
        once.sort_unstable();
        once.dedup();
        let plain_lines = lines(&plain);
        let mut expected = texts(&plain_lines);
        expected.sort_unstable();
        prop_assert_eq!(once, expected);
        prop_assert_eq!(messy_lines.len() as u64, plain_lines.len() as u64 + truth.counts.duplicates);
    }
}

#[test]
fn duplicates_have_the_share_that_was_asked_for() {
    let mut options = Options::new(Scenario::Outage);
    options.duplicates = 0.1;
    let truth = generate(&options, &mut std::io::sink()).expect("nothing can fail");
    let once = truth.counts.total - truth.counts.duplicates;
    let share = truth.counts.duplicates as f64 / once as f64;
    assert!((share - 0.1).abs() < 0.01, "{share}");
}

#[test]
fn gzip_holds_the_same_lines() {
    let options = short(Scenario::Flood, 1);
    let (mut plain, mut packed, mut unpacked) = (Vec::new(), Vec::new(), Vec::new());
    let truth = generate(&options, &mut plain).expect("writing to memory");
    let packed_truth =
        generate_as(Format::Gzip, &options, &mut packed, &mut |_| {}).expect("writing to memory");
    let mut decoder = flate2::read::GzDecoder::new(packed.as_slice());
    std::io::Read::read_to_end(&mut decoder, &mut unpacked).expect("valid gzip");
    assert!(plain == unpacked);
    assert!(packed.len() * 5 < plain.len());
    assert_eq!(truth, packed_truth);
}

#[test]
fn an_output_that_fails_is_an_error() {
    let mut full = [0_u8; 100];
    let result = generate(&short(Scenario::Xss, 1), &mut full.as_mut_slice());
    assert!(result.is_err());
}
