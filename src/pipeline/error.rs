//! What can go wrong in a pipeline.

use wafwatch_windows::encoding::DecodeError;

use crate::store::StoreError;

/// A pipeline that cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored partial cannot be read.
    #[error("the counts of {acl} in the store cannot be read: use another store")]
    DamagedPartial {
        /// The Web ACL.
        acl: String,
        /// Why.
        source: DecodeError,
    },
    /// Bytes came that do not follow the ones before them.
    #[error(
        "{input} delivered bytes from {start}, but is counted up to {position}: is it given twice, \
         or was it changed while it was read?"
    )]
    Gap {
        /// The input, for people.
        input: String,
        /// Where the bytes begin.
        start: u64,
        /// Where they should.
        position: u64,
    },
}
