//! Appends messages to a file, one JSON object per line.
//!
//! The file is opened anew for every message: whatever rotates it may move it away at any time,
//! and the next message begins a new one. A line that an earlier crash or a full disk left
//! unfinished is ended first, so that it spoils no other.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{Message, Notifier, NotifyError, Retry};

/// Appends to one file.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    one_at_a_time: Mutex<()>,
}

impl JsonLines {
    /// A channel to the file at `path`. It and its folder are made when they are needed.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            one_at_a_time: Mutex::new(()),
        }
    }
}

impl Notifier for JsonLines {
    fn name(&self) -> &str {
        "jsonl"
    }

    fn notify(&self, message: &Message) -> Result<(), NotifyError> {
        let line = format!("{}\n", message.to_json_line());
        let _turn = self
            .one_at_a_time
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        append(&self.path, &line).map_err(|error| NotifyError {
            channel: self.name().to_owned(),
            event_id: message.event_id.clone(),
            problem: format!("{} could not be appended to: {error}", self.path.display()),
            // Full disks get space, and folders get permissions, without a restart.
            retry: Retry::Later,
        })
    }
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .open(path)?;
    let start = if ends_within_a_line(&mut file)? {
        "\n"
    } else {
        ""
    };
    // One write: with O_APPEND the line stays whole beside those of another process.
    file.write_all(format!("{start}{line}").as_bytes())?;
    file.flush()?;
    file.sync_data()
}

fn ends_within_a_line(file: &mut File) -> io::Result<bool> {
    // What is no regular file (a pipe, a terminal) has no end to look at.
    if !file.metadata()?.is_file() || file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn lines(path: &Path) -> Vec<String> {
        let text = fs::read_to_string(path).expect("the file is there");
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_message_is_one_line_of_json() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/folders/alerts.jsonl");
        let channel = JsonLines::new(&path);
        let message = Message::sample();
        channel.notify(&message).expect("written");
        channel.notify(&message).expect("written");
        let lines = lines(&path);
        assert_eq!(lines.len(), 2);
        for line in lines {
            let json: Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!(json, message.to_json());
        }
    }

    #[test]
    fn a_rotated_file_is_followed_by_a_new_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("alerts.jsonl");
        let channel = JsonLines::new(&path);
        channel.notify(&Message::sample()).expect("written");
        fs::rename(&path, folder.path().join("alerts.jsonl.1")).expect("rotated");
        channel.notify(&Message::sample()).expect("written");
        assert_eq!(lines(&path).len(), 1);
    }

    #[test]
    fn an_unfinished_line_spoils_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("alerts.jsonl");
        fs::write(&path, "{\"event_id\":\"torn").expect("written");
        JsonLines::new(&path)
            .notify(&Message::sample())
            .expect("written");
        let lines = lines(&path);
        assert_eq!(lines.len(), 2);
        assert!(serde_json::from_str::<Value>(&lines[1]).is_ok());
    }

    #[test]
    fn messages_of_many_threads_stay_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("alerts.jsonl");
        let channel = JsonLines::new(&path);
        let message = Message::sample();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..5).for_each(|_| channel.notify(&message).expect("written")));
            }
        });
        let lines = lines(&path);
        assert_eq!(lines.len(), 20);
        assert!(
            lines
                .iter()
                .all(|line| serde_json::from_str::<Value>(line).is_ok())
        );
    }

    #[test]
    fn a_file_that_cannot_be_written_is_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = JsonLines::new(folder.path()).notify(&Message::sample());
        let error = error.expect_err("a folder is no file");
        assert_eq!(error.retry, Retry::Later);
        assert!(
            error.problem.contains("could not be appended to"),
            "{error}"
        );
    }
}
