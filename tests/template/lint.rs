//! Runs `infra/lint`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(arguments: &[&Path]) -> Output {
    let lint = repository().join("infra/lint");
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let ran = Command::new(&python).arg(lint).args(arguments).output();
    ran.unwrap_or_else(|error| {
        panic!(
            "cannot run {}: {error}; the templates are linted with Python: install python3 (3.10 or \
             newer, with venv), or name it in PYTHON",
            python.display()
        )
    })
}

fn said(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    texts.concat()
}

/// The template as CloudFormation gets it, with its SAM resources expanded.
pub static EXPANDED: LazyLock<Value> = LazyLock::new(|| {
    let folder = TempDir::new().expect("a folder");
    let template = repository().join("infra/template.yaml");
    let options = ["--expand-only", "--out"].map(Path::new);
    let output = run(&[options[0], options[1], folder.path(), &template]);
    assert!(output.status.success(), "{}", said(&output));
    let json = fs::read_to_string(folder.path().join("template.json")).expect("it is written");
    serde_json::from_str(&json).expect("it is JSON")
});

#[test]
fn the_templates_pass_the_linters() {
    let output = run(&[]);
    assert!(output.status.success(), "{}", said(&output));
}

/// A linter that finds nothing proves nothing: each of these mistakes must be found.
#[test]
fn the_linters_find_planted_mistakes() {
    let mistakes = [
        (
            "RetentionPeriodHours: 24",
            "RetentionPeriodHour: 24",
            "RetentionPeriodHour",
        ),
        ("Value: !Ref Stream\n", "Value: !Ref Streem\n", "Streem"),
        // A property of a SAM function, which is looked at only in what it expands to.
        ("Timeout: 55", "Timeout: 5555", "5555"),
    ];
    assert_found(&mistakes);
    let weaknesses = [
        (
            "BlockPublicAcls: true",
            "BlockPublicAcls: false",
            "CKV_AWS_53",
        ),
        (
            "CKV_AWS_117",
            "CKV_AWS_119",
            "CKV_AWS_119 is suppressed in vain",
        ),
    ];
    assert_found(&weaknesses);
}

fn assert_found(planted: &[(&str, &str, &str)]) {
    let original = repository().join("infra/template.yaml");
    let mut template = fs::read_to_string(original).expect("the template");
    for (right, wrong, _) in planted {
        assert!(
            template.contains(right),
            "{right} is not in the template any more"
        );
        template = template.replacen(right, wrong, 1);
    }
    let folder = TempDir::new().expect("a folder");
    let file: PathBuf = folder.path().join("planted.yaml");
    fs::write(&file, template).expect("it can be written");
    let output = run(&[Path::new("--out"), folder.path(), &file]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for (_, wrong, finding) in planted {
        assert!(said.contains(finding), "{wrong} was not found: {said}");
    }
}
