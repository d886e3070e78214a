//! A zip archive that is written as a stream (APPNOTE.TXT 6.3.10): sizes and checksums follow the
//! files, in the long form (zip64) where they may need it, since not every reader knows that form.
//!
//! Compressing and adding up takes a thread of its own, between two short queues: what is written
//! waits for whoever stores it, and never the other way round for the whole.

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

/// Parts and chunks that wait at most.
const WAITING: usize = 4;
/// Bytes that are passed on together.
const CHUNK: usize = 64 * 1024;

/// An archive that is being written. Unless it is [finished](Self::finish), its bytes end in an error.
pub(super) struct Archive {
    parts: Sender<ArchiveChunk>,
}

/// How a file lies in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is, so many bytes: sound does not get smaller.
    Stored(u64),
    /// Compressed: text does. Up to 4 GiB.
    Deflated,
    /// Compressed, and of any length.
    Endless,
}

enum ArchiveChunk {
    File(String, Coding, DateTime<Utc>),
    Bytes(Bytes),
    Text(Box<dyn FnOnce() -> Vec<u8> + Send>),
    End,
}

impl Archive {
    /// A new one, and its bytes, which are to be taken as it is written.
    pub(super) fn begin() -> (Self, impl Stream<Item = io::Result<Bytes>> + Send + 'static) {
        let (parts, received) = channel(WAITING);
        let (chunks, bytes) = channel(WAITING);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = write(received, Outlet::new(chunks)) {
                tracing::warn!(%error, "an archive was broken off");
            }
        });
        (Self { parts }, whole(bytes))
    }

    /// Begins a file. What is written from then on is in it.
    ///
    /// # Errors
    /// When nobody takes the bytes any more, as from all that follow.
    pub(super) async fn file(&self, path: String, coding: Coding, at: DateTime<Utc>) -> anyhow::Result<()> {
        self.send(ArchiveChunk::File(path, coding, at)).await
    }

    /// Writes bytes.
    pub(super) async fn bytes(&self, bytes: Bytes) -> anyhow::Result<()> {
        self.send(ArchiveChunk::Bytes(bytes)).await
    }

    /// Writes what is made on the archive's own thread.
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
    // A writer that is dropped writes its end all the same: nobody may take it for one.
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

/// As zip keeps times: from 1980 to 2107, anything else as the first of them.
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

/// Where the thread puts the bytes: into the queue, chunk by chunk, and at the end that it is the end.
/// Once it is closed they go nowhere.
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

/// The chunks, and an error as the last item unless the end was said.
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
    async fn whoever_writes_hears_that_nobody_takes_it_any_more() {
        let (archive, bytes) = Archive::begin();
        drop(bytes);
        archive.file("a".to_owned(), Coding::Endless, DateTime::UNIX_EPOCH).await.unwrap();
        let refused = async { while archive.bytes(Bytes::from(vec![0; CHUNK])).await.is_ok() {} };
        tokio::time::timeout(std::time::Duration::from_secs(10), refused).await.unwrap();
    }
}
