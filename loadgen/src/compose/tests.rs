//! Scenario files: what they make, and what is said about those that cannot be met.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Composition;
use crate::generator::Generator;
use crate::options::Options;
use crate::scenario::Scenario;
use crate::truth::Truth;

const HEAD: &str = "name = \"test\"\nduration = \"30m\"\n[site]\nkind = \"website\"\nrate = 1.0\n";

fn lines_of(text: &str) -> (Vec<(bool, Value)>, Truth) {
    let composition = Composition::parse(text).expect("a usable file");
    let mut generator = Generator::compose(&composition);
    let lines = generator
        .by_ref()
        .map(|line| {
            let record = serde_json::from_str(&line.text).expect("valid JSON");
            (line.event.is_event, record)
        })
        .collect();
    (lines, generator.truth())
}

fn of_event(text: &str) -> (Vec<Value>, Truth) {
    let (lines, truth) = lines_of(text);
    let events = lines.into_iter().filter(|(is_event, _)| *is_event);
    (events.map(|(_, record)| record).collect(), truth)
}

fn error(text: &str) -> String {
    Composition::parse(text).expect_err("unusable").to_string()
}

#[test]
fn a_built_in_attack_in_a_file_is_the_built_in_scenario() {
    for scenario in [
        Scenario::Flood,
        Scenario::Xss,
        Scenario::Crowd,
        Scenario::Outage,
    ] {
        let mut options = Options::new(scenario);
        options.rate = 2.0;
        options.lead_in = std::time::Duration::from_secs(300);
        options.event = std::time::Duration::from_secs(60);
        options.duration = Some(std::time::Duration::from_secs(600));
        let file = format!(
            "name = \"same\"\nduration = \"10m\"\n[site]\nkind = \"website\"\nrate = 2.0\n\
             [[phase]]\nstart = \"5m\"\nlength = \"1m\"\nattack = \"{scenario}\"\n"
        );
        let composition = Composition::parse(&file).expect("a usable file");
        let mut built_in = Generator::new(&options).expect("valid options");
        let mut composed = Generator::compose(&composition);
        loop {
            let (one, other) = (built_in.next(), composed.next());
            assert_eq!(one, other, "{scenario}");
            if one.is_none() {
                break;
            }
        }
        assert_eq!(built_in.truth().events, composed.truth().events);
    }
}

#[test]
fn an_attack_of_ones_own_has_its_sources_targets_and_rules() {
    let (records, truth) = of_event(&format!(
        "{HEAD}
[clients.fake]
like = \"okhttp\"
user_agent = \"Shop\\\"per/1.0\"
ja4 = \"t13d000000_x\"
[sources.botnet]
networks = [\"203.0.113.0/28\", \"2001:db8:1::/64\"]
count = 20
countries = {{ RO = 1 }}
clients = {{ fake = 1 }}
[targets]
login = [{{ uri = \"/login\", method = \"POST\", args = [\"a=b\"], weight = 3 }}, {{ uri = \"/p/\", numbers = 9 }}]
[rules.no-bots]
action = \"BLOCK\"
group = \"AWSManagedRulesBotControlRuleSet\"
rule = \"CategoryHttpLibrary\"
labels = [\"awswaf:managed:aws:bot-control:bot:category:http_library\"]
[rules.look]
action = \"COUNT\"
[[phase]]
name = \"mine\"
summary = \"my own\"
start = \"10m\"
length = \"5m\"
sources = \"botnet\"
targets = \"login\"
rules = {{ allow = 1, no-bots = 2, look = 1 }}
requests = 400
"
    ));
    assert_eq!(records.len(), 400);
    let event = &truth.events[0];
    assert_eq!(
        (event.kind.as_str(), event.summary.as_str()),
        ("mine", "my own")
    );
    assert_eq!(event.counts.total, 400);
    assert!((150..250).contains(&event.counts.blocked), "{event:?}");
    assert!((60..140).contains(&event.counts.counted), "{event:?}");
    assert_eq!(event.addresses.len(), 20);
    assert_eq!(event.uris, ["/login"]);
    let seen: BTreeSet<&str> = records
        .iter()
        .filter_map(|record| record["httpRequest"]["clientIp"].as_str())
        .collect();
    assert!(
        seen.iter()
            .all(|seen| event.addresses.contains(&(*seen).to_owned()))
    );
    for record in &records {
        assert_eq!(record["ja4Fingerprint"], "t13d000000_x");
        assert_eq!(record["httpRequest"]["country"], "RO");
        let headers = record["httpRequest"]["headers"].as_array().expect("a list");
        assert!(
            headers
                .iter()
                .any(|header| header["value"] == "Shop\"per/1.0")
        );
        if record["action"] == "BLOCK" {
            assert_eq!(
                record["terminatingRuleId"],
                "AWS-AWSManagedRulesBotControlRuleSet"
            );
            assert_eq!(record["labels"].as_array().map(Vec::len), Some(1));
        }
    }
}

#[test]
fn a_rule_moves_from_count_to_block() {
    let (_, truth) = of_event(&format!(
        "{HEAD}
[rules.strict]
action = \"COUNT\"
[[phase]]
name = \"counted\"
start = \"5m\"
length = \"10m\"
rule = \"strict\"
factor = 0.5
[[phase]]
name = \"blocked\"
start = \"15m\"
length = \"10m\"
rule = \"strict\"
action = \"BLOCK\"
factor = 0.5
"
    ));
    let [counted, blocked] = truth.events.as_slice() else {
        panic!("two events");
    };
    assert_eq!(counted.counts.counted, counted.counts.total);
    assert_eq!(blocked.counts.blocked, blocked.counts.total);
    assert!(blocked.counts.total > 200 && blocked.rule.as_deref() == Some("strict"));
}

#[test]
fn the_second_acl_can_be_the_target() {
    let (_, truth) = of_event(&format!(
        "acls = 2\n{HEAD}[[phase]]\nacl = 2\nstart = \"5m\"\nlength = \"5m\"\nattack = \"attack\"\n"
    ));
    assert_eq!(truth.events[0].acl, truth.acls[1].arn);
    assert_eq!(truth.events[0].counts.blocked, 100);
}

#[test]
fn the_example_of_the_documentation_can_be_made() {
    let page = include_str!("../../../docs/loadgen.md");
    let blocks = page.split("```toml\n").skip(1);
    let texts: Vec<&str> = blocks
        .filter_map(|block| block.split("```").next())
        .collect();
    assert_eq!(texts.len(), 4);
    let composition = Composition::parse(&texts.concat()).expect("a usable example");
    let mut generator = Generator::compose(&composition);
    let mut buffer = Vec::new();
    while generator.write_next(&mut buffer).is_some() {
        buffer.clear();
    }
    let truth = generator.truth();
    let kinds: Vec<&str> = truth
        .events
        .iter()
        .map(|event| event.kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        ["stuffing", "credential stuffing", "counted", "enforced"]
    );
    assert_eq!(truth.events[0].acl, truth.acls[1].arn);
    assert!(truth.events.iter().all(|event| event.counts.total > 500));
    assert_eq!(truth.events[3].counts.blocked, truth.events[3].counts.total);
}

#[test]
fn errors_name_line_and_key() {
    let phase = "[[phase]]\nstart = \"1m\"\nlength = \"1m\"\n";
    for (text, expected) in [
        (format!("{HEAD}speed = 1\n"), "line 6, speed: unknown field"),
        (
            format!(
                "{HEAD}[sources.x]\nnetworks = [\"10.0.0.1/8\"]\n{phase}sources = \"x\"\ntargets = \"t\"\nrate = 1.0\n"
            ),
            "line 7, sources.networks: \"10.0.0.1/8\" is no network",
        ),
        (
            format!("{HEAD}{phase}attack = \"nap\"\n"),
            "line 9, phase.attack: unknown attack: choose one of attack",
        ),
        (
            format!("{HEAD}{phase}attack = \"xss\"\nrate = 1.0\n"),
            "line 6, phase.rate: a built-in attack has its own",
        ),
        (format!("{HEAD}{phase}"), "line 6, phase: give one of rate"),
        (
            format!("{HEAD}{phase}rate = 1.0\nrule = \"x\"\n"),
            "line 10, phase.rule: there is no \"x\"",
        ),
        (
            format!("{HEAD}{phase}rate = 1e9\n"),
            "line 9, phase.rate: it makes a rate outside",
        ),
        (
            format!("{HEAD}[[phase]]\nstart = \"29m\"\nlength = \"2m\"\nrate = 1.0\n"),
            "line 8, phase.length: the phase must",
        ),
        (
            format!("{HEAD}{phase}acl = 2\nrate = 1.0\n"),
            "line 9, phase.acl: choose 1 to 1",
        ),
        (
            HEAD.replace("30m", "soon"),
            "line 2, duration: write whole numbers",
        ),
        (HEAD.replace("1.0", "nan"), "line 5, site.rate: choose"),
        (
            HEAD.replace("website", "garden"),
            "line 4, kind: unknown variant",
        ),
        (
            format!("start = \"today\"\n{HEAD}"),
            "line 1, start: write a time as",
        ),
        (format!("acls = 0\n{HEAD}"), "line 1, acls: choose"),
        (
            format!("duplicates = 2.0\n{HEAD}"),
            "line 1, duplicates: choose",
        ),
        (
            format!("disorder = \"2h\"\n{HEAD}"),
            "line 1, disorder: choose",
        ),
        (
            format!("{HEAD}countries = {{}}\n"),
            "line 6, site.countries: write names with weights",
        ),
        (
            format!("{HEAD}clients = {{ lynx = 1 }}\n"),
            "line 6, site.clients: there is no client \"lynx\"",
        ),
        (
            format!("{HEAD}targets = \"x\"\n[targets]\nx = [{{ uri = \"x\" }}]\n"),
            "line 8, targets.uri: begin it with a slash",
        ),
        (
            format!("{HEAD}[rules.r]\naction = \"BLOCK\"\ngroup = \"mine\"\n"),
            "line 8, rules.group: unknown managed group",
        ),
        (
            "name = 'x'".to_owned(),
            "line 1, name: missing field `duration`",
        ),
        ("=".to_owned(), "line 1, the file:"),
    ] {
        let error = error(&text);
        assert!(
            error.starts_with(expected),
            "{error}\nexpected {expected}\n{text}"
        );
    }
}

#[test]
fn another_seed_or_start_is_another_run_of_the_same_file() {
    let composition = Composition::parse(HEAD).expect("a usable file");
    let later = composition
        .clone()
        .starting_at(86_400_000)
        .expect("in range");
    let first = Generator::compose(&later).next().expect("a line");
    assert!((86_400_000..86_460_000).contains(&first.event.timestamp_ms));
    assert!(
        composition
            .clone()
            .starting_at(i64::MAX - 4_000_000)
            .is_err()
    );
    let other = Generator::compose(&composition.with_seed(8)).next();
    assert_ne!(other.map(|line| line.event), Some(first.event));
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in proptest::prelude::any::<String>()) {
        let _ = Composition::parse(&text);
        let _ = Composition::parse(&format!("{HEAD}{text}"));
    }
}
