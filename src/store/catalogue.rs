//! A brand's catalogue, kept whole and replaced whole: pieces under the hash of the content, then one small head
//! that names them. Whoever reads while it is replaced has the old one or the new one, never half of each; whoever
//! wants to know whether it changed reads the head alone.

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::{Kept, Store, StoreError};

/// Bytes of one piece: an answer of a server stays short.
const PIECE_BYTES: usize = 256 * 1024;
/// Bytes of a whole catalogue.
pub const CATALOGUE_BYTES_MAX: usize = 128 << 20;
/// A catalogue stays until it is replaced; ten years are as good as that.
const SECONDS: u32 = 10 * 366 * 24 * 3_600;
/// How long the pieces of the one before stay, for those that are reading it.
const LEAVING_SECONDS: u32 = 120;

/// Which catalogue is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueHead {
    /// The hash of its content.
    pub hash: String,
    pieces: usize,
}

impl Store {
    /// Keeps a brand's catalogue in place of the one before.
    pub async fn keep_catalogue(&self, brand: &str, whole: &[u8]) -> Result<(), StoreError> {
        if whole.len() > CATALOGUE_BYTES_MAX {
            return Err(StoreError::Damaged(format!("a catalogue has at most {CATALOGUE_BYTES_MAX} bytes")));
        }
        let before = self.catalogue_head(brand).await?;
        let hash = digest(&SHA256, whole).as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let head = CatalogueHead { hash, pieces: whole.len().div_ceil(PIECE_BYTES) };
        for (index, piece) in whole.chunks(PIECE_BYTES).enumerate() {
            let name = self.piece_name(brand, &head, index);
            self.keep(vec![Kept { name, value: piece.to_vec(), seconds: SECONDS }]).await?;
        }
        let value = serde_json::to_vec(&head).map_err(|e| StoreError::Damaged(e.to_string()))?;
        self.keep(vec![Kept { name: self.head_name(brand), value, seconds: SECONDS }]).await?;
        if let Some(before) = before.filter(|before| before.hash != head.hash) {
            for index in 0..before.pieces {
                let name = self.piece_name(brand, &before, index);
                let value = self.kept(std::slice::from_ref(&name)).await?.into_iter().next().flatten();
                let seconds = LEAVING_SECONDS;
                self.keep(value.map(|value| Kept { name, value, seconds }).into_iter().collect()).await?;
            }
        }
        Ok(())
    }

    /// Which catalogue is kept of a brand; `None` when none is.
    pub async fn catalogue_head(&self, brand: &str) -> Result<Option<CatalogueHead>, StoreError> {
        let found = self.kept(&[self.head_name(brand)]).await?.into_iter().next().flatten();
        let read = |bytes: Vec<u8>| {
            serde_json::from_slice(&bytes).map_err(|e| StoreError::Damaged(format!("the head of a catalogue: {e}")))
        };
        found.map(read).transpose()
    }

    /// The catalogue behind a head; `None` when it was replaced meanwhile.
    pub async fn catalogue(&self, brand: &str, head: &CatalogueHead) -> Result<Option<Vec<u8>>, StoreError> {
        let mut whole = Vec::new();
        for index in 0..head.pieces {
            let name = self.piece_name(brand, head, index);
            let Some(piece) = self.kept(&[name]).await?.into_iter().next().flatten() else { return Ok(None) };
            if whole.len() + piece.len() > CATALOGUE_BYTES_MAX {
                return Err(StoreError::Damaged("a catalogue is longer than any that is kept".to_owned()));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(Some(whole))
    }

    fn head_name(&self, brand: &str) -> String {
        format!("{{{}}}:catalogue", self.inner.pepper.brand(brand))
    }

    fn piece_name(&self, brand: &str, head: &CatalogueHead, index: usize) -> String {
        format!("{}:{}:{index}", self.head_name(brand), head.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Keep;
    use crate::store::Modelled;

    #[tokio::test]
    async fn a_catalogue_is_replaced_whole() {
        let store = Store::modelled(Modelled::default(), Keep::default(), jiff::Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(store.catalogue_head("shop").await.unwrap(), None);
        let large = vec![b'x'; PIECE_BYTES * 2 + 5];
        store.keep_catalogue("shop", &large).await.unwrap();
        let first = store.catalogue_head("shop").await.unwrap().unwrap();
        assert_eq!(store.catalogue("shop", &first).await.unwrap(), Some(large));
        store.keep_catalogue("shop", b"small").await.unwrap();
        let second = store.catalogue_head("shop").await.unwrap().unwrap();
        assert_ne!(first.hash, second.hash);
        assert_eq!(store.catalogue("shop", &second).await.unwrap(), Some(b"small".to_vec()));
        assert!(store.catalogue("shop", &first).await.unwrap().is_some(), "whoever reads it now reads it whole");
        assert_eq!(store.catalogue_head("other").await.unwrap(), None, "another brand has none");
    }
}
