//! Which actions of AWS each function's code calls, derived from the source.
//!
//! The operations there are come from the SDK's own crates (one file each); a call of one is a method
//! of that name without arguments in a folder whose code names the crate. From each program's `main`
//! the call graph says which of them it can reach.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::lint::repository;
use crate::program::{Call, Function, Program};

/// What the code of one function calls: each action with the way to it.
pub type Actions = BTreeMap<String, String>;

/// A kind of write in a DynamoDB transaction, and the action that it takes.
const TRANSACTION_WRITES: [(&str, &str); 4] = [
    ("put", "dynamodb:PutItem"),
    ("update", "dynamodb:UpdateItem"),
    ("delete", "dynamodb:DeleteItem"),
    ("condition_check", "dynamodb:ConditionCheckItem"),
];

/// Operations whose action has another name.
fn action(service: &str, operation: &str) -> Option<String> {
    let action = match (service, operation) {
        // The writes in it are what is granted.
        ("dynamodb", "transact_write_items") => return None,
        ("dynamodb", "transact_get_items") => "GetItem".to_owned(),
        ("s3", "list_objects_v2" | "list_objects" | "head_bucket") => "ListBucket".to_owned(),
        ("s3", "head_object") => "GetObject".to_owned(),
        (_, operation) => operation.split('_').map(capitalised).collect(),
    };
    Some(format!("{service}:{action}"))
}

fn capitalised(word: &str) -> String {
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

/// The source and what it may call.
pub struct Source {
    program: Program,
    services: BTreeMap<String, BTreeSet<String>>,
}

impl Source {
    /// Reads the library and the functions' programs.
    ///
    /// # Panics
    ///
    /// Where a program is missing.
    pub fn read(programs: &[&str]) -> Self {
        let services = operations();
        let mut program = Program::default();
        let root = repository();
        program.add("wafwatch", &root.join("src/lib.rs"));
        let functions = root.join("stream-consumer/src");
        assert!(
            functions.is_dir(),
            "the package stream-consumer, whose roles the template defines, is not there"
        );
        if functions.join("lib.rs").exists() {
            program.add("wafwatch_stream_consumer", &functions.join("lib.rs"));
        }
        for name in programs {
            let main = functions.join("bin").join(name).with_extension("rs");
            assert!(
                main.exists(),
                "there is no program for the function {name}: {}",
                main.display()
            );
            program.add(name, &main);
        }
        Self { program, services }
    }

    /// What the program `name` can reach.
    pub fn actions(&self, name: &str) -> Actions {
        let functions = &self.program.functions;
        let ways = self.ways(name);
        let mut actions = Actions::new();
        for (&index, way) in &ways {
            let function = &functions[index];
            for (service, operation) in own_operations(&self.program, function, &self.services) {
                actions.extend(action(&service, &operation).map(|action| (action, way.clone())));
            }
            if makes_transactions(function) {
                let writes = self.transaction_writes(function, &ways);
                actions.extend(writes.into_iter().map(|action| (action, way.clone())));
            }
        }
        actions
    }

    /// The kinds of writes that `maker` can put into a transaction. Where its module has a method of
    /// a kind's name, which adds one, that must be reachable too.
    fn transaction_writes(&self, maker: &Function, ways: &BTreeMap<usize, String>) -> Vec<String> {
        let functions = &self.program.functions;
        let mut actions = Vec::new();
        for (kind, action) in TRANSACTION_WRITES {
            let makes = maker
                .calls
                .iter()
                .any(|call| matches!(call, Call::Method { name, arguments: 1 } if name == kind));
            let mut adders = functions
                .iter()
                .enumerate()
                .filter(|(_, function)| {
                    function.module == maker.module
                        && function.owner.is_some()
                        && function.name == kind
                })
                .peekable();
            let is_reached =
                adders.peek().is_none() || adders.any(|(index, _)| ways.contains_key(&index));
            if makes && is_reached {
                actions.push(action.to_owned());
            }
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
        let mut waiting = VecDeque::from([main]);
        while let Some(index) = waiting.pop_front() {
            let caller = &functions[index];
            for call in &caller.calls {
                for target in self.program.targets(caller, call) {
                    if ways.contains_key(&target) {
                        continue;
                    }
                    let function = &functions[target];
                    let owner = function
                        .owner
                        .as_deref()
                        .or(function.module.last().map(String::as_str));
                    let way = format!(
                        "{} > {}::{}",
                        ways[&index],
                        owner.unwrap_or_default(),
                        function.name
                    );
                    ways.insert(target, way);
                    waiting.push_back(target);
                }
            }
        }
        ways
    }
}
