//! Installs Python emulators at pinned versions, once for all test processes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::EmulatorError;
use crate::process::last_lines;

/// Lines of a failed installation that are shown.
const SHOWN_LINES: usize = 15;

/// A Python program and the versions it is installed at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Package {
    /// Name, for messages.
    pub(crate) name: &'static str,
    /// The requirements file's text: every package that is installed, with its version.
    pub(crate) requirements: &'static str,
}

/// The folder under the workspace's target folder where emulators and their logs are.
pub(crate) fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    );
    target.join("emulators")
}

/// The Python interpreter that has `package`, which is installed where it is not yet.
///
/// Test processes that come at the same time wait for the first one.
pub(crate) fn python_with(package: Package, folder: &Path) -> Result<PathBuf, EmulatorError> {
    fs::create_dir_all(folder).map_err(EmulatorError::file(folder))?;
    let folder = fs::canonicalize(folder).map_err(EmulatorError::file(folder))?;
    let name = format!(
        "{}-{:016x}",
        package.name,
        fingerprint(package.requirements)
    );
    let environment = folder.join(&name);
    let python = environment.join("bin/python");

    let lock_path = folder.join(format!("{name}.lock"));
    let lock = File::create(&lock_path).map_err(EmulatorError::file(&lock_path))?;
    lock.lock().map_err(EmulatorError::file(&lock_path))?;
    // Written last: an installation that was interrupted is begun again.
    let finished = environment.join("installed");
    if finished.exists() {
        return Ok(python);
    }
    let requirements = folder.join(format!("{name}.txt"));
    fs::write(&requirements, package.requirements).map_err(EmulatorError::file(&requirements))?;
    let venv = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&environment)
        .output()
        .map_err(EmulatorError::NoPython)?;
    check(&venv, "python3 -m venv", package)?;
    let pip = Command::new(&python)
        .args(["-m", "pip", "install", "--disable-pip-version-check"])
        .args(["--quiet", "--no-input", "--requirement"])
        .arg(&requirements)
        .output()
        .map_err(EmulatorError::NoPython)?;
    check(&pip, "pip install", package)?;
    fs::write(&finished, "").map_err(EmulatorError::file(&finished))?;
    Ok(python)
}

fn check(output: &Output, step: &'static str, package: Package) -> Result<(), EmulatorError> {
    if output.status.success() {
        return Ok(());
    }
    let printed = [&output.stdout[..], &output.stderr[..]].concat();
    Err(EmulatorError::Install {
        step,
        emulator: package.name,
        status: output.status.to_string(),
        output: last_lines(&String::from_utf8_lossy(&printed), SHOWN_LINES),
    })
}

/// FNV-1a, which is the same with every compiler.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_that_fails_says_what_pip_said_and_is_not_taken_for_done() {
        let folder = tempfile::tempdir().expect("a folder");
        let package = Package {
            name: "nothing",
            requirements: "./no/such/wheel-1.0-py3-none-any.whl\n",
        };
        let error = python_with(package, folder.path()).expect_err("no such file");
        let text = error.to_string();
        assert!(text.contains("pip install"), "{text}");
        assert!(text.contains("no/such/wheel"), "{text}");
        let environments = fs::read_dir(folder.path()).expect("lists");
        let is_finished = |entry: std::io::Result<fs::DirEntry>| {
            entry.is_ok_and(|entry| entry.path().join("installed").exists())
        };
        assert!(!environments.into_iter().any(is_finished));
    }

    #[test]
    fn an_empty_installation_is_made_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let package = Package {
            name: "empty",
            requirements: "# nothing\n",
        };
        let python = python_with(package, folder.path()).expect("installs");
        let mark = python.with_file_name("mark");
        fs::write(&mark, "").expect("writes");
        assert_eq!(
            python_with(package, folder.path()).expect("is there"),
            python
        );
        assert!(mark.exists(), "it was not made anew");
    }

    #[test]
    fn fingerprints_tell_requirements_apart() {
        assert_eq!(fingerprint(""), 0xcbf2_9ce4_8422_2325);
        assert_ne!(fingerprint("a==1\n"), fingerprint("a==2\n"));
    }
}
