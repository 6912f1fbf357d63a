//! Finds the objects that can hold records of a range of time, listing no more than it must.
//!
//! The bucket is walked folder by folder, and a folder whose name says that its time lies elsewhere is
//! not entered. So one hour of a bucket of years takes a request for each level above the hours, one
//! for each folder in the range, and few more for the margins.

mod key_time;

use aws_sdk_s3::Client;
use wafwatch_windows::time::EventTime;

pub(crate) use key_time::Span;

use crate::account::Failure;

/// An object as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) etag: String,
    pub(crate) bytes: u64,
    pub(crate) span: Option<Span>,
}

/// A bucket and the beginning of the keys in it that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) bucket: String,
    pub(crate) prefix: String,
}

impl Location {
    /// What `s3://BUCKET/PREFIX` names; `None` where it names no bucket.
    pub(crate) fn parse(input: &str) -> Option<Self> {
        let rest = input.strip_prefix("s3://")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        // Access points of other accounts are named by ARN.
        let is_bucket = bucket.len() >= 3 && bucket.bytes().all(is_word);
        (is_bucket || bucket.starts_with("arn:")).then(|| Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

/// How much is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Keys that one call lists; by default as many as S3 gives.
    pub(crate) page_keys: Option<i32>,
    /// Listing ends behind so many objects.
    pub(crate) objects: usize,
}

impl Extent {
    /// Everything.
    pub(crate) const ALL: Self = Self {
        page_keys: None,
        objects: usize::MAX,
    };
}

/// The objects at `location` that can hold records of `[from, until)`, in the order of their times.
pub(crate) async fn objects(
    client: &Client,
    location: &Location,
    from: EventTime,
    until: EventTime,
    extent: Extent,
) -> Result<Vec<Listed>, Failure> {
    let may_hold = |span: Option<Span>| span.is_none_or(|span| span.may_hold(from, until));
    let mut found = Vec::new();
    let mut folders = vec![location.prefix.clone()];
    while let Some(folder) = folders.pop() {
        let mut token: Option<String> = None;
        loop {
            let page = client
                .list_objects_v2()
                .bucket(&location.bucket)
                .prefix(&folder)
                .delimiter("/")
                .set_max_keys(extent.page_keys)
                .set_continuation_token(token)
                .send()
                .await
                .map_err(|error| Failure::of(&error))?;
            let inner = page.common_prefixes().iter();
            let inner = inner.filter_map(|prefix| prefix.prefix());
            folders.extend(
                inner
                    .filter(|inner| may_hold(Span::of(inner)))
                    .map(str::to_owned),
            );
            let listed = page.contents().iter().filter_map(listed);
            found.extend(listed.filter(|object| may_hold(object.span)));
            token = page.next_continuation_token().map(str::to_owned);
            if found.len() > extent.objects {
                folders.clear();
                break;
            }
            if token.is_none() {
                break;
            }
        }
    }
    found.sort_by(|one, other| {
        let start = |object: &Listed| object.span.map(|span| span.start);
        let by_time = start(one).cmp(&start(other));
        by_time.then_with(|| one.key.cmp(&other.key))
    });
    Ok(found)
}

/// `None` for what stands for a folder.
fn listed(object: &aws_sdk_s3::types::Object) -> Option<Listed> {
    let key = object.key()?;
    let bytes = u64::try_from(object.size().unwrap_or_default()).ok()?;
    if bytes == 0 {
        return None;
    }
    Some(Listed {
        key: key.to_owned(),
        etag: object.e_tag().unwrap_or_default().to_owned(),
        bytes,
        span: Span::of(key),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_may_have_a_prefix() {
        let location = |bucket: &str, prefix: &str| {
            Some(Location {
                bucket: bucket.to_owned(),
                prefix: prefix.to_owned(),
            })
        };
        assert_eq!(Location::parse("s3://logs"), location("logs", ""));
        assert_eq!(Location::parse("s3://logs/"), location("logs", ""));
        assert_eq!(
            Location::parse("s3://my.logs-1/a/b"),
            location("my.logs-1", "a/b")
        );
        for wrong in ["s3://", "s3:///a", "s3://a b/c", "logs/a", "S3:/logs"] {
            assert_eq!(Location::parse(wrong), None, "{wrong}");
        }
    }
}
