use super::*;
use crate::investigate::sample::Sample;

fn logins(now: u64, posts: u64) -> Sample {
    Sample::usually(200, 0, 80.0)
        .now(200 + now, 0, 300.0)
        .values(
            Dimension::Uri,
            &[("/api/login", now, 5.0), ("/", 200, 195.0)],
        )
        .values(
            Dimension::Method,
            &[("POST", posts, 10.0), ("GET", 200 + now - posts, 190.0)],
        )
}

fn found(sample: Sample) -> Option<Hypothesis> {
    let evidence = sample.build();
    credential_stuffing(&Figures::of(&evidence))
}

#[test]
fn posts_to_the_login_are_credential_stuffing() {
    let found = found(logins(2_000, 1_990)).expect("stuffing");
    assert!(found.confidence >= 0.8, "{}", found.confidence);
    assert!(
        found
            .reason
            .contains("2000 requests for /api/login (usually 5 per window)"),
        "{}",
        found.reason
    );
    assert_eq!(found.effect, Effect::Attack { stopped: 0.0 });
}

#[test]
fn people_who_only_open_the_login_page_are_doubtful() {
    let found = found(logins(2_000, 15)).expect("proposed");
    assert!(found.confidence <= 0.55, "{}", found.confidence);
}

#[test]
fn takeover_prevention_adds_certainty() {
    let label = "awswaf:managed:aws:atp:aggregate:volumetric:ip:high";
    let told = found(logins(2_000, 1_990).values(Dimension::Label, &[(label, 900, 0.0)]));
    let untold = found(logins(2_000, 1_990));
    assert!(told.expect("stuffing").confidence >= untold.expect("stuffing").confidence);
}

#[test]
fn logins_that_grow_with_everything_are_none() {
    let sample = Sample::usually(200, 0, 80.0)
        .now(1_000, 0, 400.0)
        .values(Dimension::Uri, &[("/login", 50, 10.0), ("/", 950, 190.0)]);
    assert_eq!(found(sample), None);
}

#[test]
fn a_few_logins_are_none() {
    assert_eq!(found(logins(20, 20)), None);
}
