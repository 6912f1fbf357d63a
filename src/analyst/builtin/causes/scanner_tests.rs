use super::*;
use crate::detect::Direction;
use crate::investigate::sample::Sample;

fn scan_of(uris: &[(&str, u64)], total: u64) -> Sample {
    Sample::usually(100, 0, 40.0)
        .now(100 + total, 0, 41.0)
        .values(Dimension::ClientAddress, &[("203.0.113.7", total, 0.0)])
        .address("203.0.113.7", total, 0, uris, &[("Default_Action", total)])
}

fn found(sample: Sample) -> Option<Hypothesis> {
    let evidence = sample.build();
    scanner(&Figures::of(&evidence))
}

#[test]
fn one_address_with_hundreds_of_paths_is_a_scanner() {
    let uris = [("/.env", 2), ("/.git/config", 1), ("/backup.zip", 1)];
    let values = [
        ("/.env", 2, 0.0),
        ("/.git/config", 1, 0.0),
        ("/backup.zip", 1, 0.0),
    ];
    let sample = scan_of(&uris, 500).values(Dimension::Uri, &values);
    let found = found(sample).expect("scanner");
    assert!(found.confidence >= 0.7, "{}", found.confidence);
    assert!(
        found
            .reason
            .contains("203.0.113.7 asked for at least 250 distinct paths in 500 requests"),
        "{}",
        found.reason
    );
    assert!(found.reason.contains("/.git/config"), "{}", found.reason);
}

/// The same few files over and over, among paths of which each is asked for once.
#[test]
fn one_address_that_probes_is_a_scanner_whatever_else_it_asks_for() {
    let uris = [
        ("/.env", 90),
        ("/.git/config", 80),
        ("/.aws/credentials", 70),
        ("/app.ini", 24),
    ];
    let values = [("/.env", 95, 0.4), ("/.git/config", 80, 0.1)];
    let sample = scan_of(&uris, 1_500).values(Dimension::Uri, &values);
    let found = found(sample).expect("scanner");
    assert!(found.confidence >= 0.65, "{}", found.confidence);
    assert!(
        found
            .reason
            .contains("203.0.113.7 asked for at least 17 distinct paths in 1500 requests"),
        "{}",
        found.reason
    );
}

#[test]
fn a_few_probes_are_no_scan() {
    let few = [("/.env", 6), ("/.git/config", 6), ("/.aws/credentials", 6)];
    assert_eq!(found(scan_of(&few, 18)), None);
    let among_much = [
        ("/search", 480),
        ("/.env", 8),
        ("/.git/config", 7),
        ("/.aws/credentials", 6),
    ];
    assert_eq!(found(scan_of(&among_much, 501)), None);
    let two = [("/.env", 250), ("/.git/config", 250)];
    assert_eq!(found(scan_of(&two, 500)), None);
}

#[test]
fn what_visitors_ask_for_is_no_probe() {
    let uris = [
        ("/wp-content/a", 40),
        ("/wp-content/b", 40),
        ("/wp-json/c", 40),
    ];
    let sample = |before: f64| {
        let values = uris.map(|(uri, during)| (uri, during, before));
        scan_of(&uris, 120).values(Dimension::Uri, &values)
    };
    assert_eq!(found(sample(30.0)), None);
    assert!(found(sample(0.0)).is_some());
}

/// Anybody can add them to what they do, or they come by themselves.
#[test]
fn probes_do_not_name_what_happens_beside_them() {
    let uris = [("/.env", 8), ("/.git/config", 8), ("/.aws/credentials", 8)];
    let flood = Sample::usually(100, 0, 40.0).now(5_000, 24, 900.0).address(
        "203.0.113.7",
        24,
        24,
        &uris,
        &[],
    );
    assert_eq!(found(flood), None);
    let outage = Sample::usually(400, 0, 150.0)
        .now(24, 24, 1.0)
        .total_finding(Direction::Below, 24.0, 400.0)
        .address("203.0.113.7", 24, 24, &uris, &[]);
    assert_eq!(found(outage), None);
}

#[test]
fn one_address_with_one_path_is_no_scanner() {
    assert_eq!(found(scan_of(&[("/search", 480)], 500)), None);
}

#[test]
fn an_address_that_always_crawls_is_no_scanner() {
    let sample = Sample::usually(500, 0, 40.0)
        .now(600, 0, 41.0)
        .values(Dimension::ClientAddress, &[("66.249.66.1", 400, 350.0)])
        .address("66.249.66.1", 400, 0, &[("/a", 1), ("/b", 1)], &[]);
    assert_eq!(found(sample), None);
}

#[test]
fn a_handful_of_paths_is_no_scan() {
    assert_eq!(found(scan_of(&[("/a", 1), ("/b", 1)], 15)), None);
}

#[test]
fn an_address_without_any_kept_path_claims_nothing() {
    assert_eq!(found(scan_of(&[], 500)), None);
}
