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

/// `waf.log.1`, `waf.log-20240101.gz`, `waf.1.log` or `waf-20240101.log` for `waf.log`. Not `waf-2.log`,
/// which may well be a log of its own.
fn is_rotated_name(name: &OsStr, followed: &OsStr) -> bool {
    let is_separator = |byte: &u8| matches!(byte, b'.' | b'-' | b'_');
    let name = name.as_encoded_bytes();
    if let Some(added) = name.strip_prefix(followed.as_encoded_bytes()) {
        return added.first().is_some_and(is_separator);
    }
    let followed = Path::new(followed);
    let (Some(stem), Some(extension)) = (followed.file_stem(), followed.extension()) else {
        return false;
    };
    let name = name.strip_suffix(b".gz").unwrap_or(name);
    let added = name
        .strip_prefix(stem.as_encoded_bytes())
        .and_then(|rest| rest.strip_suffix(extension.as_encoded_bytes()))
        .and_then(|rest| rest.strip_suffix(b"."));
    let Some((first, number)) = added.and_then(<[u8]>::split_first) else {
        return false;
    };
    let digits = number.iter().filter(|byte| byte.is_ascii_digit()).count();
    let only_digits = digits == number.len();
    let only_date = digits >= DATE_DIGITS && number.len() <= digits + 4;
    is_separator(first) && digits > 0 && (only_date || (only_digits && *first == b'.'))
}

/// Year, month and day.
const DATE_DIGITS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_rotation_makes_are_known() {
        let is = |name: &str| is_rotated_name(OsStr::new(name), OsStr::new("waf.log"));
        for rotated in [
            "waf.log.1",
            "waf.log-20240101.gz",
            "waf.log.old",
            "waf-20240101.log",
            "waf-2024-01-01.log.gz",
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
            "waf-2.log",
            "waf..log",
        ] {
            assert!(!is(other), "{other}");
        }
    }
}
