//! Bodies to store, and reading of stored bodies.

use std::{convert::Infallible, io};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use self_shared::domain::UserId;
use self_shared::objects::{ByteRange, ObjectError, ObjectKey, ObjectStore};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use uuid::Uuid;

pub(crate) const KIB: usize = 1024;
pub(crate) const MIB: usize = 1024 * KIB;
pub(crate) const NO_LIMIT: u64 = u64::MAX;

pub(crate) fn new_key() -> ObjectKey {
    ObjectKey::audio(UserId(Uuid::now_v7()), Uuid::now_v7())
}

/// Pseudo-random bytes (xorshift64), different for each seed.
pub(crate) fn noise(length: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(length).collect()
}

/// A body in chunks of different lengths, with empty chunks between.
pub(crate) fn chunked(
    body: &Bytes,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static + use<> {
    let (mut rest, mut step) = (body.clone(), 0);
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        step = (step + 1) % 7;
        chunks.push(Bytes::new());
        chunks.push(rest.split_to(rest.len().min(1 + step * 40_000)));
    }
    chunks.push(Bytes::new());
    stream::iter(chunks.into_iter().map(Ok))
}

/// A body that ends with an error after these bytes.
pub(crate) fn broken(body: &Bytes) -> impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static + use<> {
    let end =
        stream::iter([Err(io::Error::new(io::ErrorKind::ConnectionReset, "the phone went into a tunnel"))]);
    chunked(body).map_err(|never| match never {}).chain(end)
}

/// A body that sends a signal when these bytes have been read, and then neither continues nor ends.
pub(crate) fn endless(
    body: &Bytes,
    read_up: mpsc::Sender<()>,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static + use<> {
    chunked(body).chain(stream::once(async move {
        read_up.send(()).await.unwrap();
        std::future::pending().await
    }))
}

pub(crate) fn sha256(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

pub(crate) async fn put(store: &ObjectStore, key: &ObjectKey, body: &Bytes) {
    store.put(key, chunked(body), NO_LIMIT).await.unwrap();
}

/// Reads everything that a `get` yields.
pub(crate) async fn read(
    store: &ObjectStore,
    key: &ObjectKey,
    range: Option<ByteRange>,
) -> Result<Bytes, ObjectError> {
    let object = store.get(key, range).await?;
    let chunks: Vec<Bytes> = object.content.try_collect().await?;
    Ok(chunks.concat().into())
}
