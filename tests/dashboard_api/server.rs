//! A running dashboard, and a client that says what it wants to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use crate::common::command::{GIVE_UP, Sandbox, signal, wait_until};

/// A command with a dashboard beside it; killed when this is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed leaves no process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        assert!(
            self.header("content-type") == Some("application/json"),
            "{}",
            self.head
        );
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub fn error(&self) -> String {
        let error = &self.json()["error"]["code"];
        error.as_str().expect("an error has a code").to_owned()
    }
}

impl Server {
    /// `wafwatch serve` over the sandbox's store.
    pub fn serve(sandbox: &Sandbox) -> Self {
        let mut command = sandbox.command(&["serve", "127.0.0.1:0", "--store", "store.db"]);
        Self::started(&mut command)
    }

    /// Starts what serves a dashboard, and waits until it listens.
    pub fn started(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("it starts");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let found = Arc::<Mutex<Option<SocketAddr>>>::default();
        let told = Arc::clone(&found);
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let address = line.split("dashboard at http://").nth(1);
                if let Some(address) = address.and_then(|text| text.strip_suffix('/')) {
                    *told.lock().expect("never poisoned") = address.parse().ok();
                }
            }
        });
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        wait_until("the dashboard", || {
            let ended = server.child.try_wait().expect("it can be asked");
            assert!(ended.is_none(), "it ended: {ended:?}");
            found.lock().expect("never poisoned").is_some()
        });
        let address = *found.lock().expect("never poisoned");
        server.address = address.expect("was waited for");
        server
    }

    /// Ends it as ctrl-c does, and gives its exit code.
    pub fn interrupt(mut self) -> Option<i32> {
        signal(&self.child, "INT");
        self.child.wait().expect("it ends").code()
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.address.port())
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub fn api(&self, path: &str) -> Value {
        let answer = self.get(&format!("/api/v1/{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// Sends a request with the right Host, unless `headers` name another.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = self.connect(method, path, headers, body);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("it answers");
        let text = String::from_utf8(bytes).expect("it answers in UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("it has a head");
        let status = head.split(' ').nth(1).expect("it has a status");
        assert!(!head.to_lowercase().contains("chunked"), "{head}");
        Answer {
            status: status.parse().expect("is a number"),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    fn connect(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let address = SocketAddr::from(([127, 0, 0, 1], self.address.port()));
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(GIVE_UP)).expect("can be set");
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            request += &format!("Host: {}\r\n", self.host());
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).expect("it reads");
        stream
    }

    /// Follows events from here on, or after `last`.
    pub fn follow(&self, last: Option<&str>) -> Events {
        let last = last.map(|id| ("Last-Event-ID", id));
        let headers: Vec<(&str, &str)> = last.into_iter().collect();
        let stream = self.connect("GET", "/api/v1/events", &headers, "");
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = reader.read_line(&mut head).expect("it answers");
            assert!(read > 0, "it ended: {head}");
        }
        Events {
            head,
            reader,
            text: String::new(),
        }
    }
}

/// One event.
#[derive(Debug)]
pub struct Event {
    pub kind: String,
    pub id: Option<String>,
    pub data: Value,
}

/// A stream of events.
pub struct Events {
    pub head: String,
    reader: BufReader<TcpStream>,
    text: String,
}

impl Events {
    /// The next event of one of these kinds.
    pub fn next_of(&mut self, kinds: &[&str]) -> Event {
        loop {
            let event = self.next();
            if kinds.contains(&event.kind.as_str()) {
                return event;
            }
        }
    }

    fn next(&mut self) -> Event {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = parsed(block);
                self.text = rest.to_owned();
                match event {
                    Some(event) => return event,
                    None => continue,
                }
            }
            self.read_chunk();
        }
    }

    fn read_chunk(&mut self) {
        let mut size = String::new();
        self.reader.read_line(&mut size).expect("it goes on");
        let size = usize::from_str_radix(size.trim(), 16).expect("a chunk has a size");
        assert!(size > 0, "the stream ended");
        let mut chunk = vec![0; size + 2];
        self.reader.read_exact(&mut chunk).expect("it goes on");
        chunk.truncate(size);
        self.text += std::str::from_utf8(&chunk).expect("frames are whole");
    }
}

fn parsed(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let mut lines = block.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    Some(Event {
        kind: field("event")?.to_owned(),
        id: field("id").map(str::to_owned),
        data: serde_json::from_str(field("data")?).expect("data is JSON"),
    })
}
