//! The functions' programs and variables, against the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use wafwatch::config::Settings;

use crate::document::{FUNCTIONS, resource, text};
use crate::lint::{EXPANDED, repository};

fn variables(id: &str) -> &'static serde_json::Map<String, Value> {
    let variables = &resource(id)["Environment"]["Variables"];
    variables.as_object().expect("variables")
}

/// The defaults of the parameters that variables are set to.
fn defaults(id: &str) -> BTreeMap<String, String> {
    let parameters = &EXPANDED["Parameters"];
    let set = variables(id).iter().filter_map(|(name, value)| {
        let default = parameters.get(value["Ref"].as_str()?)?.get("Default")?;
        Some((name.clone(), text(default)))
    });
    set.collect()
}

fn source_texts(folder: &Path, texts: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            source_texts(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push_str(&fs::read_to_string(&path).expect("a file"));
        }
    }
}

#[test]
fn every_variable_is_read_by_the_code() {
    let mut texts = String::new();
    source_texts(&repository().join("src"), &mut texts);
    let set: BTreeSet<&String> = FUNCTIONS
        .iter()
        .flat_map(|(_, id)| variables(id).keys())
        .collect();
    let unread = set
        .into_iter()
        .filter(|name| !texts.contains(&format!("\"{name}\"")));
    let unread: Vec<_> = unread.collect();
    assert!(unread.is_empty(), "nobody reads {unread:?}");
}

#[test]
fn the_defaults_are_accepted_as_they_are() {
    let defaults = defaults("Consumer");
    assert!(defaults.len() > 5);
    let (_, warnings) = Settings::load(None, &|name| defaults.get(name).cloned())
        .expect("the defaults of the template are settings");
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn every_function_runs_the_program_of_its_name() {
    let template =
        fs::read_to_string(repository().join("infra/template.yaml")).expect("the template");
    for (program, id) in FUNCTIONS {
        assert!(
            template.contains(&format!("CodeUri: ../target/lambda/{program}/\n")),
            "{id}"
        );
        assert_eq!(
            text(&resource(id)["FunctionName"]),
            format!("${{AWS::StackName}}-{program}")
        );
        let main = repository().join(format!("stream-consumer/src/bin/{program}.rs"));
        assert!(
            main.exists(),
            "there is no program for {id}: {}",
            main.display()
        );
    }
}

#[test]
fn the_tables_of_costs_are_what_the_arithmetic_gives() {
    let docs = repository().join("docs");
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let printed = Command::new(python)
        .arg(docs.join("costs"))
        .output()
        .expect("python3 runs");
    assert!(
        printed.status.success(),
        "{}",
        String::from_utf8_lossy(&printed.stderr)
    );
    let page = fs::read_to_string(docs.join("costs.md")).expect("docs/costs.md");
    let printed = String::from_utf8(printed.stdout).expect("UTF-8");
    let tables = printed.split("\n\n").filter(|block| block.starts_with('|'));
    for table in tables.map(str::trim_end) {
        assert!(
            page.contains(table),
            "docs/costs.md differs from what docs/costs prints:\n{table}"
        );
    }
}
