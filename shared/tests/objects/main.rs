//! Tests of the object store. [`suite`] runs with each adapter: with plain files, with an S3 server in this
//! process, and with an S3 server that the environment names. Tests of one adapter alone are in `files` and
//! `s3`.
//!
//! The last one needs `SELF_TEST_S3_ENDPOINT`, `SELF_TEST_S3_ACCESS_KEY`, `SELF_TEST_S3_SECRET_KEY` and runs
//! with `cargo test -p self-shared --test objects -- --ignored elsewhere`.

#![expect(clippy::unwrap_used, reason = "a failure is the end of a test")]

mod bodies;
mod files;
mod memory;
mod older;
mod s3;
mod server;
mod suite;

use self_shared::config::ObjectsConfig;
use self_shared::objects::ObjectStore;
use tempfile::TempDir;

/// A store for one test, which is deleted after it.
struct Stand {
    store: ObjectStore,
    folder: Option<TempDir>,
}

impl Stand {
    async fn on_files() -> Self {
        let folder = TempDir::new().unwrap();
        let store = ObjectStore::new(&ObjectsConfig::Files { dir: folder.path().join("objects") }).unwrap();
        store.ensure().await.unwrap();
        Self { store, folder: Some(folder) }
    }

    async fn on_s3() -> Self {
        let folder = TempDir::new().unwrap();
        let address = server::start(folder.path()).await;
        let store = ObjectStore::new(&server::config(address)).unwrap();
        store.ensure().await.unwrap();
        Self { store, folder: Some(folder) }
    }

    /// A new bucket in the server that the environment names.
    async fn elsewhere() -> Self {
        let store = ObjectStore::new(&server::elsewhere()).unwrap();
        store.ensure().await.unwrap();
        Self { store, folder: None }
    }
}
