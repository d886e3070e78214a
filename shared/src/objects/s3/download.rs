//! Bytes on their way out of S3.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use minio::s3::{response::GetObjectResponse, response_traits::HasS3Fields, types::S3Api};
use tokio::time::timeout;

use super::{
    super::{ByteRange, Object, ObjectError, ObjectKey, content::exactly},
    ANSWER, S3, fault,
};

/// The last byte that servers can be asked for: they count in 63 bits.
const FARTHEST: u64 = i64::MAX as u64;

impl S3 {
    pub(in super::super) async fn get(
        &self,
        key: &ObjectKey,
        range: Option<ByteRange>,
    ) -> Result<Object, ObjectError> {
        let opened = match range {
            // HTTP has no way to ask for nothing, and servers none to count so far.
            Some(range) if range.length == 0 || range.offset > FARTHEST => {
                Err(ObjectError::OutOfRange { size: 0 })
            }
            _ => self.open(key, range).await,
        };
        match opened {
            // A server that refuses a range need not say how long the object is.
            Err(ObjectError::OutOfRange { .. }) => {
                Err(ObjectError::OutOfRange { size: self.size(key).await? })
            }
            opened => opened,
        }
    }

    async fn open(&self, key: &ObjectKey, range: Option<ByteRange>) -> Result<Object, ObjectError> {
        let offset = range.map(|range| range.offset);
        // Where the length means "the rest", the rest is asked for: the crate adds offset and length
        // unchecked, and servers refuse what they cannot count.
        let length = range.map(|range| range.length);
        let length = length.filter(|length| *length <= FARTHEST - offset.unwrap_or_default());
        let request = async || {
            let request = self.client.get_object(self.bucket.clone(), key.as_str())?;
            request.offset(offset).length(length).build().send().await
        };
        let response = self.call(ANSWER, request).await?;
        let whole = size_of_whole(&response);
        let (chunks, length) = response.into_boxed_stream().map_err(fault::read)?;
        let (size, range) = match range {
            None => (length, 0..length),
            Some(range) => {
                let size = whole.ok_or_else(fault::no_s3)?;
                (size, range.within(size)?)
            }
        };
        if length != range.end - range.start {
            return Err(fault::no_s3());
        }
        Ok(Object { size, range, content: exactly(length, in_time(chunks)) })
    }
}

/// The size that a partial answer gives: `Content-Range: bytes 0-9/200` (RFC 9110, section 14.4).
fn size_of_whole(response: &GetObjectResponse) -> Option<u64> {
    let (_, size) = response.headers().get("content-range")?.to_str().ok()?.rsplit_once('/')?;
    size.parse().ok()
}

/// Does not wait longer than [`ANSWER`] for the next piece.
fn in_time<S>(pieces: S) -> impl Stream<Item = Result<Bytes, ObjectError>>
where
    S: Stream<Item = io::Result<Bytes>> + Unpin,
{
    stream::unfold(pieces, async |mut pieces| {
        let piece = match timeout(ANSWER, pieces.next()).await {
            Ok(piece) => piece?.map_err(|error| fault::broken_off(&error)),
            Err(_) => Err(fault::silence(ANSWER)),
        };
        Some((piece, pieces))
    })
}
