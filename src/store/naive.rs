//! What a store would be without its compare-and-set: a write takes whichever version stands there for the
//! one it read, as a get and a set do. Only in builds with the feature `naive-store`, which exist to show
//! that the contention test can fail; such a binary refuses to serve.

use super::StoreError;
use super::backend::{Ask, Backend, RecordWrite};

/// The writes, as if nobody had written since they were read.
pub(super) async fn as_if_nobody_wrote(
    backend: &Backend,
    mut writes: Vec<RecordWrite>,
) -> Result<Vec<RecordWrite>, StoreError> {
    let records = writes.iter().map(|write| write.key.clone()).collect();
    let standing = backend.read(&Ask { records, sets: Vec::new() }).await?.records;
    for (write, standing) in writes.iter_mut().zip(standing) {
        write.record.version = standing.version;
    }
    Ok(writes)
}
