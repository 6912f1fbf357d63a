//! A build that knows no buckets.

use std::fmt;
use std::io::Read;

use anyhow::bail;

/// There is none.
#[derive(Debug, Clone)]
pub enum Object {}

impl Object {
    pub fn open(&self) -> Box<dyn Read + Send> {
        match *self {}
    }
}

impl fmt::Display for Object {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// Says which build knows them.
pub fn list(bucket: &str, _: &str) -> anyhow::Result<Vec<Object>> {
    bail!(
        "cannot read s3://{bucket}: this loadgen was built without buckets; build it with \
         --features aws"
    );
}
