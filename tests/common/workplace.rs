//! Runs the real command in a folder of its own and measures its memory.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use wafwatch::ingest::{Accounts, RejectReason};
use wafwatch::store::Store;
use wafwatch::store::sqlite::SqliteStore;

/// How often the child's memory is looked at. The kernel keeps the peak itself.
const POLL: Duration = Duration::from_millis(2);

/// A folder with a store, in which the command runs.
pub struct Workplace {
    folder: TempDir,
}

/// How a command ended.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// Peak resident memory in KiB, where the system tells it.
    pub peak_kib: Option<u64>,
}

impl Workplace {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("writes an input");
        path
    }

    /// Runs `wafwatch` with `arguments`.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with_input(arguments, |_| {})
    }

    /// Runs `wafwatch` with `arguments` and what `write` writes as its standard input.
    pub fn run_with_input(
        &self,
        arguments: &[&str],
        write: impl FnOnce(&mut dyn Write) + Send,
    ) -> Ran {
        let (stdout, stderr) = (self.path(".stdout"), self.path(".stderr"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_wafwatch"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(File::create(&stdout).expect("a file"))
            .stderr(File::create(&stderr).expect("a file"))
            .spawn()
            .expect("the command starts");
        let stdin = child.stdin.take().expect("it is piped");
        let (code, peak_kib) = thread::scope(|scope| {
            scope.spawn(move || write(&mut std::io::BufWriter::new(stdin)));
            wait(&mut child)
        });
        let text = |path: &Path| {
            let bytes = fs::read(path).expect("the output is there");
            String::from_utf8(bytes).expect("the output is UTF-8")
        };
        let ran = Ran {
            code,
            stdout: text(&stdout),
            stderr: text(&stderr),
            peak_kib,
        };
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        ran
    }

    /// Replays `inputs` into the folder's store and checks what holds of every replay.
    pub fn replay(&self, inputs: &[&str]) -> Replayed {
        self.replay_with_input(inputs, |_| {})
    }

    /// [`Self::replay`] with a standard input, which `-` among the inputs stands for.
    pub fn replay_with_input(
        &self,
        inputs: &[&str],
        write: impl FnOnce(&mut dyn Write) + Send,
    ) -> Replayed {
        let arguments = [&["replay", "--json"], inputs].concat();
        let ran = self.run_with_input(&arguments, write);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let summary: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
        let accounts: Accounts =
            serde_json::from_value(summary["accounts"].clone()).expect("accounts");
        assert!(accounts.balance(), "{accounts:?}");
        let store = self.store();
        assert!(store.windows_with_partials().expect("reads").is_empty());
        let totals = store.acl_totals().expect("reads");
        let counted: u64 = totals.iter().map(|totals| totals.total).sum();
        assert_eq!(counted, accounts.accepted, "windows against accounts");
        Replayed { ran, accounts }
    }

    pub fn store(&self) -> SqliteStore {
        SqliteStore::open_existing(&self.path("wafwatch.db")).expect("a store")
    }

    /// Every file that the commands left here, except `inputs`.
    pub fn files_beside(&self, inputs: &[&str]) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.folder.path()).expect("lists");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let names = names.map(|name| name.into_string().expect("our own names are UTF-8"));
        names
            .filter(|name| !inputs.contains(&name.as_str()))
            .map(|name| {
                let bytes = fs::read(self.path(&name)).expect("reads");
                (name, bytes)
            })
            .collect()
    }
}

/// A replay that ended well.
pub struct Replayed {
    pub ran: Ran,
    pub accounts: Accounts,
}

impl Replayed {
    /// Checks what was accepted, what was rejected and why.
    pub fn assert_accounts(&self, accepted: u64, rejected: &[(RejectReason, u64)]) -> &Self {
        let found: Vec<_> = self.accounts.rejected.clone().into_iter().collect();
        let mut expected = rejected.to_vec();
        expected.sort_unstable();
        assert_eq!((self.accounts.accepted, found), (accepted, expected));
        self
    }

    /// Checks the peak of resident memory, and prints it.
    #[allow(clippy::print_stderr)]
    pub fn assert_peak_below(&self, name: &str, mib: u64) -> &Self {
        let Some(peak_kib) = self.ran.peak_kib else {
            eprintln!("skipped: this system does not tell the peak memory ({name})");
            return self;
        };
        eprintln!("peak memory {:6.1} MiB: {name}", peak_kib as f64 / 1024.0);
        assert!(peak_kib < mib * 1024, "{name}: {peak_kib} KiB");
        self
    }
}

fn wait(child: &mut Child) -> (Option<i32>, Option<u64>) {
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        // Once the child has ended its memory is gone, so the last figure counts.
        peak = peak_of(&status_file).or(peak);
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            return (status.code(), peak);
        }
        thread::sleep(POLL);
    }
}

fn peak_of(status_file: &str) -> Option<u64> {
    let status = fs::read_to_string(status_file).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
