//! The DevTools protocol: numbered calls with answers, and events in between.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

const LONGEST_CALL: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// Something that the browser told by itself.
pub struct Event {
    /// Its name, as `Network.requestWillBeSent`.
    pub method: String,
    /// What it says.
    pub parameters: Value,
}

/// The connection to one browser.
pub struct Connection {
    socket: WebSocket<TcpStream>,
    last_id: u64,
    events: Vec<Event>,
}

impl Connection {
    /// Connects to `address`, a `ws://` URL on this machine.
    pub fn open(address: &str) -> Self {
        let host = address.trim_start_matches("ws://");
        let host = host.split('/').next().unwrap_or(host);
        let stream = TcpStream::connect(host).expect("the browser listens");
        let (socket, _) =
            tungstenite::client(address, stream).expect("the browser speaks WebSocket");
        let timeout = socket.get_ref().set_read_timeout(Some(POLL));
        timeout.expect("a socket takes a read timeout");
        Self {
            socket,
            last_id: 0,
            events: Vec::new(),
        }
    }

    /// Calls `method` and waits for its answer.
    ///
    /// # Panics
    ///
    /// When the browser refuses, is gone, or does not answer within two minutes.
    pub fn call(&mut self, session: Option<&str>, method: &str, parameters: &Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut request = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = session {
            request["sessionId"] = json!(session);
        }
        let text = request.to_string();
        let sent = self.socket.send(Message::text(text));
        sent.unwrap_or_else(|error| panic!("{method} cannot be sent: {error}"));
        let deadline = Instant::now() + LONGEST_CALL;
        while Instant::now() < deadline {
            let Some(mut message) = self.receive() else {
                continue;
            };
            if message["id"] != json!(id) {
                continue;
            }
            let error = &message["error"];
            assert!(error.is_null(), "{method} was refused: {error}");
            return message["result"].take();
        }
        panic!("{method} was not answered within {LONGEST_CALL:?}");
    }

    /// What the browser told since the last call of this.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Waits a moment for messages, which become events.
    pub fn listen(&mut self) {
        while self.receive().is_some() {}
    }

    /// The next message, if one comes within a moment; an event is kept as well.
    fn receive(&mut self) -> Option<Value> {
        let text = match self.socket.read() {
            Ok(Message::Text(text)) => text,
            Ok(_) => return Some(Value::Null),
            Err(tungstenite::Error::Io(error))
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
            {
                return None;
            }
            Err(error) => panic!("the browser is gone: {error}"),
        };
        let mut message: Value = serde_json::from_str(&text).expect("the protocol is JSON");
        if let Some(method) = message["method"].as_str() {
            let method = method.to_owned();
            self.events.push(Event {
                method,
                parameters: message["params"].take(),
            });
        }
        Some(message)
    }
}
