//! Takes what is posted to an address of this machine.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_HEAD: u64 = 64 << 10;
const MAX_BODY: u64 = 4 << 20;

/// The body of the next request, if one waits.
pub fn next(listener: &TcpListener) -> io::Result<Option<Vec<u8>>> {
    match listener.accept() {
        Ok((connection, _)) => body(connection).map(Some),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn body(mut connection: TcpStream) -> io::Result<Vec<u8>> {
    connection.set_nonblocking(false)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    connection.set_write_timeout(Some(TIMEOUT))?;
    let mut reader = BufReader::new(connection.try_clone()?);
    let length = head(&mut reader)?;
    let (status, body) = match length {
        Some(length) if length <= MAX_BODY => {
            let mut body = Vec::new();
            reader.take(length).read_to_end(&mut body)?;
            ("204 No Content", body)
        }
        Some(_) => ("413 Content Too Large", Vec::new()),
        None => ("411 Length Required", Vec::new()),
    };
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    connection.write_all(answer.as_bytes())?;
    match status.starts_with("204") {
        true => Ok(body),
        false => Err(io::Error::other(format!("a request was refused: {status}"))),
    }
}

/// Reads up to the end of the head, and returns the length of the body.
fn head(reader: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut reader = reader.take(MAX_HEAD);
    let mut length = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim_end().is_empty() {
            return Ok(length);
        }
        let header = line.split_once(':');
        if let Some((name, value)) = header
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
}
