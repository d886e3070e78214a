//! Writing of objects to S3.
//!
//! The body is cut into parts of [`PART_SIZE`]. A body of a single part is sent in one request. A longer one
//! is a multipart upload, in which a part is sent while the next is collected. Each part is signed with its
//! SHA-256, so the server refuses a part that was changed on the way.

use bytes::{Bytes, BytesMut};
use futures_util::try_join;
use minio::s3::{
    response_traits::{HasEtagFromHeaders, HasS3Fields},
    segmented_bytes::SegmentedBytes,
    types::{PartInfo, S3Api},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use xmltree::Element;

use super::{
    super::{ObjectError, ObjectKey, Stored, content::Body},
    ANSWER, COMPLETION, PART, S3, fault,
};

/// Bytes per part. Two parts are in memory at a time. All but the last have the same length, which some
/// servers require. S3 accepts 10,000 parts: 78 GiB.
const PART_SIZE: usize = 8 * 1024 * 1024;
const MOST_PARTS: u16 = 10_000;

/// Stores a body. It runs as a task of its own, so that it can clean up after a caller that goes away.
pub(super) async fn put(s3: S3, key: ObjectKey, body: Body) -> Result<Stored, ObjectError> {
    let left = CancellationToken::new();
    let _on_drop = left.clone().drop_guard();
    let upload = Upload { s3, key };
    let task = tokio::spawn(async move { upload.run(Parts::of(body), &left).await }.in_current_span());
    task.await.map_err(|error| ObjectError::Interrupted(error.into()))?
}

struct Upload {
    s3: S3,
    key: ObjectKey,
}

impl Upload {
    async fn run(&self, mut parts: Parts, left: &CancellationToken) -> Result<Stored, ObjectError> {
        let first = unless(left, parts.next()).await?;
        if first.len() < PART_SIZE {
            self.send_whole(first).await?;
            return Ok(parts.body.stored());
        }
        let id = self.begin().await?;
        let outcome = match unless(left, self.send_parts(&id, first, &mut parts)).await {
            Ok(sent) => self.complete(&id, sent).await,
            Err(error) => Err(error),
        };
        if outcome.is_err()
            && let Err(error) = self.s3.abort(&self.key, &id).await
        {
            tracing::warn!(%error, "an upload could not be aborted; the next sweep deletes it");
        }
        outcome.map(|()| parts.body.stored())
    }

    async fn send_whole(&self, body: Bytes) -> Result<(), ObjectError> {
        let Self { s3, key } = self;
        let request = async || {
            let body = SegmentedBytes::from(body.clone());
            s3.client.put_object(s3.bucket.clone(), key.as_str(), body)?.build().send().await
        };
        s3.call(PART, request).await.map(drop)
    }

    /// Begins a multipart upload; returns its id.
    async fn begin(&self) -> Result<String, ObjectError> {
        let Self { s3, key } = self;
        let request = async || {
            let begun =
                s3.client.create_multipart_upload(s3.bucket.clone(), key.as_str())?.build().send().await?;
            Ok(begun.upload_id().await?.to_string())
        };
        s3.call(ANSWER, request).await
    }

    /// Sends parts, each while the next is collected, until the end of the body.
    async fn send_parts(
        &self,
        id: &str,
        first: Bytes,
        parts: &mut Parts,
    ) -> Result<Vec<PartInfo>, ObjectError> {
        let mut sent = Vec::new();
        let mut part = first;
        for number in 1..=MOST_PARTS {
            let (receipt, next) = try_join!(self.send_part(id, number, part), parts.next())?;
            sent.push(receipt);
            if next.is_empty() {
                return Ok(sent);
            }
            part = next;
        }
        Err(ObjectError::TooLarge { limit: u64::from(MOST_PARTS) * PART_SIZE as u64 })
    }

    async fn send_part(&self, id: &str, number: u16, part: Bytes) -> Result<PartInfo, ObjectError> {
        let Self { s3, key } = self;
        let size = part.len() as u64;
        let request = async || {
            let part = SegmentedBytes::from(part.clone());
            let answer = s3
                .client
                .upload_part(s3.bucket.clone(), key.as_str(), id, number, part)?
                .build()
                .send()
                .await?;
            Ok(answer.etag()?)
        };
        let etag = s3.call(PART, request).await?;
        Ok(PartInfo::new(number, etag, size, None))
    }

    /// Completes the upload, which makes an object of the parts.
    ///
    /// It is not retried: if the answer to a successful request was lost, a second attempt would find no
    /// upload and report an error.
    async fn complete(&self, id: &str, parts: Vec<PartInfo>) -> Result<(), ObjectError> {
        let Self { s3, key } = self;
        let request = async {
            s3.client
                .complete_multipart_upload(s3.bucket.clone(), key.as_str(), id, parts)?
                .build()
                .send()
                .await
        };
        completed(s3.attempt(COMPLETION, request).await?.body())
    }
}

/// Checks the body of an answer with status 200 to a completion. A server that takes long sends the status
/// first, and reports a failure in the body.
fn completed(answer: &[u8]) -> Result<(), ObjectError> {
    let root = Element::parse(answer).map_err(|_| fault::no_s3())?;
    match (root.name.as_str(), root.get_child("Code").and_then(Element::get_text)) {
        ("CompleteMultipartUploadResult", _) => Ok(()),
        ("Error", Some(code)) => Err(fault::refusal(&code)),
        _ => Err(fault::no_s3()),
    }
}

/// Waits for `work` unless the caller has gone away.
async fn unless<T>(
    left: &CancellationToken,
    work: impl Future<Output = Result<T, ObjectError>>,
) -> Result<T, ObjectError> {
    let gone = || Err(ObjectError::Interrupted("nobody waits for the upload any more".into()));
    left.run_until_cancelled(work).await.unwrap_or_else(gone)
}

/// A body cut into parts.
struct Parts {
    body: Body,
    rest: Bytes,
}

impl Parts {
    fn of(body: Body) -> Self {
        Self { body, rest: Bytes::new() }
    }

    /// The next [`PART_SIZE`] bytes; fewer at the end of the body, none after it. They are copied, because a
    /// small chunk may keep a large buffer of its producer alive.
    async fn next(&mut self) -> Result<Bytes, ObjectError> {
        let mut part = BytesMut::with_capacity(PART_SIZE);
        while part.len() < PART_SIZE {
            if self.rest.is_empty() {
                match self.body.next().await? {
                    Some(chunk) => self.rest = chunk,
                    None => break,
                }
            }
            let room = PART_SIZE - part.len();
            part.extend_from_slice(&self.rest.split_to(room.min(self.rest.len())));
        }
        Ok(part.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_after_the_200_is_a_failure() {
        let answers = [
            ("<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>", "Ok(())"),
            ("  <Error><Code>InternalError</Code></Error>", "answered InternalError"),
            ("<Error/>", "not that of an S3 server"),
            ("", "not that of an S3 server"),
        ];
        for (answer, expected) in answers {
            let outcome = format!("{:?}", completed(answer.as_bytes()));
            assert!(outcome.contains(expected), "{answer}: {outcome}");
        }
    }
}
