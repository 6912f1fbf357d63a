//! The bytes of every scenario, fixed, so that no change to them goes unnoticed.
//!
//! Whoever changes what is generated on purpose puts the new numbers here and says so in the
//! changelog: recorded files and measurements of others rest on these bytes.

use std::time::Duration;

use serde_json::Value;
use wafwatch_loadgen::{Generator, Options, Scenario, generate};

/// FNV-1a, 64 bits (Fowler, Noll and Vo).
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Everything that an option can change is in these runs.
fn options(scenario: Scenario) -> Options {
    let mut options = Options::new(scenario);
    options.lead_in = Duration::from_secs(5 * 60);
    options.duration = Some(options.event + Duration::from_secs(10 * 60));
    options.acls = 2;
    options.disorder = Duration::from_secs(5);
    options.duplicates = 0.02;
    options
}

#[test]
fn every_scenario_has_its_bytes() {
    let expected = [
        (Scenario::Regular, 0xc4d9_580a_88d6_63ef),
        (Scenario::Attack, 0x3e41_382e_0fe9_9ea4),
        (Scenario::Misconfiguration, 0x2be3_0a26_8f99_72f5),
        (Scenario::Flood, 0x55b7_365a_4dea_f45b),
        (Scenario::Xss, 0xed1e_c678_52d5_0bac),
        (Scenario::Crowd, 0x66e1_ea68_0f76_27b2),
        (Scenario::Outage, 0xa505_fd67_682d_6ba0),
        (Scenario::Normal, 0x4d88_fd9e_29ba_89ac),
        (Scenario::Ramp, 0xfb17_ceaa_a95c_7a57),
        (Scenario::Slow, 0xd4d3_1e83_56d4_eb9d),
        (Scenario::Stuffing, 0xd768_b087_e38d_da75),
        (Scenario::Scan, 0x44b4_739d_5af2_6a34),
        (Scenario::Sqli, 0xf06d_1405_456e_211b),
        (Scenario::Inputs, 0x53cb_6649_cd86_1eec),
        (Scenario::Bots, 0xd9c3_e77b_2734_2475),
        (Scenario::Challenge, 0xfb15_ef41_4271_53b9),
        (Scenario::Spoofed, 0xc956_2719_2fc9_562f),
        (Scenario::Enforcement, 0x4839_dc0c_22e4_b97d),
        (Scenario::Several, 0x1f58_89d8_2ece_4b24),
        (Scenario::Week, 0xd28f_e8c6_cc25_5b46),
    ];
    assert!(expected.map(|(scenario, _)| scenario) == Scenario::ALL);
    let found = expected.map(|(scenario, _)| {
        let mut bytes = Vec::new();
        generate(&options(scenario), &mut bytes).expect("writing to memory");
        (scenario, fingerprint(&bytes))
    });
    assert_eq!(found, expected, "found {found:#x?}");
}

#[test]
fn one_record_of_every_event_reads_like_this() {
    for scenario in [
        Scenario::Attack,
        Scenario::Misconfiguration,
        Scenario::Flood,
        Scenario::Xss,
    ] {
        let last = Generator::new(&Options::new(scenario))
            .expect("valid options")
            .filter(|line| line.event.is_event)
            .last()
            .expect("the event has records");
        let record: Value = serde_json::from_str(&last.text).expect("valid JSON");
        // The order of keys would depend on a feature of serde_json that others may turn on.
        insta::with_settings!({ sort_maps => true }, {
            insta::assert_json_snapshot!(scenario.name(), record);
        });
    }
}

#[test]
fn the_truth_reads_like_this() {
    let options = Options::new(Scenario::Attack);
    let truth = generate(&options, &mut std::io::sink()).expect("nothing can fail");
    insta::assert_json_snapshot!("truth", truth);
}
