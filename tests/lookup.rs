//! Looks into an emulated account: what is found, how often it is asked, and what is said of what cannot
//! be had.
#![cfg(feature = "aws")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_sdk_wafv2::Client;
use aws_sdk_wafv2::types::{
    AllowAction, BlockAction, DefaultAction, IpAddressVersion, IpSetReferenceStatement,
    NotStatement, Rule, RuleAction, Scope, Statement, VisibilityConfig,
};
use serde_json::{Value, json};
use wafwatch::config::InvestigateConfig;
use wafwatch::investigate::surroundings::{
    Action, ConfigurationHistory, Looked, Question, Relation,
};
use wafwatch::lookup::Account;
use wafwatch_emulators::{Ministack, Moto, sdk_config};
use wafwatch_windows::time::EventTime;

const ACL: &str = "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/shop/0d4f1c1e-1111";
const MINUTE_MS: i64 = 60_000;

fn now() -> EventTime {
    EventTime(jiff::Timestamp::now().as_millisecond())
}

fn question(acl: &str, time: Duration) -> Question {
    Question {
        acl: acl.to_owned(),
        from: now().minus(2 * MINUTE_MS),
        until: now(),
        now: now(),
        time,
    }
}

fn account(config: &SdkConfig) -> Account {
    Account::new(config, InvestigateConfig::default())
}

fn visibility() -> VisibilityConfig {
    VisibilityConfig::builder()
        .sampled_requests_enabled(true)
        .cloud_watch_metrics_enabled(true)
        .metric_name("shop")
        .build()
        .expect("is whole")
}

/// A Web ACL whose one rule blocks whoever is not in an IP set; gives both ARNs and the set's id.
async fn office_only(client: &Client) -> (String, String) {
    let set = client
        .create_ip_set()
        .name("office")
        .scope(Scope::Regional)
        .ip_address_version(IpAddressVersion::Ipv4)
        .addresses("192.0.2.0/24")
        .send();
    let set = set.await.expect("creates").summary.expect("tells");
    let (set_arn, set_id) = (set.arn.expect("an ARN"), set.id.expect("an id"));
    let office = IpSetReferenceStatement::builder().arn(&set_arn).build();
    let office = Statement::builder().ip_set_reference_statement(office.expect("is whole"));
    let not = NotStatement::builder().statement(office.build()).build();
    let block = RuleAction::builder().block(BlockAction::builder().build());
    let rule = Rule::builder()
        .name("office-only")
        .priority(0)
        .statement(Statement::builder().not_statement(not).build())
        .action(block.build())
        .visibility_config(visibility())
        .build()
        .expect("is whole");
    let allow = DefaultAction::builder().allow(AllowAction::builder().build());
    let acl = client
        .create_web_acl()
        .name("shop")
        .scope(Scope::Regional)
        .default_action(allow.build())
        .rules(rule)
        .visibility_config(visibility())
        .send();
    let acl = acl.await.expect("creates").summary.expect("tells");
    (acl.arn.expect("an ARN"), set_id)
}

#[tokio::test]
async fn a_web_acl_is_found_in_the_list_and_changes_of_what_it_uses_are_told() {
    let ministack = Ministack::start_with(&[("CLOUDTRAIL_RECORDING", "1")]).expect("starts");
    let config = ministack.sdk_config();
    let client = Client::new(&config);
    let (acl, set) = office_only(&client).await;
    let call = client.get_ip_set().name("office").id(&set);
    let current = call.scope(Scope::Regional).send().await.expect("is there");
    let updated = client
        .update_ip_set()
        .name("office")
        .id(&set)
        .scope(Scope::Regional)
        .addresses("198.51.100.0/24")
        .lock_token(current.lock_token.expect("a token"))
        .send();
    updated.await.expect("updates");

    let question = question(&acl, Duration::from_secs(20));
    let looked = account(&config).look(&question).await;
    let known = looked.configuration.as_ref().expect("is found");
    assert_eq!(known.default_action, Action::Allow);
    assert_eq!(known.rules.len(), 1);
    assert_eq!(known.rules[0].statement, "not (IP set office)");
    let (surroundings, kept, _) = looked.evaluated(&question, None);
    let trail = surroundings.trail.expect("was asked");
    let told: Vec<(&str, &Relation)> = trail
        .changes
        .iter()
        .map(|change| (change.event.as_str(), &change.relation))
        .collect();
    let used = Relation::UsedBy(vec!["office-only".to_owned()]);
    assert_eq!(
        told,
        [("UpdateIPSet", &used), ("CreateWebACL", &Relation::WebAcl)]
    );
    assert!(trail.changes[0].may_begin_to_refuse("office-only"));
    assert!(kept.is_some_and(|kept: ConfigurationHistory| kept.before.is_none()));
}

#[tokio::test]
#[ignore = "installs 300 MB; run it when its requirements change"]
async fn another_emulator_is_understood_too() {
    let moto = Moto::start().expect("starts");
    let config = moto.sdk_config();
    let (acl, _) = office_only(&Client::new(&config)).await;
    let looked = account(&config)
        .look(&question(&acl, Duration::from_secs(20)))
        .await;
    assert_eq!(looked.configuration.expect("is found").rules.len(), 1);
}

#[tokio::test]
async fn raw_records_are_counted_within_the_limits() {
    let ministack = Ministack::shared();
    let config = ministack.sdk_config();
    let client = aws_sdk_s3::Client::new(&config);
    let bucket = "raw-records";
    client
        .create_bucket()
        .bucket(bucket)
        .send()
        .await
        .expect("creates");
    let start = now().0 - 2 * MINUTE_MS;
    let record = |acl: &str, action: &str, at: i64| {
        json!({
            "timestamp": at, "webaclId": acl, "action": action, "terminatingRuleId": "geo",
            "httpRequest": {"clientIp": "192.0.2.1", "country": "US", "uri": "/a?token=Canary",
                "args": "token=Canary", "httpMethod": "GET",
                "headers": [{"name": "cookie", "value": "Canary"}]},
        })
        .to_string()
    };
    for number in 0..12 {
        let lines = [
            record(ACL, if number == 11 { "BLOCK" } else { "ALLOW" }, start),
            record(
                "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/other/9",
                "BLOCK",
                start,
            ),
            record(ACL, "BLOCK", start - 60 * MINUTE_MS),
            "no record".to_owned(),
        ];
        let put = client
            .put_object()
            .bucket(bucket)
            .key(format!("archive/{number:02}"));
        put.body(lines.join("\n").into_bytes().into())
            .send()
            .await
            .expect("puts");
    }
    let sampled = |objects, bytes| {
        let settings = InvestigateConfig {
            archive_bucket: Some(bucket.to_owned()),
            archive_prefix: "archive/".to_owned(),
            s3_max_keys: 5,
            s3_max_objects: objects,
            s3_max_bytes: bytes,
            ..InvestigateConfig::default()
        };
        let account = Account::new(&config, settings);
        async move { account.look(&question(ACL, Duration::from_secs(20))).await }
    };
    let sample = sampled(200, 1 << 20).await.archive.expect("is read");
    assert_eq!(
        (sample.objects, sample.records, sample.blocked),
        (12, 12, 1)
    );
    assert_eq!((sample.rejected, sample.cut), (12, None));
    assert_eq!(sample.samples.len(), 8);
    assert!(sample.samples.iter().any(|sample| sample.action == "BLOCK"));
    let written = serde_json::to_string(&sample.samples).expect("serialises");
    assert!(!written.contains("Canary"), "{written}");

    let sample = sampled(3, 1 << 20).await.archive.expect("is read");
    assert_eq!(sample.objects, 3);
    assert!(sample.cut.expect("is said").contains("more than 3 objects"));
    let sample = sampled(200, 1_500).await.archive.expect("is read");
    assert!(sample.objects < 12 && sample.bytes <= 1_500, "{sample:?}");
    assert!(
        sample
            .cut
            .expect("is said")
            .contains("larger than 1500 bytes")
    );
}

/// What of the API is answered, with what, by a stand-in that speaks its protocol.
type Answer = dyn Fn(&str, &Value) -> (u16, Value) + Send + Sync;

/// Calls by operation and time.
type Calls = Arc<Mutex<Vec<(String, Instant)>>>;

/// A server that answers every call with what `answer` says.
fn serve(answer: Box<Answer>) -> (SdkConfig, Calls) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let calls = Calls::default();
    let (noted, answer) = (Arc::clone(&calls), Arc::<Answer>::from(answer));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
            thread::spawn(move || answer_one(&stream.expect("a connection"), &noted, &*answer));
        }
    });
    (sdk_config(&format!("http://{address}")), calls)
}

fn answer_one(mut stream: &TcpStream, calls: &Calls, answer: &Answer) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        match name.to_ascii_lowercase().as_str() {
            "x-amz-target" => operation = value.rsplit('.').next()?.to_owned(),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let noted = (operation.clone(), Instant::now());
    calls.lock().expect("never poisoned").push(noted);
    let (status, value) = answer(&operation, &serde_json::from_slice(&body).ok()?);
    let value = value.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{value}",
        value.len()
    )
    .ok()
}

fn denied() -> (u16, Value) {
    let message = "User: arn:aws:sts::000000000000:assumed-role/x/y is not authorized";
    (
        400,
        json!({"__type": "AccessDeniedException", "message": message}),
    )
}

fn updates(calls: &Calls, operation: &str) -> Vec<Instant> {
    let calls = calls.lock().expect("never poisoned");
    let named = calls.iter().filter(|(name, _)| name == operation);
    named.map(|(_, at)| *at).collect()
}

/// Event number `number` of WAF, an hour old.
fn recorded(number: usize) -> Value {
    let event = json!({
        "userIdentity": {"type": "IAMUser", "userName": "alice"},
        "eventTime": "2026-01-05T00:00:00Z", "eventSource": "wafv2.amazonaws.com",
        "eventName": "UpdateWebACL", "eventID": number.to_string(),
        "requestParameters": {"webACLArn": ACL},
    });
    json!({
        "EventId": number.to_string(), "EventName": "UpdateWebACL",
        "EventSource": "wafv2.amazonaws.com", "CloudTrailEvent": event.to_string(),
    })
}

/// Three pages of WAF's events, none of CloudFront's.
fn pages(operation: &str, asked: &Value) -> (u16, Value) {
    if operation != "LookupEvents" {
        return denied();
    }
    let source = asked["LookupAttributes"][0]["AttributeValue"].as_str();
    if source != Some("wafv2.amazonaws.com") {
        return (200, json!({"Events": []}));
    }
    let page: usize = asked["NextToken"]
        .as_str()
        .map_or(0, |token| token.parse().expect("ours"));
    let mut answer = json!({"Events": [recorded(page)]});
    if page < 2 {
        answer["NextToken"] = json!((page + 1).to_string());
    }
    (200, answer)
}

fn trail_of(looked: &Looked) -> usize {
    looked.trail.as_ref().map_or(0, |(_, events)| events.len())
}

#[tokio::test]
async fn pages_are_read_twice_a_second_and_once_for_many_incidents() {
    let (config, calls) = serve(Box::new(pages));
    let account = account(&config);
    let question = question(ACL, Duration::from_secs(20));
    let (one, other) = tokio::join!(account.look(&question), account.look(&question));
    let again = account.look(&question).await;
    for looked in [&one, &other, &again] {
        assert_eq!(trail_of(looked), 3, "{looked:?}");
        let denied = "the Web ACL's configuration: AccessDeniedException";
        assert!(
            looked
                .missing
                .iter()
                .any(|missing| missing.starts_with(denied)),
            "{looked:?}"
        );
    }
    let times = updates(&calls, "LookupEvents");
    assert_eq!(
        times.len(),
        4,
        "three pages of one source, one of the other"
    );
    let took = times[3].duration_since(times[0]);
    assert!(took >= Duration::from_millis(1_400), "{took:?}");
}

#[tokio::test]
async fn what_was_read_when_time_is_up_is_kept_and_the_rest_is_said_to_be_missing() {
    let (config, _) = serve(Box::new(pages));
    let looked = account(&config)
        .look(&question(ACL, Duration::from_millis(1_200)))
        .await;
    assert!((1..3).contains(&trail_of(&looked)), "{looked:?}");
    let is_said = |missing: &String| missing.contains("older ones were not read");
    assert!(looked.missing.iter().any(is_said), "{looked:?}");
}

#[tokio::test]
async fn an_account_that_does_not_answer_takes_no_longer_than_it_may() {
    let (config, _) = serve(Box::new(|_, _| {
        thread::sleep(Duration::from_secs(30));
        denied()
    }));
    let began = Instant::now();
    let looked = account(&config)
        .look(&question(ACL, Duration::from_millis(500)))
        .await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        (looked.configuration.is_none(), trail_of(&looked)),
        (true, 0)
    );
    let is_late = |missing: &&String| missing.ends_with("there was no answer in time");
    assert_eq!(
        looked.missing.iter().filter(is_late).count(),
        3,
        "{looked:?}"
    );
}

#[tokio::test]
async fn a_log_that_names_no_web_acl_by_its_arn_asks_nobody() {
    let (config, calls) = serve(Box::new(pages));
    for acl in [
        "0d4f1c1e",
        "arn:aws:wafv2:x@evil.example/:1:regional/webacl/shop/1",
    ] {
        let looked = account(&config)
            .look(&question(acl, Duration::from_secs(5)))
            .await;
        assert!(looked.missing[0].starts_with("the account:"), "{looked:?}");
    }
    assert_eq!(calls.lock().expect("never poisoned").len(), 0);
}
