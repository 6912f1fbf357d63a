//! What somebody would write for one question, and floors that nobody gets below.
//!
//!     wafwatch-peer serde FILE       four counts and three lists by serde_json, as the other peers answer them
//!     wafwatch-peer lines FILE       finds the ends of lines, and nothing else
//!     wafwatch-peer inflate FILE     decompresses, and nothing else

#![allow(clippy::print_stdout)]

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use anyhow::{Context, bail};
use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;
use serde_json::json;

const CHUNK: usize = 1 << 20;
const LISTED: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    terminating_rule_id: Cow<'a, str>,
    #[serde(borrow)]
    http_request: Request<'a>,
    #[serde(borrow)]
    rule_group_list: Vec<Group<'a>>,
    #[serde(borrow)]
    non_terminating_matching_rules: Vec<Rule<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow)]
    client_ip: Cow<'a, str>,
    #[serde(borrow)]
    uri: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group<'a> {
    #[serde(borrow)]
    non_terminating_matching_rules: Vec<Rule<'a>>,
}

#[derive(Deserialize)]
struct Rule<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
}

impl Record<'_> {
    fn is_counted(&self) -> bool {
        let groups = self.rule_group_list.iter();
        let in_groups = groups.flat_map(|group| &group.non_terminating_matching_rules);
        let mut rules = self.non_terminating_matching_rules.iter().chain(in_groups);
        rules.any(|rule| rule.action == "COUNT")
    }
}

#[derive(Default)]
struct Tally(HashMap<String, u64>);

impl Tally {
    fn add(&mut self, key: &str) {
        match self.0.get_mut(key) {
            Some(count) => *count += 1,
            None => {
                self.0.insert(key.to_owned(), 1);
            }
        }
    }

    fn top(self) -> Vec<(String, u64)> {
        let mut all: Vec<(String, u64)> = self.0.into_iter().collect();
        all.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        all.truncate(LISTED);
        all
    }
}

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().collect();
    let [_, what, path] = words.as_slice() else {
        bail!("usage: wafwatch-peer serde|lines|inflate FILE");
    };
    let file = File::open(path).with_context(|| format!("cannot read {path}"))?;
    let reader = BufReader::with_capacity(CHUNK, file);
    match what.as_str() {
        "serde" => serde(reader),
        "lines" => lines(reader),
        "inflate" => inflate(reader),
        other => bail!("there is no {other}: choose serde, lines or inflate"),
    }
}

fn serde(mut reader: impl BufRead) -> anyhow::Result<()> {
    let (mut total, mut allowed, mut blocked, mut counted) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut addresses = Tally::default();
    let mut uris = Tally::default();
    let mut rules = Tally::default();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let record: Record<'_> = serde_json::from_str(std::str::from_utf8(&line)?)?;
        total += 1;
        allowed += u64::from(record.action == "ALLOW");
        blocked += u64::from(record.action == "BLOCK");
        counted += u64::from(record.is_counted());
        addresses.add(&record.http_request.client_ip);
        uris.add(&record.http_request.uri);
        rules.add(&record.terminating_rule_id);
        line.clear();
    }
    let answer = json!({
        "counts": [total, allowed, blocked, counted],
        "addresses": addresses.top(),
        "uris": uris.top(),
        "rules": rules.top(),
    });
    println!("{answer}");
    Ok(())
}

fn lines(mut reader: impl Read) -> anyhow::Result<()> {
    let mut chunk = vec![0; CHUNK];
    let mut lines = 0;
    loop {
        let length = reader.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        lines += memchr::memchr_iter(b'\n', &chunk[..length]).count();
    }
    println!("{lines}");
    Ok(())
}

fn inflate(reader: impl BufRead) -> anyhow::Result<()> {
    let mut decoder = MultiGzDecoder::new(reader);
    let mut chunk = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let length = decoder.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        bytes += length;
    }
    println!("{bytes}");
    Ok(())
}
