//! WAF records, and how a consumer reads them.

use serde_json::json;
use wafwatch::ingest::{Accounts, KnownRuns, Limits, Origin, decode};
use wafwatch_windows::record::RecordBatch;

/// A record for the path `uri`.
pub fn record(uri: &str) -> String {
    json!({
        "timestamp": 1_700_000_000_000_u64,
        "webaclId": "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/shop/id",
        "action": "ALLOW",
        "httpRequest": {"clientIp": "192.0.2.1", "uri": uri, "headers": []},
    })
    .to_string()
}

/// The paths of the records in a Kinesis record, all of which must be good.
pub fn paths_in(data: &[u8]) -> Vec<String> {
    let mut batch = RecordBatch::new();
    let mut known = KnownRuns::default();
    let mut accounts = Accounts::default();
    let origin = Origin {
        name: "stream",
        offset: 0,
    };
    decode(
        data,
        &origin,
        &Limits::default(),
        &mut known,
        &mut batch,
        &mut accounts,
    );
    assert_eq!(accounts.rejected_total(), 0, "{accounts:?}");
    let paths = batch
        .iter()
        .filter_map(|record| record.uri.map(str::to_owned));
    paths.collect()
}
