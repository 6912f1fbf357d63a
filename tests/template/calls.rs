//! Which actions of AWS each function's code calls, derived from the source.
//!
//! The operations there are come from the SDK's own crates (one file each); a call of one is a method
//! of that name without arguments in a folder whose code names the crate. From each program's `main`
//! the call graph says which of them it can reach.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::lint::repository;
use crate::names::Call;
use crate::program::{Function, Live, Program};

/// What the code of one function calls: each action with the way to it.
pub type Actions = BTreeMap<String, String>;

/// A kind of write in a DynamoDB transaction, and the action that it takes.
const TRANSACTION_WRITES: [(&str, &str); 4] = [
    ("put", "dynamodb:PutItem"),
    ("update", "dynamodb:UpdateItem"),
    ("delete", "dynamodb:DeleteItem"),
    ("condition_check", "dynamodb:ConditionCheckItem"),
];

/// The actions that an operation takes.
fn actions_of(service: &str, operation: &str) -> Vec<String> {
    let action = match (service, operation) {
        // The writes in it are what is granted.
        ("dynamodb", "transact_write_items") => return Vec::new(),
        ("dynamodb", "transact_get_items") => "GetItem".to_owned(),
        ("s3", "list_objects_v2" | "list_objects" | "head_bucket") => "ListBucket".to_owned(),
        ("s3", "head_object") => "GetObject".to_owned(),
        // With a guardrail, where one is set.
        ("bedrockruntime", "converse") => {
            return vec![
                "bedrock:InvokeModel".to_owned(),
                "bedrock:ApplyGuardrail".to_owned(),
            ];
        }
        (_, operation) => operation.split('_').map(capitalised).collect(),
    };
    vec![format!("{service}:{action}")]
}

/// The word as names of actions spell it.
fn capitalised(word: &str) -> String {
    match word {
        "acl" => return "ACL".to_owned(),
        "acls" => return "ACLs".to_owned(),
        _ => {}
    }
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

/// The operations of every SDK crate of the workspace, by service.
fn operations() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--all-features",
            "--offline",
        ])
        .current_dir(repository())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "cargo metadata: {error}\n{}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    let mut services = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        let Some(service) = name.strip_prefix("aws-sdk-") else {
            continue;
        };
        let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
        let files = fs::read_dir(manifest.with_file_name("src").join("client"))
            .expect("the crate's client");
        let names = files.map(|file| file.expect("a file").file_name());
        let names = names.filter_map(|name| Some(name.to_str()?.strip_suffix(".rs")?.to_owned()));
        services.insert(
            service.to_owned(),
            names.filter(|name| name != "customize").collect(),
        );
    }
    services
}

/// The operations that a function's own body calls.
fn own_operations(
    program: &Program,
    function: &Function,
    services: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeSet<(String, String)> {
    let text = &program.folders[&function.folder];
    let mut found = BTreeSet::new();
    for (service, operations) in services {
        let is_named = text.contains(&format!("aws_sdk_{service}"));
        let called = function.calls.iter().filter_map(|call| match call {
            Call::Method { name, arguments: 0 } => Some(name),
            _ => None,
        });
        let of_service = called.filter(|name| is_named && operations.contains(*name));
        found.extend(of_service.map(|name| (service.clone(), name.clone())));
    }
    found
}

/// Whether a body makes the writes of a transaction.
fn makes_transactions(function: &Function) -> bool {
    function.calls.iter().any(|call| {
        matches!(call, Call::Path { segments, .. } if segments.ends_with(&["TransactWriteItem".to_owned(), "builder".to_owned()]))
    })
}

/// Whether a call is named like one that adds a write to a transaction.
fn is_transaction_write(call: &Call) -> bool {
    TRANSACTION_WRITES
        .iter()
        .any(|(kind, _)| matches!(call, Call::Method { name, arguments: 1 } if name == kind))
}

/// The source and what it may call.
pub struct Source {
    program: Program,
    services: BTreeMap<String, BTreeSet<String>>,
}

impl Source {
    /// Reads the library, and what the functions' programs share.
    pub fn read() -> Self {
        let services = operations();
        let mut program = Program::default();
        program.add("wafwatch", &repository().join("src/lib.rs"));
        let shared = repository().join("stream-consumer/src/lib.rs");
        if shared.exists() {
            program.add("wafwatch_stream_consumer", &shared);
        }
        Self { program, services }
    }

    /// What the program of a function can reach.
    ///
    /// # Errors
    ///
    /// Where there is no such program.
    pub fn actions(&mut self, name: &str) -> Result<Actions, String> {
        let programs = repository().join("stream-consumer/src/bin");
        let main = programs.join(name).with_extension("rs");
        if !main.exists() {
            return Err(format!(
                "there is no program for the function {name}: {}",
                main.display()
            ));
        }
        self.program.add(name, &main);
        Ok(self.reachable_actions(name))
    }

    fn reachable_actions(&self, name: &str) -> Actions {
        let functions = &self.program.functions;
        let ways = self.ways(name);
        let mut actions = Actions::new();
        for (&index, way) in &ways {
            let function = &functions[index];
            for (service, operation) in own_operations(&self.program, function, &self.services) {
                let called = actions_of(&service, &operation).into_iter();
                actions.extend(called.map(|action| (action, way.clone())));
            }
            if makes_transactions(function) {
                actions.extend(self.transaction_writes(index, &ways));
            }
        }
        actions
    }

    /// The kinds of writes that `maker` can put into a transaction, with the way to each. Where its
    /// module has a method of a kind's name, which adds one, it is that which must be reached.
    fn transaction_writes(&self, maker: usize, ways: &BTreeMap<usize, String>) -> Actions {
        let functions = &self.program.functions;
        let mut actions = Actions::new();
        for (kind, action) in TRANSACTION_WRITES {
            let makes = functions[maker]
                .calls
                .iter()
                .any(|call| matches!(call, Call::Method { name, arguments: 1 } if name == kind));
            if !makes {
                continue;
            }
            let all = functions.iter().enumerate();
            let adders = all.filter(|(_, function)| {
                let is_near = function.module == functions[maker].module;
                is_near && function.owner.is_some() && function.name == kind
            });
            let adders: Vec<usize> = adders.map(|(index, _)| index).collect();
            let deciding = if adders.is_empty() {
                vec![maker]
            } else {
                adders
            };
            let way = deciding.iter().find_map(|index| ways.get(index));
            actions.extend(way.map(|way| (action.to_owned(), way.clone())));
        }
        actions
    }

    /// Every function that can be reached, with the way to it.
    fn ways(&self, name: &str) -> BTreeMap<usize, String> {
        let functions = &self.program.functions;
        let is_main = |function: &Function| function.module == [name] && function.name == "main";
        let main = functions
            .iter()
            .position(is_main)
            .unwrap_or_else(|| panic!("{name} has no main"));
        let mut ways = BTreeMap::from([(main, format!("{name}::main"))]);
        let mut live = Live::new();
        // A type that comes alive gives calls that were looked at already new targets.
        loop {
            let before = (ways.len(), live.len());
            for index in ways.keys().copied().collect::<Vec<_>>() {
                self.program.enliven(&functions[index], &mut live);
                self.follow(index, &live, &mut ways);
            }
            if before == (ways.len(), live.len()) {
                return ways;
            }
        }
    }

    /// Adds what a function's calls lead to.
    fn follow(&self, index: usize, live: &Live, ways: &mut BTreeMap<usize, String>) {
        let caller = &self.program.functions[index];
        for call in &caller.calls {
            // In a maker of transactions these are methods of the SDK's builder.
            if makes_transactions(caller) && is_transaction_write(call) {
                continue;
            }
            for target in self.program.targets(caller, call, live) {
                if ways.contains_key(&target) {
                    continue;
                }
                let function = &self.program.functions[target];
                let module = function.module.last().map(String::as_str);
                let owner = function.owner.as_deref().or(module).unwrap_or_default();
                ways.insert(
                    target,
                    format!("{} > {owner}::{}", ways[&index], function.name),
                );
            }
        }
    }
}
