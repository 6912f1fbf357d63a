//! CPU time of decoding alone, per record of about 1.9 KB.
//!
//! `cargo bench --bench ingest`. The records are made here, so that the figures do not move when
//! the load generator changes. Each figure is the best of several rounds: what else the machine does
//! can only add to it.

#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use cpu_time::ThreadTime;
use wafwatch::ingest::{Accounts, KnownRuns, Limits, Origin, decode};
use wafwatch_windows::record::RecordBatch;

const RECORDS: usize = 20_000;
const RECORDS_PER_BLOCK: usize = 500;
const ROUNDS: usize = 15;

fn main() {
    let blocks: Vec<Vec<u8>> = (0..RECORDS / RECORDS_PER_BLOCK).map(block).collect();
    let bytes: usize = blocks.iter().map(Vec::len).sum();
    println!("{RECORDS} records of {} bytes on average", bytes / RECORDS);

    let compressed: Vec<Vec<u8>> = blocks.iter().map(|block| gzip(block)).collect();
    let joined: Vec<Vec<u8>> = blocks.iter().map(|block| without_newlines(block)).collect();
    report("serde_json alone", &blocks, parse_each_line);
    report("JSON lines", &blocks, decode_payload);
    report("concatenated", &joined, decode_payload);
    report("gzip of lines", &compressed, decode_payload);
}

fn report(what: &str, payloads: &[Vec<u8>], work: fn(&[u8], &mut RecordBatch) -> u64) {
    let best = (0..ROUNDS).map(|_| round(payloads, work)).min();
    let best = best.expect("there is at least one round");
    let per_record = best.as_secs_f64() * 1e6 / RECORDS as f64;
    println!("{what:<18} {per_record:>6.2} CPU-microseconds per record");
}

fn round(payloads: &[Vec<u8>], work: fn(&[u8], &mut RecordBatch) -> u64) -> Duration {
    let mut batch = RecordBatch::new();
    let start = ThreadTime::now();
    let records: u64 = payloads
        .iter()
        .map(|payload| work(payload, &mut batch))
        .sum();
    let elapsed = start.elapsed();
    assert_eq!(records, RECORDS as u64, "every record is read");
    elapsed
}

fn decode_payload(payload: &[u8], batch: &mut RecordBatch) -> u64 {
    let origin = Origin {
        name: "bench",
        offset: 0,
    };
    let mut known = KnownRuns::default();
    let mut accounts = Accounts::default();
    batch.clear();
    decode(
        payload,
        &origin,
        &Limits::default(),
        &mut known,
        batch,
        &mut accounts,
    );
    accounts.accepted
}

/// The floor: the same fields into derived structures, without any tolerance, bound or batch.
fn parse_each_line(payload: &[u8], _: &mut RecordBatch) -> u64 {
    let text = std::str::from_utf8(payload).expect("records are UTF-8");
    let lines = text.lines().map(serde_json::from_str::<floor::Record<'_>>);
    lines
        .filter(|record| record.as_ref().is_ok_and(floor::Record::is_used))
        .count() as u64
}

mod floor {
    use std::borrow::Cow;
    use std::hint::black_box;

    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Record<'a> {
        timestamp: i64,
        webacl_id: &'a str,
        action: &'a str,
        terminating_rule_id: &'a str,
        http_source_name: &'a str,
        #[serde(borrow)]
        rule_group_list: Vec<Group<'a>>,
        #[serde(borrow)]
        non_terminating_matching_rules: Vec<Rule<'a>>,
        #[serde(borrow)]
        http_request: Request<'a>,
        #[serde(borrow)]
        labels: Vec<Label<'a>>,
        ja3_fingerprint: &'a str,
        ja4_fingerprint: &'a str,
        request_body_size: u64,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Group<'a> {
        rule_group_id: &'a str,
        #[serde(borrow)]
        terminating_rule: Option<Rule<'a>>,
        #[serde(borrow)]
        non_terminating_matching_rules: Vec<Rule<'a>>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Rule<'a> {
        rule_id: &'a str,
        action: &'a str,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Request<'a> {
        client_ip: &'a str,
        country: &'a str,
        #[serde(borrow)]
        headers: Vec<Header<'a>>,
        #[serde(borrow)]
        uri: Cow<'a, str>,
        http_method: &'a str,
    }

    #[derive(Deserialize)]
    struct Header<'a> {
        name: &'a str,
        #[serde(borrow)]
        value: Cow<'a, str>,
    }

    #[derive(Deserialize)]
    struct Label<'a> {
        name: &'a str,
    }

    impl Record<'_> {
        /// Reads every field, so that none is parsed for nothing.
        pub fn is_used(&self) -> bool {
            let groups = self.rule_group_list.iter().map(|group| {
                let rules = &group.non_terminating_matching_rules;
                group.rule_group_id.len()
                    + group.terminating_rule.as_ref().map_or(0, Rule::length)
                    + rules.iter().map(Rule::length).sum::<usize>()
            });
            let counted = self.non_terminating_matching_rules.iter().map(Rule::length);
            let request = &self.http_request;
            let headers = request.headers.iter();
            let lengths = groups.sum::<usize>()
                + counted.sum::<usize>()
                + headers
                    .map(|header| header.name.len() + header.value.len())
                    .sum::<usize>()
                + self
                    .labels
                    .iter()
                    .map(|label| label.name.len())
                    .sum::<usize>();
            black_box((lengths, self.timestamp, self.request_body_size));
            black_box((self.webacl_id, self.action, self.terminating_rule_id));
            black_box((
                self.http_source_name,
                self.ja3_fingerprint,
                self.ja4_fingerprint,
            ));
            black_box((request.client_ip, request.country, request.http_method));
            black_box(&request.uri);
            true
        }
    }

    impl Rule<'_> {
        fn length(&self) -> usize {
            self.rule_id.len() + self.action.len()
        }
    }
}

fn gzip(block: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(block).expect("writing to a vector");
    encoder.finish().expect("writing to a vector")
}

fn without_newlines(block: &[u8]) -> Vec<u8> {
    block
        .iter()
        .copied()
        .filter(|&byte| byte != b'\n')
        .collect()
}

fn block(number: usize) -> Vec<u8> {
    let mut lines = String::new();
    for index in 0..RECORDS_PER_BLOCK {
        record(number * RECORDS_PER_BLOCK + index, &mut lines);
        lines.push('\n');
    }
    lines.into_bytes()
}

/// One record as WAF writes it for a browser's request to a load balancer behind managed groups.
fn record(number: usize, line: &mut String) {
    let timestamp = 1_700_000_000_000_u64 + number as u64 * 7;
    let blocked = number.is_multiple_of(10);
    let (action, rule, kind) = if blocked {
        (
            "BLOCK",
            "AWS-AWSManagedRulesSQLiRuleSet",
            "MANAGED_RULE_GROUP",
        )
    } else {
        ("ALLOW", "Default_Action", "REGULAR")
    };
    let terminating = if blocked {
        r#"{"ruleId":"SQLi_QUERYARGUMENTS","action":"BLOCK","ruleMatchDetails":null}"#
    } else {
        "null"
    };
    write!(
        line,
        concat!(
            r#"{{"timestamp":{},"formatVersion":1,"webaclId":"arn:aws:wafv2:eu-central-1:"#,
            r#"111122223333:regional/webacl/shop-{}/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111","#,
            r#""terminatingRuleId":"{}","terminatingRuleType":"{}","action":"{}","#,
            r#""terminatingRuleMatchDetails":[],"httpSourceName":"ALB","httpSourceId":"#,
            r#""111122223333-app/shop/50dc6c495c0c9188","ruleGroupList":["#,
        ),
        timestamp,
        number % 3,
        rule,
        kind,
        action
    )
    .expect("a string takes all writes");
    for group in ["CommonRuleSet", "KnownBadInputsRuleSet"] {
        write!(
            line,
            concat!(
                r#"{{"ruleGroupId":"AWS#AWSManagedRules{}","terminatingRule":null,"#,
                r#""nonTerminatingMatchingRules":[],"excludedRules":null}},"#,
            ),
            group
        )
        .expect("a string takes all writes");
    }
    write!(
        line,
        concat!(
            r#"{{"ruleGroupId":"AWS#AWSManagedRulesSQLiRuleSet","terminatingRule":{},"#,
            r#""nonTerminatingMatchingRules":[],"excludedRules":null}}],"#,
            r#""rateBasedRuleList":[],"nonTerminatingMatchingRules":[{}],"#,
            r#""requestHeadersInserted":null,"responseCodeSent":null,"httpRequest":{{"#,
            r#""clientIp":"198.51.{}.{}","country":"DE","headers":["#,
            r#"{{"name":"host","value":"shop.example.com"}},"#,
            r#"{{"name":"user-agent","value":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) "#,
            r#"AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"}},"#,
            r#"{{"name":"accept","value":"text/html,application/xhtml+xml,application/xml;q=0.9,"#,
            r#"image/avif,image/webp,*/*;q=0.8"}},{{"name":"accept-encoding","value":"gzip, br"}},"#,
            r#"{{"name":"accept-language","value":"de-DE,de;q=0.9,en;q=0.7"}},"#,
            r#"{{"name":"sec-ch-ua","value":"\"Chromium\";v=\"126\", \"Not.A/Brand\";v=\"24\""}},"#,
            r#"{{"name":"referer","value":"https://shop.example.com/catalogue/{}"}},"#,
            r#"{{"name":"cookie","value":"session=0123456789abcdef0123456789abcdef; theme=dark"}}],"#,
            r#""uri":"/catalogue/item-{}","args":"page={}&sort=price","httpVersion":"HTTP/2.0","#,
            r#""httpMethod":"GET","requestId":"1-65f0a1b2-{:024x}"}},"#,
            r#""labels":[{{"name":"awswaf:clientip:geo:country:DE"}}],"#,
            r#""ja3Fingerprint":"f79b6bad2ad0641e1921aef10262856b","#,
            r#""ja4Fingerprint":"t13d1516h2_8daaf6152771_b0da82dd1658","#,
            r#""requestBodySize":0,"requestBodySizeInspectedByWAF":0}}"#,
        ),
        terminating,
        if number.is_multiple_of(20) {
            r#"{"ruleId":"watch-admin","action":"COUNT","ruleMatchDetails":[]}"#
        } else {
            ""
        },
        number % 200,
        number % 251,
        number % 40,
        number % 300,
        number % 9,
        number
    )
    .expect("a string takes all writes");
}
