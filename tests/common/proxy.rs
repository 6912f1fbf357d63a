//! Stands between a client and an emulator: writes down every call, and spoils some.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

/// A request.
#[derive(Debug, Clone)]
pub struct Call {
    pub at: Instant,
    /// As `GET /bucket?prefix=x`.
    pub line: String,
    /// By name in small letters.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Call {
    /// The operation of a call in AWS JSON, as `GetRecords`.
    pub fn operation(&self) -> &str {
        let target = self.headers.get("x-amz-target").map_or("", String::as_str);
        target.rsplit('.').next().unwrap_or_default()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What becomes of a call.
#[derive(Debug, Clone)]
pub enum Treatment {
    /// It is passed on.
    Pass,
    /// It is answered here, in AWS JSON.
    Answer(u16, String),
    /// It is passed on, and the answer is lost.
    LoseAnswer,
    /// It is passed on, and so much of the answer's body comes back, in per cent.
    CutAnswer(usize),
}

impl Treatment {
    /// An error of a service.
    pub fn error(status: u16, code: &str) -> Self {
        let body = serde_json::json!({"__type": code, "message": "so it was asked for"});
        Self::Answer(status, body.to_string())
    }
}

type Treat = Box<dyn FnMut(&Call) -> Treatment + Send>;

/// A running proxy; it ends with the test.
pub struct Proxy {
    pub endpoint: String,
    calls: Arc<Mutex<Vec<Call>>>,
    treat: Arc<Mutex<Treat>>,
}

impl Proxy {
    /// A proxy before the emulator at `endpoint`, `http://ADDRESS`.
    pub fn before(endpoint: &str) -> Self {
        let upstream = endpoint.trim_start_matches("http://").trim_end_matches('/');
        let upstream: SocketAddr = upstream.parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let calls = Arc::new(Mutex::new(Vec::new()));
        let pass: Treat = Box::new(|_| Treatment::Pass);
        let treat = Arc::new(Mutex::new(pass));
        let (log, rule) = (Arc::clone(&calls), Arc::clone(&treat));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let (log, rule) = (Arc::clone(&log), Arc::clone(&rule));
                // A client that was killed is no failure of the proxy.
                thread::spawn(move || serve(&stream, upstream, &log, &rule).ok());
            }
        });
        Self {
            endpoint: format!("http://{address}"),
            calls,
            treat,
        }
    }

    /// Treats calls so from now on.
    pub fn treat(&self, treat: impl FnMut(&Call) -> Treatment + Send + 'static) {
        *self.treat.lock().expect("no panic") = Box::new(treat);
    }

    /// The calls since the proxy started or this was last asked.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().expect("no panic"))
    }

    /// How many of the calls so far are such.
    pub fn count(&self, is_such: impl Fn(&Call) -> bool) -> usize {
        let calls = self.calls.lock().expect("no panic");
        calls.iter().filter(|call| is_such(call)).count()
    }
}

fn serve(
    mut client: &TcpStream,
    upstream: SocketAddr,
    log: &Mutex<Vec<Call>>,
    treat: &Mutex<Treat>,
) -> std::io::Result<()> {
    let call = read_call(client)?;
    log.lock().expect("no panic").push(call.clone());
    let treatment = (treat.lock().expect("no panic"))(&call);
    if let Treatment::Answer(status, body) = &treatment {
        let length = body.len();
        return write!(
            client,
            "HTTP/1.1 {status} Spoilt\r\nContent-Type: application/x-amz-json-1.1\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
    }
    let answer = forward(&call, upstream)?;
    let body_at = find(&answer, b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
    match treatment {
        Treatment::LoseAnswer => Ok(()),
        Treatment::CutAnswer(percent) => {
            let kept = (answer.len() - body_at) * percent / 100;
            client.write_all(&answer[..body_at + kept])
        }
        _ => client.write_all(&answer),
    }
}

fn read_call(client: &TcpStream) -> std::io::Result<Call> {
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or("0", String::as_str);
    let mut body = vec![0; length.parse().unwrap_or_default()];
    reader.read_exact(&mut body)?;
    Ok(Call {
        at: Instant::now(),
        line,
        headers,
        body,
    })
}

fn forward(call: &Call, upstream: SocketAddr) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(upstream)?;
    let mut head = format!("{} HTTP/1.1\r\n", call.line);
    for (name, value) in &call.headers {
        if name != "connection" {
            head += &format!("{name}: {value}\r\n");
        }
    }
    head += "connection: close\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    stream.write_all(&call.body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
