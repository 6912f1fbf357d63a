//! A Python emulator's process.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;

use crate::install::{self, Package};
use crate::{EmulatorError, sdk_config};

/// How long an emulator may take until it answers: two busy cores need a while for its imports.
const START_TIMEOUT: Duration = Duration::from_secs(90);
/// Ports that are tried: another process may take one between its choice and its use.
const PORTS_TRIED: usize = 3;
const PROBE_EVERY: Duration = Duration::from_millis(100);
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// Lines of a log that are shown.
const SHOWN_LINES: usize = 20;
const WATCHDOG: &str = include_str!("watchdog.py");

/// How an emulator is run.
pub(crate) struct Program {
    pub(crate) package: Package,
    /// The Python module.
    pub(crate) module: &'static str,
    /// Arguments and environment for a port.
    pub(crate) settings: fn(u16) -> Settings,
    /// Path that answers 200 when it is ready.
    pub(crate) probe: &'static str,
}

/// Arguments and environment of a process.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// A running emulator; dropping it ends it and whatever it started.
#[derive(Debug)]
pub struct Process {
    /// Its standard input keeps the watchdog from ending it.
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Process {
    /// Installs, starts and waits for an emulator, with `extra` environment variables.
    pub(crate) fn start(program: &Program, extra: &[(&str, &str)]) -> Result<Self, EmulatorError> {
        let folder = install::folder();
        let python = install::python_with(program.package, &folder)?;
        let mut tried = 1;
        loop {
            let process = Self::start_once(program, extra, &python, &folder);
            match process {
                Err(EmulatorError::NotHealthy { .. }) if tried < PORTS_TRIED => tried += 1,
                result => return result,
            }
        }
    }

    fn start_once(
        program: &Program,
        extra: &[(&str, &str)],
        python: &Path,
        folder: &Path,
    ) -> Result<Self, EmulatorError> {
        let emulator = program.package.name;
        let address = free_address().map_err(|source| EmulatorError::Start { emulator, source })?;
        let logs = folder.join("logs");
        fs::create_dir_all(&logs).map_err(EmulatorError::file(&logs))?;
        let log = logs.join(format!("{emulator}-{}.log", address.port()));
        let output = File::create(&log).map_err(EmulatorError::file(&log))?;
        let errors = output.try_clone().map_err(EmulatorError::file(&log))?;
        let settings = (program.settings)(address.port());
        let child = Command::new(python)
            .args(["-c", WATCHDOG, program.module])
            .args(settings.arguments)
            .envs(settings.environment)
            .envs(extra.iter().copied())
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|source| EmulatorError::Start { emulator, source })?;
        let mut process = Self {
            child,
            address,
            log,
        };
        process.wait_until_healthy(program)?;
        Ok(process)
    }

    fn wait_until_healthy(&mut self, program: &Program) -> Result<(), EmulatorError> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let exited = self.child.try_wait().ok().flatten();
            if let Some(status) = exited {
                return Err(self.not_healthy(program, format!("ended at its start ({status})")));
            }
            if answers(self.address, program.probe) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let seconds = START_TIMEOUT.as_secs();
                let problem = format!("did not answer within {seconds} seconds");
                return Err(self.not_healthy(program, problem));
            }
            thread::sleep(PROBE_EVERY);
        }
    }

    fn not_healthy(&self, program: &Program, problem: String) -> EmulatorError {
        EmulatorError::NotHealthy {
            emulator: program.package.name,
            problem,
            log: self.log.clone(),
            tail: self.log_tail(),
        }
    }

    /// Where it answers.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A configuration for clients of it; see [`sdk_config`].
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        sdk_config(&self.endpoint())
    }

    /// Its log file.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last lines of its log, for messages of tests that fail.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        last_lines(&String::from_utf8_lossy(&log), SHOWN_LINES)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The watchdog kills the whole group at the end of its input; killing the leader alone
        // would leave the functions that it runs.
        drop(self.child.stdin.take());
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Whether `GET path` is answered with 200.
fn answers(address: SocketAddr, path: &str) -> bool {
    let ask = || -> io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, PROBE_TIMEOUT)?;
        stream.set_read_timeout(Some(PROBE_TIMEOUT))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}

/// The last `count` lines of `text`.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: Package = Package {
        name: "nothing",
        requirements: "# nothing beyond the standard library\n",
    };

    #[test]
    fn a_program_that_ends_at_once_is_told_with_its_log() {
        let program = Program {
            package: EMPTY,
            module: "no_such_module",
            settings: |_| Settings::default(),
            probe: "/",
        };
        let error = Process::start(&program, &[]).expect_err("there is no such module");
        let text = error.to_string();
        assert!(text.contains("ended at its start"), "{text}");
        assert!(text.contains("no_such_module"), "{text}");
        assert!(text.contains("nothing-"), "{text}");
    }

    #[test]
    fn a_program_runs_until_it_is_dropped() {
        let program = Program {
            package: EMPTY,
            module: "http.server",
            settings: |port| Settings {
                arguments: vec![port.to_string(), "--bind".into(), "127.0.0.1".into()],
                environment: Vec::new(),
            },
            probe: "/",
        };
        let process = Process::start(&program, &[]).expect("starts");
        let address = process.address;
        assert!(answers(address, "/"));
        assert!(!answers(address, "/no-such-page"));
        drop(process);
        assert!(!answers(address, "/"));
    }

    #[test]
    fn the_last_lines_are_shown() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a", 2), "a");
    }
}
