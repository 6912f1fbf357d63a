//! Finds what was begun under a followed path and rotated to another name before it was finished.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::error::SourceError;
use super::identity::{FINGERPRINT_BYTES, Identity};
use super::input::{Input, InputKind};
use super::reader::peek;

/// A rotated file and where to go on in it.
#[derive(Debug)]
pub(super) struct Unfinished {
    pub(super) input: Input,
    pub(super) identity: Identity,
    pub(super) resume_at: u64,
}

/// The files beside `followed` that were rotated away from it since the last run, oldest first.
///
/// Going back in time from the newest one, they are those that no run has begun, and then the one
/// that was begun, which ends the search. Without such a one there was no earlier run, and nothing
/// is to be made up for.
pub(super) fn find(
    followed: &Path,
    checkpoint: &mut dyn FnMut(&Identity) -> Option<u64>,
) -> Result<VecDeque<Unfinished>, SourceError> {
    let mut unfinished = VecDeque::new();
    for input in siblings(followed)? {
        let head = peek(&input, FINGERPRINT_BYTES)?;
        let identity = Identity::of_file(followed, &head);
        let known = checkpoint(&identity);
        unfinished.push_front(Unfinished {
            input,
            identity,
            resume_at: known.unwrap_or(0),
        });
        if known.is_some() {
            return Ok(unfinished);
        }
    }
    Ok(VecDeque::new())
}

/// Files that carry the followed name with something added, newest first.
fn siblings(followed: &Path) -> Result<Vec<Input>, SourceError> {
    let (Some(folder), Some(name)) = (followed.parent(), followed.file_name()) else {
        return Ok(Vec::new());
    };
    let list = SourceError::io("list", folder);
    let mut found: Vec<(SystemTime, Input)> = Vec::new();
    for entry in fs::read_dir(folder).map_err(&list)? {
        let entry = entry.map_err(&list)?;
        if !is_rotated_name(&entry.file_name(), name) {
            continue;
        }
        // A file that goes away while we look was removed by the rotation.
        let Ok(input) = Input::file(&entry.path()) else {
            continue;
        };
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        if let (InputKind::File, Ok(modified)) = (input.kind(), modified) {
            found.push((modified, input));
        }
    }
    found.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.path().cmp(other.path())));
    Ok(found.into_iter().map(|(_, input)| input).collect())
}

/// `waf.log.1`, `waf.log-20240101.gz` or `waf-20240101.log` for `waf.log`.
fn is_rotated_name(name: &OsStr, followed: &OsStr) -> bool {
    let starts_separated = |text: &[u8]| matches!(text.first(), Some(b'.' | b'-' | b'_'));
    let name = name.as_encoded_bytes();
    let followed_bytes = followed.as_encoded_bytes();
    if let Some(added) = name.strip_prefix(followed_bytes) {
        return starts_separated(added);
    }
    let followed = Path::new(followed);
    let (Some(stem), Some(extension)) = (followed.file_stem(), followed.extension()) else {
        return false;
    };
    let Some(added) = name.strip_prefix(stem.as_encoded_bytes()) else {
        return false;
    };
    let mut parts = added.rsplit(|byte| *byte == b'.');
    let has_extension = parts
        .by_ref()
        .take(2)
        .any(|part| part == extension.as_encoded_bytes());
    has_extension && starts_separated(added)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_rotation_makes_are_known() {
        let is = |name: &str| is_rotated_name(OsStr::new(name), OsStr::new("waf.log"));
        for rotated in [
            "waf.log.1",
            "waf.log-2024.gz",
            "waf-2024.log",
            "waf.1.log.gz",
        ] {
            assert!(is(rotated), "{rotated}");
        }
        for other in [
            "waf.log",
            "waf.logs",
            "wafer.log",
            "waf.json",
            "waf",
            "a-waf.log",
        ] {
            assert!(!is(other), "{other}");
        }
    }
}
