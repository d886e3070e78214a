//! An object on local disk, for readers that must seek.

use std::io;

use futures_util::StreamExt;
use self_shared::objects::{ObjectError, ObjectKey, ObjectStore};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

/// A temporary file that is being written. It has no name, so nothing is left of it however this process
/// ends. Blocking threads write it.
pub(super) struct Spool {
    file: File,
}

impl Spool {
    pub(super) async fn new() -> io::Result<Self> {
        let file = tokio::task::spawn_blocking(tempfile::tempfile).await??;
        Ok(Self { file: File::from_std(file) })
    }

    /// Appends bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await
    }

    /// Appends an object of any size, piece by piece. Returns false if there is no such object.
    pub(super) async fn fetch(&mut self, objects: &ObjectStore, key: &ObjectKey) -> anyhow::Result<bool> {
        let mut object = match objects.get(key, None).await {
            Err(ObjectError::NotFound) => return Ok(false),
            object => object?,
        };
        while let Some(bytes) = object.content.next().await {
            self.write(&bytes?).await?;
        }
        Ok(true)
    }

    /// The file, at its start.
    pub(super) async fn finish(mut self) -> io::Result<std::fs::File> {
        self.file.flush().await?;
        self.file.rewind().await?;
        Ok(self.file.into_std().await)
    }
}
