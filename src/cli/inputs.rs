//! What `replay` reads: files, standard input, buckets.

use wafwatch_windows::time::EventTime;

use super::arguments::ReplayArguments;
use super::exit::UsageError;
use crate::ingest::TimeRanges;
use crate::source::{Input, SourceError, expand};

/// The time that is asked for.
pub(super) fn wanted(arguments: &ReplayArguments) -> Result<TimeRanges, UsageError> {
    let wanted = TimeRanges::between(arguments.from, arguments.to);
    if wanted.is_empty() {
        return Err(UsageError("--to must be a later time than --from".into()));
    }
    Ok(wanted)
}

/// The inputs that are named, in their order.
pub(super) fn inputs(arguments: &ReplayArguments) -> anyhow::Result<Vec<Input>> {
    let is_remote = |input: &&String| input.starts_with("s3://");
    let local = arguments.inputs.iter().filter(|input| !is_remote(input));
    let local: Vec<String> = local.cloned().collect();
    if let Some(stream) = local.iter().find(|input| input.starts_with("kinesis://")) {
        let error = SourceError::WrongCommand {
            input: stream.clone(),
            advice: "use `watch --source` for a stream",
        };
        return Err(UsageError(error.to_string()).into());
    }
    let mut inputs = expand(&local).map_err(|error| UsageError(error.to_string()))?;
    let remote: Vec<&String> = arguments.inputs.iter().filter(is_remote).collect();
    if !remote.is_empty() {
        let from = arguments.from.unwrap_or(EventTime(i64::MIN));
        let until = arguments.to.unwrap_or(EventTime(i64::MAX));
        inputs.extend(buckets::inputs(&remote, from, until)?);
    }
    Ok(inputs)
}

#[cfg(not(feature = "aws"))]
mod buckets {
    use wafwatch_windows::time::EventTime;

    use super::{Input, SourceError, UsageError};

    pub(super) fn inputs(
        names: &[&String],
        _from: EventTime,
        _until: EventTime,
    ) -> anyhow::Result<Vec<Input>> {
        let input = names
            .first()
            .map_or_else(String::new, |name| (*name).clone());
        Err(UsageError(SourceError::WithoutAws { input }.to_string()).into())
    }
}

#[cfg(feature = "aws")]
mod buckets {
    use std::collections::HashSet;
    use std::collections::hash_map::RandomState;
    use std::hash::{BuildHasher, Hasher};

    use wafwatch_windows::time::EventTime;

    use super::super::note;
    use super::super::text::figures::{bytes, grouped};
    use super::{Input, SourceError, UsageError};
    use crate::source::s3::Bucket;

    pub(super) fn inputs(
        names: &[&String],
        from: EventTime,
        until: EventTime,
    ) -> anyhow::Result<Vec<Input>> {
        let bucket = Bucket::connect(RandomState::new().build_hasher().finish())?;
        let mut inputs: Vec<Input> = Vec::new();
        let mut known = HashSet::new();
        for name in names {
            let listed = bucket
                .inputs(name, from, until)
                .map_err(|error| match error {
                    SourceError::NotABucket { .. } | SourceError::NoObject { .. } => {
                        UsageError(error.to_string()).into()
                    }
                    error => anyhow::Error::new(error),
                })?;
            let sizes = listed.iter().filter_map(Input::bytes_on_disk);
            let (count, size) = (grouped(listed.len() as u64), bytes(sizes.sum()));
            note(&format!(
                "{count} objects of {name} can hold the time asked for: {size}"
            ));
            // One prefix may lie within another one.
            let is_new = |input: &Input| known.insert(input.path().to_owned());
            inputs.extend(listed.into_iter().filter(is_new));
        }
        Ok(inputs)
    }
}
