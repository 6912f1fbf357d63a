use super::*;
use serde_json::json;

const ACL: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop/1a2b";
const MINUTE: i64 = 60_000;
/// 2026-01-05T10:00:00Z.
const TEN: i64 = 1_767_607_200_000;

fn rule(number: usize, action: Action) -> AclRule {
    AclRule {
        name: format!("rule-{number}"),
        priority: number as i64,
        action,
        statement: "geo match US".to_owned(),
        uses: Vec::new(),
        digest: RuleDigest::of("test", ""),
    }
}

fn configuration(rules: Vec<AclRule>) -> AclConfiguration {
    AclConfiguration::new(Action::Allow, rules, Logging::Off)
}

fn question(minute: i64) -> Question {
    Question {
        acl: ACL.to_owned(),
        from: EventTime(TEN),
        until: EventTime(TEN + MINUTE),
        now: EventTime(TEN + minute * MINUTE),
        time: FIRST_LOOK,
    }
}

fn update(minute: u32, rules: serde_json::Value) -> TrailEvent {
    let json = json!({
        "userIdentity": {"type": "IAMUser", "userName": "alice"},
        "eventTime": format!("2026-01-05T{:02}:{:02}:00Z", 9 + minute / 60, minute % 60),
        "eventSource": WAF, "eventName": "UpdateWebACL", "sourceIPAddress": "198.51.100.9",
        "eventID": minute.to_string(),
        "requestParameters": {"id": "1a2b", "name": "shop", "scope": "REGIONAL", "rules": rules},
    });
    TrailEvent::parse(&json.to_string()).expect("is significant")
}

fn blocking() -> serde_json::Value {
    json!([{"name": "rule-1", "priority": 1, "action": {"block": {}}, "statement": {}}])
}

fn surroundings(
    looked: Looked,
    history: Option<ConfigurationHistory>,
    minute: i64,
) -> Surroundings {
    looked.evaluated(&question(minute), history).0
}

fn look(rules: Vec<AclRule>, trail: Vec<TrailEvent>) -> Looked {
    Looked {
        configuration: Some(configuration(rules)),
        trail: Some((EventTime(TEN - 24 * 60 * MINUTE), trail)),
        ..Looked::default()
    }
}

#[test]
fn the_change_before_is_blamed_and_not_the_one_after() {
    let trail = vec![
        update(10, json!([])),
        update(55, blocking()),
        update(65, json!([])),
        update(70, blocking()),
    ];
    let told = surroundings(look(Vec::new(), trail), None, 30);
    let found = told.behind("rule-1", EventTime(TEN)).expect("is known");
    let Author::Recorded(change) = found.author else {
        panic!("{found:?}");
    };
    assert_eq!((change.who.as_str(), change.id.as_str()), ("alice", "55"));
    assert!(matches!(
        found.change,
        Some(ConfigurationChange::RuleAdded { .. })
    ));
    assert_eq!(told.behind("rule-2", EventTime(TEN)), None);
}

#[test]
fn a_change_without_a_record_has_no_author_and_one_record_gives_it() {
    let before = look(vec![rule(1, Action::Count)], Vec::new());
    let (_, history, _) = before.evaluated(&question(-60), None);
    let after = vec![rule(1, Action::Block)];
    let told = surroundings(look(after.clone(), Vec::new()), history.clone(), 2);
    let found = told.behind("rule-1", EventTime(TEN)).expect("is known");
    assert!(matches!(found.author, Author::Unknown(_)), "{found:?}");
    // The only update since then, of which nobody knows what it changed.
    let told = surroundings(look(after, vec![update(30, blocking())]), history, 2);
    let found = told.behind("rule-1", EventTime(TEN)).expect("is known");
    assert!(matches!(found.author, Author::Recorded(_)), "{found:?}");
    assert_eq!(
        found.change.map(ConfigurationChange::words),
        Some("action of rule rule-1 changed from COUNT to BLOCK".to_owned())
    );
}

#[test]
fn a_change_after_the_incident_began_is_no_cause() {
    let before = look(vec![rule(1, Action::Count)], Vec::new());
    let (_, history, _) = before.evaluated(&question(5), None);
    let told = surroundings(look(vec![rule(1, Action::Block)], Vec::new()), history, 9);
    assert!(told.drift.is_some());
    assert_eq!(told.behind("rule-1", EventTime(TEN)), None);
}

#[test]
fn what_could_not_be_looked_at_is_not_kept_and_not_claimed() {
    let known = look(vec![rule(1, Action::Block)], Vec::new());
    let (_, history, _) = known.evaluated(&question(-60), None);
    let nothing = Looked {
        missing: vec!["the configuration: AccessDenied".to_owned()],
        ..Looked::default()
    };
    let (told, kept, missing) = nothing.evaluated(&question(1), history);
    assert_eq!((told, kept), (Surroundings::default(), None));
    assert_eq!(missing, ["the configuration: AccessDenied"]);
}

#[test]
fn the_delay_of_cloudtrail_is_said_while_it_matters() {
    let says = |minute| {
        let (_, _, missing) = look(Vec::new(), Vec::new()).evaluated(&question(minute), None);
        missing.iter().any(|missing| missing.contains("delay"))
    };
    assert!(says(2) && !says(20));
}

#[test]
fn however_much_there_is_it_fits() {
    let rules: Vec<AclRule> = (0..2_000)
        .map(|number| rule(number, Action::Block))
        .collect();
    let many: Vec<serde_json::Value> = (0..1_000)
        .map(|number| json!({"name": format!("{number}{}", "\u{1}".repeat(40)), "statement": {}}))
        .collect();
    let trail = (0..120).map(|minute| update(minute, json!(many[..minute as usize * 8].to_vec())));
    let mut looked = look(rules, trail.collect());
    let sample = RecordSample {
        uri: "x".repeat(3_000),
        ..RecordSample::default()
    };
    looked.archive = Some(ArchiveSample {
        samples: vec![sample; MAX_SAMPLES],
        ..ArchiveSample::default()
    });
    let (told, history, missing) = looked.evaluated(&question(1), None);
    assert!(told.bytes() <= MAX_SURROUNDINGS_BYTES, "{}", told.bytes());
    assert!(missing.iter().any(|missing| missing.contains("cut")));
    let trail = told.trail.expect("is kept");
    assert!(!trail.changes.is_empty() && trail.unlisted > 0);
    let kept = history.expect("is kept").latest.configuration;
    assert_eq!((kept.rules.len(), kept.unlisted_rules), (MAX_RULES, 1_700));
}
