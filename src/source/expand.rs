//! Turns what a user names into the files to read.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern, glob_with};

use super::error::SourceError;
use super::input::Input;

const GLOB: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The inputs that `inputs` name, in that order, each once.
///
/// A name may be a file, a folder (all files below it, sorted by path, which is the order of time in
/// the layout that WAF and Firehose write to S3; names that begin with a dot are skipped), a glob
/// (`**` crosses folders), or `-` for standard input. A name that exists is taken literally, even if
/// it looks like a glob. Suffixes do not matter: whether a file is compressed is seen from its
/// content. Two names of the same file are read once.
///
/// # Errors
///
/// A [`SourceError`] that says what to do when a name matches nothing, a folder holds no file, or
/// the operating system refuses.
pub fn expand(inputs: &[String]) -> Result<Vec<Input>, SourceError> {
    let mut found = Found::default();
    for input in inputs {
        found.add_named(input)?;
    }
    Ok(found.inputs)
}

#[derive(Default)]
struct Found {
    inputs: Vec<Input>,
    canonical: HashSet<PathBuf>,
}

impl Found {
    fn add_named(&mut self, name: &str) -> Result<(), SourceError> {
        if name == "-" {
            self.add(Input::stdin());
            return Ok(());
        }
        let path = Path::new(name);
        // Not `exists`: a dangling link or a forbidden folder deserves its own error below.
        if path.symlink_metadata().is_ok() {
            return self.add_path(path);
        }
        if !name.contains(['*', '?', '[']) {
            return Err(no_match(name));
        }
        self.add_matches(name)
    }

    fn add_matches(&mut self, name: &str) -> Result<(), SourceError> {
        let bad = |error: glob::PatternError| SourceError::BadPattern {
            input: name.to_owned(),
            reason: error.msg.to_owned(),
        };
        Pattern::new(name).map_err(bad)?;
        let mut matched = false;
        for entry in glob_with(name, GLOB).map_err(bad)? {
            let path = entry.map_err(|error| SourceError::Io {
                action: "list",
                path: error.path().to_owned(),
                source: error.into(),
            })?;
            if path.is_dir() {
                // `**` names every folder below too, and an empty one among them is no mistake.
                let files = self.add_folder(&path, &mut Vec::new())?;
                matched |= files > 0;
                continue;
            }
            self.add(Input::file(&path)?);
            matched = true;
        }
        if matched {
            return Ok(());
        }
        Err(no_match(name))
    }

    fn add_path(&mut self, path: &Path) -> Result<(), SourceError> {
        if !path.is_dir() {
            self.add(Input::file(path)?);
            return Ok(());
        }
        if self.add_folder(path, &mut Vec::new())? == 0 {
            return Err(SourceError::EmptyFolder {
                path: path.to_owned(),
            });
        }
        Ok(())
    }

    /// Adds the files below `folder`, which lies in `ancestors`, and says how many there are.
    fn add_folder(
        &mut self,
        folder: &Path,
        ancestors: &mut Vec<PathBuf>,
    ) -> Result<usize, SourceError> {
        let canonical = folder
            .canonicalize()
            .map_err(SourceError::io("find the real path of", folder))?;
        // A link that leads back to where we came from.
        if ancestors.contains(&canonical) {
            return Ok(0);
        }
        ancestors.push(canonical);
        let list = SourceError::io("list", folder);
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(&list)? {
            let entry = entry.map_err(&list)?;
            if !is_hidden(&entry.file_name()) {
                paths.push(entry.path());
            }
        }
        paths.sort_unstable();
        let mut files = 0;
        for path in paths {
            if path.is_dir() {
                files += self.add_folder(&path, ancestors)?;
            } else if path.is_file() {
                self.add(Input::file(&path)?);
                files += 1;
            }
        }
        ancestors.pop();
        Ok(files)
    }

    fn add(&mut self, input: Input) {
        if self.canonical.insert(input.canonical().to_owned()) {
            self.inputs.push(input);
        }
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn no_match(name: &str) -> SourceError {
    SourceError::NoMatch {
        input: name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tempfile::{TempDir, tempdir};

    use super::super::input::InputKind;
    use super::*;

    fn tree(files: &[&str]) -> TempDir {
        let folder = tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}\n").unwrap();
        }
        folder
    }

    fn names(folder: &TempDir, inputs: &[&str]) -> Result<Vec<String>, SourceError> {
        let inputs: Vec<String> = inputs
            .iter()
            .map(|input| match *input {
                "-" => "-".to_owned(),
                input => folder.path().join(input).to_str().unwrap().to_owned(),
            })
            .collect();
        let relative = |input: &Input| {
            let path = input.path();
            let short = path.strip_prefix(folder.path()).unwrap_or(path);
            short.to_str().unwrap().to_owned()
        };
        Ok(expand(&inputs)?.iter().map(relative).collect())
    }

    #[test]
    fn folders_are_walked_in_order_without_hidden_names() {
        let folder = tree(&[
            "logs/2024/02/b.log.gz",
            "logs/2024/01/c.log.gz",
            "logs/2024/01/a.log.gz",
            "logs/.hidden/x",
            "logs/2024/.y",
        ]);
        let all = [
            "logs/2024/01/a.log.gz",
            "logs/2024/01/c.log.gz",
            "logs/2024/02/b.log.gz",
        ];
        assert_eq!(names(&folder, &["logs"]).unwrap(), all);
        assert_eq!(names(&folder, &["logs/**/*.gz"]).unwrap(), all);
        assert_eq!(names(&folder, &["logs/*/01"]).unwrap(), all[..2]);
        assert_eq!(names(&folder, &["logs/**"]).unwrap(), all);
    }

    #[test]
    fn the_same_file_is_read_once_whatever_its_names() {
        let folder = tree(&["a.log", "b.log"]);
        let twice = ["b.log", "a.log", "./b.log", "*.log", "-", "-"];
        assert_eq!(names(&folder, &twice).unwrap(), ["b.log", "a.log", "-"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_not_in_circles() {
        let folder = tree(&["logs/a.log", "elsewhere/c.log"]);
        let logs = folder.path().join("logs");
        let link = |target: &str, name: &str| {
            std::os::unix::fs::symlink(folder.path().join(target), logs.join(name)).unwrap();
        };
        link("logs", "loop");
        link("logs/a.log", "b.log");
        link("elsewhere", "other");
        let all = ["logs/a.log", "logs/other/c.log"];
        assert_eq!(names(&folder, &["logs"]).unwrap(), all);
        assert_eq!(names(&folder, &["logs", "logs"]).unwrap(), all);
        assert_eq!(names(&folder, &["logs/b.log"]).unwrap(), ["logs/b.log"]);
    }

    #[test]
    fn a_name_that_exists_is_no_pattern() {
        let folder = tree(&["a[1].log", "a1.log"]);
        assert_eq!(names(&folder, &["a[1].log"]).unwrap(), ["a[1].log"]);
    }

    #[test]
    fn what_matches_nothing_is_an_error_that_helps() {
        let folder = tree(&["logs/.keep"]);
        for missing in ["nope.log", "*.nope", "logs/*"] {
            let error = names(&folder, &[missing]).unwrap_err();
            assert!(matches!(error, SourceError::NoMatch { .. }), "{error}");
            assert!(error.to_string().contains("check the spelling"), "{error}");
        }
        let empty = names(&folder, &["logs"]).unwrap_err();
        assert!(matches!(empty, SourceError::EmptyFolder { .. }), "{empty}");
        let bad = names(&folder, &["a[.log"]).unwrap_err();
        assert!(matches!(bad, SourceError::BadPattern { .. }), "{bad}");
    }

    #[test]
    fn standard_input_has_no_size() {
        let input = &expand(&["-".to_owned()]).unwrap()[0];
        assert_eq!(input.kind(), InputKind::Stdin);
        assert_eq!(input.bytes_on_disk(), None);
    }
}
