//! A zip archive that is written as a stream (APPNOTE.TXT 6.3.10). Sizes and checksums follow the files.
//! They have the long form (zip64) only where the size may need it, since not every reader knows that form.
//!
//! A thread of its own compresses and computes checksums, between two short queues. So the writer waits for
//! the storage, and the archive is never in memory as a whole.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::anyhow;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Datelike, Timelike, Utc};
use futures_util::{Stream, stream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The most parts and chunks that wait in a queue.
const WAITING: usize = 4;
/// The bytes of one chunk.
const CHUNK: usize = 64 * 1024;

/// An archive that is being written. Without [`finish`](Self::finish), its stream of bytes ends with an
/// error.
pub(super) struct Archive {
    parts: Sender<ArchiveChunk>,
}

/// How a file is stored in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Uncompressed, of this size in bytes: sound does not get smaller.
    Stored(u64),
    /// Compressed, for text of up to 4 GiB.
    Deflated,
    /// Compressed, of any length.
    Endless,
}

enum ArchiveChunk {
    File(String, Coding, DateTime<Utc>),
    Bytes(Bytes),
    Text(Box<dyn FnOnce() -> Vec<u8> + Send>),
    End,
}

impl Archive {
    /// A new archive, and its bytes, which must be consumed while it is written.
    pub(super) fn begin() -> (Self, impl Stream<Item = io::Result<Bytes>> + Send + 'static) {
        let (parts, received) = channel(WAITING);
        let (chunks, bytes) = channel(WAITING);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = write(received, Outlet::new(chunks)) {
                tracing::warn!(%error, "an archive was not completed");
            }
        });
        (Self { parts }, whole(bytes))
    }

    /// Begins a file. All bytes up to the next file belong to it.
    ///
    /// This and the following functions fail when nobody consumes the bytes any more.
    pub(super) async fn file(&self, path: String, coding: Coding, at: DateTime<Utc>) -> anyhow::Result<()> {
        self.send(ArchiveChunk::File(path, coding, at)).await
    }

    /// Writes bytes.
    pub(super) async fn bytes(&self, bytes: Bytes) -> anyhow::Result<()> {
        self.send(ArchiveChunk::Bytes(bytes)).await
    }

    /// Writes a text that `make` returns on the archive's own thread.
    pub(super) async fn text(&self, make: impl FnOnce() -> Vec<u8> + Send + 'static) -> anyhow::Result<()> {
        self.send(ArchiveChunk::Text(Box::new(make))).await
    }

    /// Ends the archive.
    pub(super) async fn finish(self) -> anyhow::Result<()> {
        self.send(ArchiveChunk::End).await
    }

    async fn send(&self, part: ArchiveChunk) -> anyhow::Result<()> {
        self.parts.send(part).await.map_err(|_| anyhow!("nobody takes the archive any more"))
    }
}

fn write(mut parts: Receiver<ArchiveChunk>, outlet: Outlet) -> anyhow::Result<()> {
    let closed = Arc::clone(&outlet.closed);
    let mut zip = ZipWriter::new_stream(outlet);
    while let Some(part) = parts.blocking_recv().filter(|_| !closed.load(Ordering::Relaxed)) {
        match part {
            ArchiveChunk::File(path, coding, at) => zip.start_file(path, options(coding, at))?,
            ArchiveChunk::Bytes(bytes) => zip.write_all(&bytes)?,
            ArchiveChunk::Text(make) => zip.write_all(&make())?,
            ArchiveChunk::End => return zip.finish()?.into_inner().end(),
        }
    }
    // A writer that is dropped writes the end of the archive. The outlet is closed first, so that a broken
    // archive does not look complete.
    closed.store(true, Ordering::Relaxed);
    Err(anyhow!("nobody writes it any more, or takes it"))
}

fn options(coding: Coding, at: DateTime<Utc>) -> SimpleFileOptions {
    let (method, is_large) = match coding {
        Coding::Stored(size) => (CompressionMethod::Stored, size >= u64::from(u32::MAX)),
        Coding::Deflated => (CompressionMethod::Deflated, false),
        Coding::Endless => (CompressionMethod::Deflated, true),
    };
    let options = SimpleFileOptions::default().compression_method(method).large_file(is_large);
    options.last_modified_time(moment(at))
}

/// A time as zip stores it: from 1980 to 2107. Any other time becomes the first of these.
fn moment(at: DateTime<Utc>) -> zip::DateTime {
    let small = |number: u32| u8::try_from(number).unwrap_or_default();
    let moment = u16::try_from(at.year()).ok().and_then(|year| {
        let (month, day) = (small(at.month()), small(at.day()));
        zip::DateTime::from_date_and_time(
            year,
            month,
            day,
            small(at.hour()),
            small(at.minute()),
            small(at.second()),
        )
        .ok()
    });
    moment.unwrap_or_default()
}

/// Sends the thread's bytes to the queue in chunks, and a marker at the end. Once it is closed, it drops
/// all bytes.
struct Outlet {
    chunk: BytesMut,
    chunks: Sender<Option<Bytes>>,
    closed: Arc<AtomicBool>,
}

impl Outlet {
    fn new(chunks: Sender<Option<Bytes>>) -> Self {
        Self { chunk: BytesMut::with_capacity(CHUNK), chunks, closed: Arc::default() }
    }

    fn send(&self, chunk: Option<Bytes>) {
        if !self.closed.load(Ordering::Relaxed) && self.chunks.blocking_send(chunk).is_err() {
            self.closed.store(true, Ordering::Relaxed);
        }
    }

    fn end(mut self) -> anyhow::Result<()> {
        let rest = self.chunk.split().freeze();
        self.send(Some(rest));
        self.send(None);
        anyhow::ensure!(!self.closed.load(Ordering::Relaxed), "nobody takes it any more");
        Ok(())
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        if self.chunk.len() == CHUNK {
            let chunk = std::mem::replace(&mut self.chunk, BytesMut::with_capacity(CHUNK));
            self.send(Some(chunk.freeze()));
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The chunks. The last item is an error if the marker of the end did not arrive.
fn whole(chunks: Receiver<Option<Bytes>>) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::unfold(Some(chunks), |chunks| async {
        let mut chunks = chunks?;
        match chunks.recv().await {
            Some(Some(chunk)) => Some((Ok(chunk), Some(chunks))),
            Some(None) => None,
            None => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, TryStreamExt};

    use super::*;

    #[tokio::test]
    async fn what_is_written_is_read_again() {
        let (archive, bytes) = Archive::begin();
        let taken = tokio::spawn(bytes.try_collect::<Vec<Bytes>>());
        let at = DateTime::from_timestamp(1_717_236_000, 0).unwrap();
        let sound = Bytes::from(vec![7; 3 * CHUNK + 1]);
        archive.file("küche/1.wav".to_owned(), Coding::Stored(sound.len() as u64), at).await.unwrap();
        archive.bytes(sound.clone()).await.unwrap();
        archive.file("text.md".to_owned(), Coding::Deflated, DateTime::UNIX_EPOCH).await.unwrap();
        archive.text(|| b"so ".repeat(50_000)).await.unwrap();
        archive.text(|| b"it ends".to_vec()).await.unwrap();
        archive.finish().await.unwrap();
        let bytes = taken.await.unwrap().unwrap().concat();

        let mut zip = zip::ZipArchive::new(io::Cursor::new(&bytes)).unwrap();
        let mut file = |name: &str| {
            let mut file = zip.by_name(name).unwrap();
            let mut content = Vec::new();
            io::Read::read_to_end(&mut file, &mut content).unwrap();
            (content, file.compressed_size(), file.last_modified().unwrap().year())
        };
        assert_eq!(file("küche/1.wav"), (sound.to_vec(), sound.len() as u64, 2024));
        let (text, size, year) = file("text.md");
        assert!(text.len() == 150_007 && text.ends_with(b"so it ends") && size < 2_000, "{size}");
        assert_eq!(year, 1980);
    }

    #[tokio::test]
    async fn an_archive_that_nobody_ends_ends_in_an_error() {
        let (archive, bytes) = Archive::begin();
        let taken = tokio::spawn(bytes.collect::<Vec<_>>());
        archive.file("a".to_owned(), Coding::Endless, DateTime::UNIX_EPOCH).await.unwrap();
        drop(archive);
        let taken = taken.await.unwrap();
        assert!(matches!(taken[..], [Err(_)]), "{taken:?}");
    }

    #[tokio::test]
    async fn the_writer_gets_an_error_once_nobody_reads_the_archive_any_more() {
        let (archive, bytes) = Archive::begin();
        drop(bytes);
        archive.file("a".to_owned(), Coding::Endless, DateTime::UNIX_EPOCH).await.unwrap();
        let refused = async { while archive.bytes(Bytes::from(vec![0; CHUNK])).await.is_ok() {} };
        tokio::time::timeout(std::time::Duration::from_secs(10), refused).await.unwrap();
    }
}
