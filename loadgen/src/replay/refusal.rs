//! Why a line is not sent again.

/// What a line or a file is instead of a WAF record in a line of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Refusal {
    /// No JSON object.
    #[error("no JSON object in one line")]
    NotJson,
    /// Bytes that are no text.
    #[error("not UTF-8")]
    NotUtf8,
    /// Longer than a record can be.
    #[error("a line of more than 1 MiB")]
    TooLong,
    /// A JSON object without what makes it a WAF record.
    #[error("an object without timestamp, webaclId and httpRequest")]
    NoRecord,
    /// Several records in one line.
    #[error("records one behind the other without line feeds, as Firehose writes them to S3")]
    Concatenated,
    /// A JSON array.
    #[error("a JSON array")]
    Array,
    /// What a subscription of CloudWatch Logs sends.
    #[error("a CloudWatch Logs subscription envelope")]
    CloudWatchSubscription,
    /// What an export or a query of CloudWatch Logs gives.
    #[error("a CloudWatch Logs event with the record as text in it")]
    CloudWatchEvent,
    /// What Firehose or Kinesis hands to a function.
    #[error("an event of Firehose or Kinesis with records in base64")]
    FunctionEvent,
    /// A KPL aggregate.
    #[error("a KPL aggregate")]
    KplAggregate,
    /// Another compression.
    #[error("compressed with zstd")]
    Zstd,
    /// A columnar file.
    #[error("a Parquet file")]
    Parquet,
}

impl Refusal {
    /// Whether the whole file is in an envelope that is not read here.
    #[must_use]
    pub fn is_envelope(self) -> bool {
        !matches!(
            self,
            Self::NotJson | Self::NotUtf8 | Self::TooLong | Self::NoRecord
        )
    }
}

/// The envelope that a file with this beginning is in, where its first bytes tell.
#[must_use]
pub fn recognize(beginning: &[u8]) -> Option<Refusal> {
    const MAGICS: [(&[u8], Refusal); 4] = [
        (&[0xf3, 0x89, 0x9a, 0xc2], Refusal::KplAggregate),
        (&[0x28, 0xb5, 0x2f, 0xfd], Refusal::Zstd),
        (b"PAR1", Refusal::Parquet),
        (b"[", Refusal::Array),
    ];
    MAGICS
        .iter()
        .find_map(|(magic, refusal)| beginning.starts_with(magic).then_some(*refusal))
}
