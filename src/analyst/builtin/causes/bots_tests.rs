use super::*;
use crate::investigate::sample::Sample;
use crate::investigate::scenarios;

fn surge() -> Sample {
    Sample::usually(200, 0, 80.0)
        .now(2_200, 0, 400.0)
        .values(
            Dimension::UserAgent,
            &[("python-requests/2.31.0", 1_900, 5.0)],
        )
        .unlisted(Dimension::UserAgent, 300, 195.0)
}

fn found(sample: Sample) -> Option<Hypothesis> {
    let evidence = sample.build();
    bot_surge(&Figures::of(&evidence))
}

#[test]
fn programs_that_name_themselves_are_bots() {
    let found = found(surge()).expect("bots");
    assert!(found.confidence >= 0.5, "{}", found.confidence);
    assert!(
        found.reason.contains("python-requests/2.31.0"),
        "{}",
        found.reason
    );
}

#[test]
fn labels_and_a_fingerprint_add_certainty() {
    let label = "awswaf:managed:aws:bot-control:bot:category:scraping_framework";
    let sample = surge()
        .values(Dimension::Label, &[(label, 1_900, 2.0)])
        .values(
            Dimension::Ja4,
            &[("t13d1516h2_8daaf6152771_b186095e22b6", 1_900, 4.0)],
        );
    let found = found(sample).expect("bots");
    assert!(found.confidence >= 0.8, "{}", found.confidence);
    assert!(found.reason.contains("t13d1516h2"), "{}", found.reason);
}

#[test]
fn clients_that_do_not_pass_challenges_are_bots() {
    let wave = |challenged| {
        let mut evidence = Sample::usually(200, 0, 80.0).now(2_200, 0, 400.0).build();
        evidence.windows[0].counters.challenge = challenged;
        bot_surge(&Figures::of(&evidence))
    };
    let found = wave(1_900).expect("bots");
    assert!(found.confidence >= 0.65, "{}", found.confidence);
    assert!(
        found.reason.contains("challenge or a CAPTCHA"),
        "{}",
        found.reason
    );
    // Of people who come for one page each is challenged once, and passes.
    assert_eq!(wave(1_100), None);
}

#[test]
fn verified_bots_are_welcome() {
    let sample = Sample::usually(200, 0, 80.0).now(2_200, 0, 400.0).values(
        Dimension::Label,
        &[("awswaf:managed:aws:bot-control:bot:verified", 1_900, 5.0)],
    );
    assert_eq!(found(sample), None);
}

#[test]
fn bots_that_grow_with_everything_are_no_surge() {
    assert_eq!(found(scenarios::crowd()), None);
}

#[test]
fn a_busy_client_that_is_always_there_says_nothing() {
    let many = found(surge()).expect("bots").confidence;
    let monitored = surge().values(Dimension::ClientAddress, &[("203.0.113.7", 1_100, 1_050.0)]);
    assert_eq!(found(monitored).expect("bots").confidence, many);
}

#[test]
fn one_client_is_rather_a_flood() {
    let many = found(surge()).expect("bots").confidence;
    let one = surge().values(Dimension::ClientAddress, &[("203.0.113.7", 2_000, 0.0)]);
    let one = found(one).map_or(0.0, |found| found.confidence);
    assert!(one < many);
}
