//! Command lines and what they ask for.

use std::path::PathBuf;
use std::time::Duration;

use wafwatch_loadgen::envelope::{Encoding, Key};
use wafwatch_loadgen::{DEFAULT_START_MS, Format, Options, Scenario};

use super::*;
use crate::command::probe::Source;
use crate::command::sink::Rotation;
use crate::command::tempo::Tempo;

fn read(line: &str) -> Result<Request, clap::Error> {
    parse(line.split(' '), || 1_800_000_012_345)
}

fn job_of(line: &str) -> Job {
    match read(line) {
        Ok(Request::Send(job)) => *job,
        other => panic!("{line} gave {other:?}"),
    }
}

fn made_of(line: &str) -> (Made, Output) {
    match job_of(line) {
        Job {
            input: Input::Made(made),
            output,
        } => (made, output),
        other => panic!("{line} gave {other:?}"),
    }
}

fn replay_of(line: &str) -> (Replay, Output) {
    match job_of(line) {
        Job {
            input: Input::Recorded(replay),
            output,
        } => (replay, output),
        other => panic!("{line} gave {other:?}"),
    }
}

#[test]
fn the_command_is_well_formed() {
    command().debug_assert();
}

#[test]
fn without_options_a_scenario_has_its_defaults() {
    for scenario in Scenario::ALL {
        let (made, output) = made_of(&format!("loadgen {scenario}"));
        assert_eq!(made.options, Options::new(scenario));
        assert_eq!(output.destination, Destination::Stdout(Format::JsonLines));
        assert_eq!(output.tempo, Tempo::Max);
    }
}

#[test]
fn options_arrive() {
    let (made, output) = made_of(
        "loadgen flood --rate 50 --duration 2h --seed 9 --acls 3 --disorder 5s \
         --duplicates 0.01 --lead-in 1h --event 90s --intensity 2 --out a.jsonl.gz \
         --truth t.json --start now --speed 60x --rotate 5m --report r.json --hgrm h.hgrm",
    );
    let expected = Options {
        rate: 50.0,
        duration: Some(Duration::from_secs(2 * 3_600)),
        seed: 9,
        acls: 3,
        disorder: Duration::from_secs(5),
        duplicates: 0.01,
        lead_in: Duration::from_secs(3_600),
        event: Duration::from_secs(90),
        intensity: 2.0,
        start_ms: 1_800_000_000_000,
        ..Options::new(Scenario::Flood)
    };
    assert_eq!(made.options, expected);
    assert_eq!(made.truth, Some(PathBuf::from("t.json")));
    let rotation = Rotation::Time(Duration::from_secs(300));
    let files = Destination::Files("a.jsonl.gz".into(), Format::Gzip, rotation);
    assert_eq!(output.destination, files);
    assert_eq!(output.tempo, Tempo::Times(60.0));
    assert_eq!(output.report, Some(PathBuf::from("r.json")));
}

#[test]
fn a_replay_goes_as_it_was_recorded_unless_told_otherwise() {
    let (replay, output) = replay_of("loadgen replay a b");
    assert_eq!((output.tempo, replay.divisor), (Tempo::Times(1.0), 1.0));
    assert_eq!((replay.start_ms, replay.locations.len()), (None, 2));
    let (replay, output) =
        replay_of("loadgen replay a --speed 60x --stamp sent --start 2026-01-05T00:00:00Z");
    assert_eq!((output.tempo, replay.divisor), (Tempo::Times(60.0), 60.0));
    assert_eq!(replay.start_ms, Some(DEFAULT_START_MS));
}

#[test]
fn an_endpoint_arrives() {
    let (_, output) = made_of(
        "loadgen flood --url https://h.example/prod --allow-host h.example --api-key-env KEY",
    );
    let Destination::Http(endpoint) = output.destination else {
        panic!("an endpoint");
    };
    assert_eq!(endpoint.allowed_hosts, ["h.example"]);
    assert_eq!(endpoint.api_key_variable.as_deref(), Some("KEY"));
    assert_eq!(endpoint.connections, 16);
}

#[test]
fn a_stream_arrives_and_none_unless_it_is_named() {
    let (_, output) = made_of(
        "loadgen flood --kinesis waf --encoding kpl --key hash=7 --linger 1s --connections 3",
    );
    let Destination::Stream(target) = output.destination else {
        panic!("a stream");
    };
    let expected = StreamTarget {
        service: stream::StreamService::Kinesis,
        name: "waf".to_owned(),
        encoding: Encoding::Kpl,
        key: Key::Hash(7),
        linger: Duration::from_secs(1),
        patience: Duration::from_secs(60),
        connections: 3,
    };
    assert_eq!(target, expected);
    for (line, key) in [
        ("loadgen flood --kinesis waf", Key::Random),
        (
            "loadgen flood --kinesis waf --encoding packed",
            Key::Content,
        ),
        (
            "loadgen flood --firehose waf --encoding cloudwatch",
            Key::Random,
        ),
    ] {
        let Destination::Stream(target) = made_of(line).1.destination else {
            panic!("a stream");
        };
        assert_eq!(target.key, key, "{line}");
    }
    let (_, output) = made_of("loadgen flood --encoding packed");
    assert_eq!(output.destination, Destination::Stdout(Format::JsonLines));
}

#[test]
fn probes_arrive() {
    let (_, output) = made_of(
        "loadgen flood --probe-windows file:w.jsonl --probe-messages listen:127.0.0.1:8099 \
         --probe-wait 10s",
    );
    let probes = output.probes.expect("probes");
    assert_eq!(probes.windows, Some(Source::File("w.jsonl".into())));
    assert_eq!(probes.wait, Duration::from_secs(10));
    assert_eq!(made_of("loadgen flood").1.probes, None);
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    for line in [
        "loadgen",
        "loadgen unheard-of",
        "loadgen flood --rate much",
        "loadgen flood --duration 5",
        "loadgen flood --start yesterday",
        "loadgen flood --unheard-of",
        "loadgen flood --speed fast",
        "loadgen flood --rotate 5m",
        "loadgen flood --allow-host a",
        "loadgen flood --url http://a --out b",
        "loadgen flood --connections 0 --url http://a",
        "loadgen flood --kinesis a --url http://a",
        "loadgen flood --kinesis a --firehose b",
        "loadgen flood --kinesis a --out b",
        "loadgen flood --kinesis a --key often",
        "loadgen flood --firehose a --key random",
        "loadgen flood --key random",
        "loadgen flood --probe-windows somewhere",
        "loadgen flood --probe-messages listen:0.0.0.0:80",
        "loadgen run",
        "loadgen replay",
        "loadgen replay s3://",
        "loadgen replay s3:///a",
        "loadgen replay a --speed max --stamp sent",
        "loadgen replay a --pseudonymise-uris",
    ] {
        assert_eq!(read(line).expect_err(line).exit_code(), 2, "{line}");
    }
}
