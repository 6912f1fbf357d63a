//! Replays in the sandbox whose memory is measured and whose accounts are checked.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, ExitStatus, Output, Stdio};
use std::thread;
use std::time::Duration;

use wafwatch::ingest::{Accounts, RejectReason};
use wafwatch::store::Store;
use wafwatch::store::sqlite::SqliteStore;

use super::command::{Ended, Sandbox};

/// How often the child's memory is looked at. The kernel keeps the peak itself.
const POLL: Duration = Duration::from_millis(2);

impl Sandbox {
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
        let (ended, peak_kib) = self.run_measured(&arguments, write);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let accounts: Accounts =
            serde_json::from_value(ended.json()["accounts"].clone()).expect("accounts");
        assert!(accounts.balance(), "{accounts:?}");
        let store = self.store();
        assert!(store.windows_with_partials().expect("reads").is_empty());
        let totals = store.acl_totals().expect("reads");
        let counted: u64 = totals.iter().map(|totals| totals.total).sum();
        assert_eq!(counted, accounts.accepted, "windows against accounts");
        Replayed { accounts, peak_kib }
    }

    pub fn store(&self) -> SqliteStore {
        SqliteStore::open_existing(&self.path("wafwatch.db")).expect("a store")
    }

    /// Every file that the commands left here, except `inputs`.
    pub fn files_beside(&self, inputs: &[&str]) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.folder()).expect("lists");
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

    /// Runs the command with what `write` writes as its standard input. Gives its peak memory too, in
    /// KiB, where the system tells it.
    fn run_measured(
        &self,
        arguments: &[&str],
        write: impl FnOnce(&mut dyn Write) + Send,
    ) -> (Ended, Option<u64>) {
        // Files never fill up, so nobody has to read while the memory is looked at.
        let (stdout, stderr) = (self.path(".stdout"), self.path(".stderr"));
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(File::create(&stdout).expect("a file"))
            .stderr(File::create(&stderr).expect("a file"))
            .spawn()
            .expect("the command starts");
        let stdin = child.stdin.take().expect("it is piped");
        let (status, peak_kib) = thread::scope(|scope| {
            scope.spawn(move || write(&mut BufWriter::new(stdin)));
            wait(&mut child)
        });
        let read = |path: &Path| fs::read(path).expect("the output is there");
        let ended = Ended::of(Output {
            status,
            stdout: read(&stdout),
            stderr: read(&stderr),
        });
        (ended, peak_kib)
    }
}

/// A replay that ended well.
pub struct Replayed {
    pub accounts: Accounts,
    peak_kib: Option<u64>,
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
        let Some(peak_kib) = self.peak_kib else {
            eprintln!("skipped: this system does not tell the peak memory ({name})");
            return self;
        };
        eprintln!("peak memory {:6.1} MiB: {name}", peak_kib as f64 / 1024.0);
        assert!(peak_kib < mib * 1024, "{name}: {peak_kib} KiB");
        self
    }
}

fn wait(child: &mut Child) -> (ExitStatus, Option<u64>) {
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        // Once the child has ended its memory is gone, so the last figure counts.
        peak = peak_of(&status_file).or(peak);
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            return (status, peak);
        }
        thread::sleep(POLL);
    }
}

fn peak_of(status_file: &str) -> Option<u64> {
    let status = fs::read_to_string(status_file).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
