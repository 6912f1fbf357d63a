//! A running command with a dashboard.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::browser::page::{Scheme, Size};
use crate::browser::{Chromium, Page};
use crate::common::command::{GIVE_UP, Sandbox};

/// As on a usual screen.
pub const WIDE: Size = Size {
    width: 1280,
    height: 900,
};

const LISTENS: &str = "dashboard at ";

/// The process; it ends with this value.
pub struct Served {
    child: Child,
    /// Where the page is, as `http://127.0.0.1:4711/`.
    pub url: String,
}

impl Served {
    /// Runs the command with `arguments` and waits until its dashboard listens.
    pub fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        Self::run(sandbox.command(arguments))
    }

    /// The same of a command that was made ready.
    pub fn run(mut command: Command) -> Self {
        // `watch` ends with its standard input where that is what it reads; here nobody reads the output.
        let mut child = command.stdout(Stdio::null()).spawn().expect("it starts");
        let stderr = child.stderr.take().expect("piped");
        let (send, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                // Read on when nobody listens, so that the process never waits for its reader.
                let _ = send.send(line);
            }
        });
        let mut served = Self {
            child,
            url: String::new(),
        };
        served.url = address(&lines);
        served
    }

    /// Shows the sandbox's store.
    pub fn store(sandbox: &Sandbox) -> Self {
        Self::start(sandbox, &["serve", "127.0.0.1:0", "--store", "store.db"])
    }

    /// A page of the dashboard, shown so large and light.
    pub fn page<'browser>(&self, chromium: &'browser mut Chromium, size: Size) -> Page<'browser> {
        let mut page = chromium.page();
        page.show_as(size, Scheme::Light);
        page.open(&self.url);
        page
    }

    /// The address without the scheme and the path.
    pub fn host(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }

    /// Ends the process at once.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Nothing but the server was asked, and nothing was told on the console.
    pub fn assert_clean(&self, page: &mut Page<'_>) {
        self.assert_nothing_left_the_host(page);
        let problems = page.observed().problems();
        assert!(problems.is_empty(), "{problems:#?}");
    }

    /// Every request of the page was to this server, or to nobody.
    pub fn assert_nothing_left_the_host(&self, page: &mut Page<'_>) {
        let requests = page.observed().requests();
        assert!(requests.contains(&self.url), "{requests:?}");
        for request in requests {
            let is_local = ["data:", "blob:", "about:"]
                .iter()
                .any(|scheme| request.starts_with(scheme));
            assert!(
                is_local || request.starts_with(&self.url),
                "asked {request}"
            );
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One that has ended already is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(lines: &Receiver<String>) -> String {
    let mut told = Vec::new();
    while let Ok(line) = lines.recv_timeout(GIVE_UP) {
        if let Some((_, url)) = line.split_once(LISTENS) {
            return url.trim().to_owned();
        }
        told.push(line);
    }
    panic!("it did not say where the dashboard is: {told:?}");
}
