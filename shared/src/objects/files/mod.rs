//! Objects as plain files, for one machine.
//!
//! A body is written to a new file under `.parts`, flushed to the disk, and then renamed to its key. So a
//! reader sees the whole object or nothing. Files in `.parts` that a killed process left are deleted by
//! `sweep`.

mod older;

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::TryStreamExt;
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufWriter},
    task::spawn_blocking,
    time::timeout,
};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::{
    ByteRange, KeyPrefix, Object, ObjectError, ObjectKey, StorageFault, Stored,
    content::{Body, exactly},
};

/// Bytes per read and per write: few system calls, little memory.
const CHUNK: usize = 256 * 1024;

/// The longest wait of a probe: network file systems hang rather than fail.
const PROBE: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub(super) struct Files {
    root: Arc<Path>,
}

impl Files {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.into() }
    }

    fn path(&self, key: &ObjectKey) -> PathBuf {
        self.root.join(key.as_str())
    }

    fn parts(&self) -> PathBuf {
        self.root.join(".parts")
    }

    pub(super) async fn ensure(&self) -> Result<(), ObjectError> {
        let parts = self.parts();
        blocking(move || create_folder(&parts)).await
    }

    /// Writes and deletes a file as a `put` does, to detect a full or read-only disk.
    pub(super) async fn probe(&self) -> Result<(), StorageFault> {
        let part = PendingObject::new(&self.parts());
        let attempt = blocking(move || {
            let mut file = part.options().open(&part.path)?;
            io::Write::write_all(&mut file, b"probe")?;
            file.sync_all()
        });
        match timeout(PROBE, attempt).await {
            Ok(Err(ObjectError::Unavailable(outage))) => Err(outage),
            Ok(_) => Ok(()),
            Err(_) => Err(StorageFault::passing(
                "the disk did not answer in 5 s",
                "look after the disk of OBJECTS_DIR",
            )),
        }
    }

    pub(super) async fn put(&self, key: &ObjectKey, mut body: Body) -> Result<Stored, ObjectError> {
        let part = PendingObject::new(&self.parts());
        let file = tokio::fs::OpenOptions::from(part.options()).open(&part.path).await.map_err(outage)?;
        let mut file = BufWriter::with_capacity(CHUNK, file);
        while let Some(chunk) = body.next().await? {
            file.write_all(&chunk).await.map_err(outage)?;
        }
        file.flush().await.map_err(outage)?;
        file.get_ref().sync_all().await.map_err(outage)?;
        let target = self.path(key);
        blocking(move || part.become_object(&target)).await?;
        Ok(body.stored())
    }

    pub(super) async fn get(&self, key: &ObjectKey, range: Option<ByteRange>) -> Result<Object, ObjectError> {
        let mut file = File::open(self.path(key)).await.map_err(absent_or_outage)?;
        let size = file.metadata().await.map_err(outage)?.len();
        let range = range.map_or(Ok(0..size), |range| range.within(size))?;
        file.seek(io::SeekFrom::Start(range.start)).await.map_err(outage)?;
        let length = range.end - range.start;
        let chunks = ReaderStream::with_capacity(file.take(length), CHUNK).map_err(outage);
        Ok(Object { size, range, content: exactly(length, chunks) })
    }

    pub(super) async fn size(&self, key: &ObjectKey) -> Result<u64, ObjectError> {
        let metadata = tokio::fs::metadata(self.path(key)).await.map_err(absent_or_outage)?;
        Ok(metadata.len())
    }

    pub(super) async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        let path = self.path(key);
        blocking(move || match fs::remove_file(&path) {
            Ok(()) => sync_folder(folder_of(&path)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        })
        .await
    }

    pub(super) async fn delete_all(&self, prefix: &KeyPrefix) -> Result<u64, ObjectError> {
        let folder = self.root.join(prefix.as_str());
        blocking(move || {
            let removed = remove_files(&folder, |_| Ok(true))?;
            match fs::remove_dir(&folder) {
                Ok(()) => sync_folder(folder_of(&folder))?,
                // The folder does not exist, or a concurrent `put` stored an object in it, which stays.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => {}
                Err(error) => return Err(error),
            }
            Ok(removed)
        })
        .await
    }

    pub(super) async fn unfinished(&self) -> Result<u64, ObjectError> {
        let parts = self.parts();
        blocking(move || Ok(fs::read_dir(parts)?.count() as u64)).await
    }

    /// The age of a part is the time since its last growth.
    pub(super) async fn sweep(&self, age: Duration) -> Result<u64, ObjectError> {
        let parts = self.parts();
        blocking(move || {
            let now = SystemTime::now();
            remove_files(&parts, |metadata| {
                Ok(now.duration_since(metadata.modified()?).unwrap_or_default() >= age)
            })
        })
        .await
    }
}

/// A body that is being written to the disk. Its file is deleted on drop, unless it became an object.
struct PendingObject {
    path: PathBuf,
    kept: bool,
}

impl PendingObject {
    fn new(folder: &Path) -> Self {
        Self { path: folder.join(Uuid::now_v7().to_string()), kept: false }
    }

    /// The options to create the file: it must be new, and no other user may read it.
    fn options(&self) -> fs::OpenOptions {
        use std::os::unix::fs::OpenOptionsExt;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options
    }

    /// Renames the file to its key, which makes the object visible.
    fn become_object(mut self, target: &Path) -> io::Result<()> {
        let folder = folder_of(target);
        // Tried a second time if the folder was deleted between its creation and the renaming.
        create_folder(folder)?;
        match fs::rename(&self.path, target) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create_folder(folder)?;
                fs::rename(&self.path, target)?;
            }
            outcome => outcome?,
        }
        self.kept = true;
        sync_folder(folder)
    }
}

impl Drop for PendingObject {
    fn drop(&mut self) {
        if !self.kept {
            // If it cannot be deleted now, `sweep` tries again.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().expect("a key lies in folders")
}

/// `mkdir -p` that survives a loss of power.
fn create_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let parent = folder_of(path);
    create_folder(parent)?;
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(parent),
    }
}

/// Flushes the names in a folder to the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    fs::File::open(path)?.sync_all()
}

/// Deletes the files of a folder for which `meant` returns true. Returns their number; 0 if there is no
/// folder.
fn remove_files(folder: &Path, meant: impl Fn(&fs::Metadata) -> io::Result<bool>) -> io::Result<u64> {
    let gone = |error: &io::Error| error.kind() == ErrorKind::NotFound;
    let entries = match fs::read_dir(folder) {
        Err(error) if gone(&error) => return Ok(0),
        entries => entries?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        let outcome = entry.metadata().and_then(|metadata| match meant(&metadata)? {
            true => fs::remove_file(entry.path()).map(|()| 1),
            false => Ok(0),
        });
        match outcome {
            // Another process was faster.
            Err(error) if gone(&error) => {}
            outcome => removed += outcome?,
        }
    }
    sync_folder(folder)?;
    Ok(removed)
}

async fn blocking<T, F>(work: F) -> Result<T, ObjectError>
where
    T: Send + 'static,
    F: FnOnce() -> io::Result<T> + Send + 'static,
{
    spawn_blocking(work).await.map_err(io::Error::other).and_then(|outcome| outcome).map_err(outage)
}

fn absent_or_outage(error: io::Error) -> ObjectError {
    match error.kind() {
        ErrorKind::NotFound => ObjectError::NotFound,
        _ => outage(error),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn outage(error: io::Error) -> ObjectError {
    let remedy = match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            "create or mount the folder that OBJECTS_DIR names, then restart"
        }
        ErrorKind::PermissionDenied => "let this process write to the folder that OBJECTS_DIR names",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on the disk of OBJECTS_DIR",
        ErrorKind::ReadOnlyFilesystem => "make the file system of OBJECTS_DIR writable",
        _ => "look after the disk of OBJECTS_DIR",
    };
    StorageFault::lasting(error.to_string(), remedy).into()
}
