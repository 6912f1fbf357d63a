//! The browser's process, with a profile of its own that goes with it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::connection::Connection;
use super::page::Page;

/// Set where a browser must be there, so that a machine that should have one does not skip in silence.
const REQUIRED: &str = "WAFWATCH_REQUIRE_BROWSER";
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const LONGEST_START: Duration = Duration::from_secs(120);

/// A running browser.
pub struct Chromium {
    process: Child,
    connection: Connection,
    _profile: TempDir,
}

impl Chromium {
    /// Starts the browser that is installed here.
    ///
    /// Nothing where there is none, which is said on standard error.
    ///
    /// # Panics
    ///
    /// When there is none although `WAFWATCH_REQUIRE_BROWSER` is set, or when it does not start.
    pub fn start() -> Option<Self> {
        let Some(program) = installed() else {
            assert!(
                std::env::var_os(REQUIRED).is_none(),
                "{REQUIRED} is set, but none of {NAMES:?} is in PATH: install the package `chromium`"
            );
            // Past the capture of the test runner, which shows what a test printed only where it failed.
            let told = writeln!(
                std::io::stderr(),
                "SKIPPED: none of {NAMES:?} is in PATH, so the page is not tested in a browser"
            );
            told.expect("standard error can be written");
            return None;
        };
        let profile = tempfile::tempdir().expect("a temporary folder can be made");
        let process = launch(&program, profile.path());
        let mut started = StartedProcess(Some(process));
        let address = debugging_address(profile.path(), &mut started);
        let connection = Connection::open(&address);
        Some(Self {
            process: started.0.take().expect("it was put there above"),
            connection,
            _profile: profile,
        })
    }

    /// Opens an empty tab.
    pub fn page(&mut self) -> Page<'_> {
        let target = self.connection.call(
            None,
            "Target.createTarget",
            &json!({ "url": "about:blank" }),
        );
        let attached = self.connection.call(
            None,
            "Target.attachToTarget",
            &json!({ "targetId": target["targetId"], "flatten": true }),
        );
        let session = attached["sessionId"].as_str().expect("a session has an id");
        Page::new(&mut self.connection, session.to_owned())
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// Ends the process where the start fails half-way.
struct StartedProcess(Option<Child>);

impl Drop for StartedProcess {
    fn drop(&mut self) {
        if let Some(process) = &mut self.0 {
            end(process);
        }
    }
}

fn end(process: &mut Child) {
    // One that has ended already is what is wanted.
    let _ = process.kill();
    let _ = process.wait();
}

fn installed() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).collect();
    let candidates = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.into_iter().find(|program| program.is_file())
}

fn launch(program: &Path, profile: &Path) -> Child {
    Command::new(program)
        .args([
            "--headless",
            // A container's root has no user namespace for the sandbox; the page is our own.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-extensions",
            "--force-color-profile=srgb",
            "--remote-debugging-port=0",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("about:blank")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the browser starts")
}

/// The address of the DevTools, which the browser writes into its profile when it listens.
fn debugging_address(profile: &Path, started: &mut StartedProcess) -> String {
    let file = profile.join("DevToolsActivePort");
    let deadline = Instant::now() + LONGEST_START;
    while Instant::now() < deadline {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if let Some((port, path)) = text.trim_end().split_once('\n') {
            return format!("ws://127.0.0.1:{port}{path}");
        }
        if let Some(Ok(Some(status))) = started.0.as_mut().map(Child::try_wait) {
            panic!("the browser ended before it listened: {status}");
        }
        sleep(Duration::from_millis(20));
    }
    panic!("the browser did not listen within {LONGEST_START:?}");
}
