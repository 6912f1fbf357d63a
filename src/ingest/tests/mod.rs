//! Tests of the module as a whole, and what its tests share.

use std::io::Write;

use md5::{Digest, Md5};
use prost::Message;

/// `bytes` as one gzip member.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("writing to a vector");
    encoder.finish().expect("writing to a vector")
}

/// The published messages of the KPL, written here with prost's own encoder.
#[derive(Message)]
struct AggregatedRecord {
    #[prost(string, repeated, tag = "1")]
    partition_key_table: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    explicit_hash_key_table: Vec<String>,
    #[prost(message, repeated, tag = "3")]
    records: Vec<KplRecord>,
}

#[derive(Message)]
struct KplRecord {
    #[prost(uint64, required, tag = "1")]
    partition_key_index: u64,
    #[prost(uint64, optional, tag = "2")]
    explicit_hash_key_index: Option<u64>,
    #[prost(bytes = "vec", required, tag = "3")]
    data: Vec<u8>,
}

/// `parts` as the KPL aggregates them.
pub(super) fn kpl_aggregate(parts: &[&[u8]]) -> Vec<u8> {
    let message = AggregatedRecord {
        partition_key_table: vec!["key".to_owned()],
        explicit_hash_key_table: vec!["123".to_owned()],
        records: parts
            .iter()
            .map(|part| KplRecord {
                partition_key_index: 0,
                explicit_hash_key_index: Some(0),
                data: part.to_vec(),
            })
            .collect(),
    }
    .encode_to_vec();
    let checksum = Md5::digest(&message);
    [&super::kpl::MAGIC[..], &message, checksum.as_slice()].concat()
}
