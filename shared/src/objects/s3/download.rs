//! Reading of objects from S3.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use minio::s3::{response::GetObjectResponse, response_traits::HasS3Fields, types::S3Api};
use tokio::time::timeout;

use super::{
    super::{ByteRange, Object, ObjectError, ObjectKey, content::exactly},
    ANSWER, S3, fault,
};

/// The last byte that can be requested: servers count in 63 bits.
const FARTHEST: u64 = i64::MAX as u64;

impl S3 {
    pub(in super::super) async fn get(
        &self,
        key: &ObjectKey,
        range: Option<ByteRange>,
    ) -> Result<Object, ObjectError> {
        let opened = match range {
            // HTTP cannot request an empty range, and servers cannot count beyond `FARTHEST`.
            Some(range) if range.length == 0 || range.offset > FARTHEST => {
                Err(ObjectError::OutOfRange { size: 0 })
            }
            _ => self.open(key, range).await,
        };
        match opened {
            // A server that refuses a range need not return the length of the object.
            Err(ObjectError::OutOfRange { .. }) => {
                Err(ObjectError::OutOfRange { size: self.size(key).await? })
            }
            opened => opened,
        }
    }

    async fn open(&self, key: &ObjectKey, range: Option<ByteRange>) -> Result<Object, ObjectError> {
        let offset = range.map(|range| range.offset);
        // A length beyond the end is left out of the request, which then means the rest of the object. The
        // crate adds offset and length without a check, and servers refuse numbers that are too large.
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

/// The size of the whole object in a partial answer: `Content-Range: bytes 0-9/200` (RFC 9110, section
/// 14.4).
fn size_of_whole(response: &GetObjectResponse) -> Option<u64> {
    let (_, size) = response.headers().get("content-range")?.to_str().ok()?.rsplit_once('/')?;
    size.parse().ok()
}

/// Ends the stream with an error if the next piece takes longer than [`ANSWER`].
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
