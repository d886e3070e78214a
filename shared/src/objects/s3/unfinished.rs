//! Multipart uploads that have begun and not ended. A server keeps their parts, which take storage, until
//! they are aborted. The crate cannot list them, but it can send any request.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::Method;
use minio::s3::{
    error::Error,
    multimap_ext::{Multimap, MultimapExt},
    types::{ObjectKey as S3Key, S3Request},
};
use xmltree::Element;

use super::{
    super::{ObjectError, ObjectKey},
    ANSWER, S3, fault,
};

/// An upload that has begun.
struct Unfinished {
    key: ObjectKey,
    id: String,
    begun: DateTime<Utc>,
}

/// One answer to a listing: the uploads, and the parameters of the request for the next page.
struct Page {
    uploads: Vec<Unfinished>,
    next: Option<[(&'static str, String); 2]>,
}

impl S3 {
    pub(in super::super) async fn unfinished(&self) -> Result<u64, ObjectError> {
        Ok(self.list_unfinished().await?.len() as u64)
    }

    pub(in super::super) async fn sweep(&self, age: Duration) -> Result<u64, ObjectError> {
        let now = Utc::now();
        let mut swept = 0;
        for upload in self.list_unfinished().await? {
            if (now - upload.begun).to_std().unwrap_or_default() >= age {
                self.abort(&upload.key, &upload.id).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Aborts an upload. It is no error if there is none.
    pub(super) async fn abort(&self, key: &ObjectKey, id: &str) -> Result<(), ObjectError> {
        let aborted = self.call(ANSWER, || self.bare(Method::DELETE, Some(key), [("uploadId", id)])).await;
        match aborted {
            Err(ObjectError::NotFound) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn list_unfinished(&self) -> Result<Vec<Unfinished>, ObjectError> {
        let mut uploads = Vec::new();
        let mut from: Vec<(&str, String)> = Vec::new();
        loop {
            let request = || {
                let from = from.iter().map(|(name, value)| (*name, value.as_str()));
                self.bare(Method::GET, None, [("uploads", "")].into_iter().chain(from))
            };
            let page = read(&self.call(ANSWER, request).await?).ok_or_else(fault::no_s3)?;
            uploads.extend(page.uploads);
            match page.next {
                Some(next) => from = next.into(),
                None => return Ok(uploads),
            }
        }
    }

    /// Sends a request that the crate has no method for, and returns the body.
    pub(super) async fn bare(
        &self,
        method: Method,
        key: Option<&ObjectKey>,
        query: impl IntoIterator<Item = (&str, &str)>,
    ) -> Result<Vec<u8>, Error> {
        let mut parameters = Multimap::new();
        for (name, value) in query {
            parameters.add(name, value);
        }
        let key = key.map(|key| S3Key::new(key.as_str())).transpose()?;
        let mut request = S3Request::builder()
            .client(self.client.clone())
            .method(method)
            .bucket(self.bucket.clone())
            .object(key)
            .query_params(parameters)
            .build();
        let body = request.execute().await?.bytes().await.map_err(minio::s3::error::ValidationErr::from)?;
        Ok(body.into())
    }
}

/// The text of an element's child.
pub(super) fn text(element: &Element, name: &str) -> Option<String> {
    Some(element.get_child(name)?.get_text()?.into_owned())
}

/// Parses a `ListMultipartUploadsResult`. Uploads with keys of other programs are ignored.
fn read(body: &[u8]) -> Option<Page> {
    let root = Element::parse(body).ok().filter(|root| root.name == "ListMultipartUploadsResult")?;
    let uploads = root.children.iter().filter_map(|child| {
        let upload = child.as_element().filter(|element| element.name == "Upload")?;
        Some(Unfinished {
            key: text(upload, "Key")?.parse().ok()?,
            id: text(upload, "UploadId")?,
            begun: text(upload, "Initiated")?.parse().ok()?,
        })
    });
    let next = match text(&root, "IsTruncated").as_deref() {
        Some("true") => Some([
            ("key-marker", text(&root, "NextKeyMarker")?),
            ("upload-id-marker", text(&root, "NextUploadIdMarker")?),
        ]),
        _ => None,
    };
    Some(Page { uploads: uploads.collect(), next })
}
