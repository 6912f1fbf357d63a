//! Where a probe looks.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;

/// What a command prints, or a file grows by at a time, at most.
const MAX_BYTES: u64 = 64 << 20;

/// Where a probe looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file that grows by lines of JSON.
    File(PathBuf),
    /// An address of this machine, to which JSON is posted.
    Listen(SocketAddr),
    /// A command of the shell that prints JSON: all there is, each time.
    Run(String),
}

/// Text that is no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write file:PATH, listen:127.0.0.1:PORT (an address of this machine alone) or run:COMMAND")]
pub struct InvalidSource;

impl FromStr for Source {
    type Err = InvalidSource;

    fn from_str(text: &str) -> Result<Self, InvalidSource> {
        match text.split_once(':') {
            Some((_, "")) | None => Err(InvalidSource),
            Some(("file", path)) => Ok(Self::File(path.into())),
            Some(("run", command)) => Ok(Self::Run(command.to_owned())),
            Some(("listen", address)) => {
                let address: Result<SocketAddr, _> = address.parse();
                match address {
                    // Who can reach it can make up messages.
                    Ok(address) if address.ip().is_loopback() => Ok(Self::Listen(address)),
                    _ => Err(InvalidSource),
                }
            }
            Some(_) => Err(InvalidSource),
        }
    }
}

/// What the shell's `command` prints.
pub fn run(command: &str) -> io::Result<Vec<u8>> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()?;
    let mut text = Vec::new();
    let output = child.stdout.take().expect("it is piped");
    let read = output.take(MAX_BYTES).read_to_end(&mut text);
    let status = child.wait()?;
    read?;
    match status.success() {
        true => Ok(text),
        false => Err(io::Error::other(format!("it ended with {status}"))),
    }
}

/// Reads what a file grows by, in whole lines.
#[derive(Debug)]
pub struct Followed {
    path: PathBuf,
    offset: u64,
}

impl Followed {
    /// From the present end of the file on; it need not be there yet.
    pub fn new(path: &Path) -> Self {
        let length = std::fs::metadata(path).map(|about| about.len());
        Self {
            path: path.to_owned(),
            offset: length.unwrap_or(0),
        }
    }

    /// The lines that were added since the last time.
    pub fn added(&mut self) -> io::Result<Vec<u8>> {
        let mut file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            file => file?,
        };
        if file.metadata()?.len() < self.offset {
            // Another file has taken its place.
            self.offset = 0;
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let mut text = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut text)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n');
        text.truncate(whole.map_or(0, |end| end + 1));
        self.offset += text.len() as u64;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn sources_are_understood() {
        assert_eq!("file:a:b".parse(), Ok(Source::File("a:b".into())));
        assert_eq!("run:a | b".parse(), Ok(Source::Run("a | b".to_owned())));
        let address = "127.0.0.1:80".parse().expect("an address");
        assert_eq!("listen:127.0.0.1:80".parse(), Ok(Source::Listen(address)));
        assert!("listen:[::1]:80".parse::<Source>().is_ok());
        for text in [
            "",
            "file",
            "file:",
            "listen:80",
            "listen:0.0.0.0:80",
            "listen:192.0.2.1:80",
            "a",
        ] {
            assert_eq!(text.parse::<Source>(), Err(InvalidSource), "{text}");
        }
    }

    #[test]
    fn a_file_is_followed_by_whole_lines_from_its_end_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("messages.jsonl");
        let mut absent = Followed::new(&path);
        assert_eq!(absent.added().expect("readable"), b"");
        std::fs::write(&path, "old\n").expect("space");
        assert_eq!(absent.added().expect("readable"), b"old\n");
        let mut followed = Followed::new(&path);
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .expect("there");
        file.write_all(b"one\ntw").expect("space");
        assert_eq!(followed.added().expect("readable"), b"one\n");
        file.write_all(b"o\n").expect("space");
        assert_eq!(followed.added().expect("readable"), b"two\n");
        std::fs::write(&path, "new\n").expect("space");
        assert_eq!(followed.added().expect("readable"), b"new\n");
    }

    #[test]
    fn a_command_that_fails_is_an_error() {
        assert_eq!(run("printf '{}'").expect("runs"), b"{}");
        assert!(run("printf '{}'; exit 3").is_err());
    }
}
