//! A server that takes webhooks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// One request.
#[derive(Debug)]
pub struct Request {
    /// The request line and the headers.
    pub head: Vec<String>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| {
            let (given, value) = line.split_once(':')?;
            given.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn read(stream: &TcpStream) -> Self {
        let mut reader = BufReader::new(stream);
        let mut request = Self {
            head: Vec::new(),
            body: String::new(),
        };
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a request");
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            request.head.push(line.to_owned());
        }
        let length = request.header("Content-Length").expect("a length");
        let mut body = vec![0; length.parse().expect("a number")];
        reader.read_exact(&mut body).expect("a body");
        request.body = String::from_utf8(body).expect("JSON is UTF-8");
        request
    }
}

/// Listens on a free port; refuses the first request, so that it has to be sent again.
pub fn listen() -> (SocketAddr, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (send, requests) = channel();
    thread::spawn(move || {
        let mut answers = ["503 Service Unavailable"].into_iter();
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let request = Request::read(&stream);
            let status = answers.next().unwrap_or("200 OK");
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).expect("it listens");
            if send.send(request).is_err() {
                return;
            }
        }
    });
    (address, requests)
}
