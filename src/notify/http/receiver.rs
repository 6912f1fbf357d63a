//! A server on the loopback that takes one request, for tests of channels.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

/// What a receiver got.
pub(in crate::notify) struct Received {
    pub request_line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

/// A server on the loopback that takes one request and answers as told.
pub(in crate::notify) fn receiver(
    answer: impl FnOnce(&mut TcpStream) + Send + 'static,
) -> (String, JoinHandle<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody connects");
        let received = read_request(&stream);
        answer(&mut stream);
        received
    });
    (format!("http://{address}/hook?token=t0psecret"), server)
}

fn read_request(stream: &TcpStream) -> Received {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    };
    let request_line = line();
    let mut headers = Vec::new();
    loop {
        let header = line();
        let Some((name, value)) = header.split_once(": ") else {
            break;
        };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let mut received = Received {
        request_line,
        headers,
        body: String::new(),
    };
    let length: u64 = received.header("content-length").parse().expect("a length");
    let body = reader.take(length).read_to_string(&mut received.body);
    body.expect("a body of text");
    received
}

pub(in crate::notify) fn says(answer: &'static str) -> (String, JoinHandle<Received>) {
    receiver(move |stream| stream.write_all(answer.as_bytes()).expect("written"))
}
