use super::*;
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
    ];
    let sample = scan_of(&uris, 1_500);
    let found = found(sample).expect("scanner");
    assert!(found.confidence >= 0.7, "{}", found.confidence);
}

#[test]
fn a_few_probes_among_much_else_are_no_scan() {
    let uris = [
        ("/search", 480),
        ("/.env", 2),
        ("/.git", 1),
        ("/wp-login.php", 1),
    ];
    assert_eq!(found(scan_of(&uris, 500)), None);
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
