//! Why something is not sent again.

/// What a piece or a file is instead of a WAF record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Refusal {
    /// No JSON object.
    #[error("no JSON object")]
    NotJson,
    /// Bytes that are no text.
    #[error("not UTF-8")]
    NotUtf8,
    /// Longer than a record or an envelope can be.
    #[error("longer than 1 MiB, or 16 MiB for an envelope")]
    TooLong,
    /// A JSON object without what makes it a WAF record.
    #[error("an object without timestamp, webaclId and httpRequest")]
    NoRecord,
    /// An envelope whose content is not there, is cut or was changed.
    #[error("an envelope that cannot be opened")]
    Damaged,
    /// An envelope; one within too many others, where it is counted.
    #[error("an envelope in too many others")]
    Envelope(Envelope),
    /// What an export or a query of CloudWatch Logs gives.
    #[error("a CloudWatch Logs event with the record as text in it")]
    CloudWatchEvent,
    /// Another compression.
    #[error("compressed with zstd")]
    Zstd,
    /// A columnar file.
    #[error("a Parquet file")]
    Parquet,
}

/// A JSON object that carries records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Envelope {
    /// What a subscription of CloudWatch Logs sends.
    CloudWatchLogs,
    /// The same as the event of a function.
    LambdaLogs,
    /// What Firehose hands to a function.
    Firehose,
    /// What Kinesis hands to a function.
    Kinesis,
}

impl Refusal {
    /// Whether the whole file is in something that is not read here.
    #[must_use]
    pub fn is_of_file(self) -> bool {
        matches!(self, Self::CloudWatchEvent | Self::Zstd | Self::Parquet)
    }
}

/// What is not read, where the first bytes of a file tell.
#[must_use]
pub fn recognize(beginning: &[u8]) -> Option<Refusal> {
    const MAGICS: [(&[u8], Refusal); 2] = [
        (&[0x28, 0xb5, 0x2f, 0xfd], Refusal::Zstd),
        (b"PAR1", Refusal::Parquet),
    ];
    MAGICS
        .iter()
        .find_map(|(magic, refusal)| beginning.starts_with(magic).then_some(*refusal))
}
