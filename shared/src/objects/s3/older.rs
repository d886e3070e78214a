//! Finds the objects that are older than an age, a page at a time.
//!
//! The crate's own recursive listing sends an empty delimiter, for which servers have different answers.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use http::Method;
use xmltree::Element;

use super::{
    super::{KeyPages, ObjectError, ObjectKey, ObjectKind},
    ANSWER, S3, fault,
    unfinished::text,
};

/// One answer to a listing: the keys of the required age, and the token of the next page.
struct Page {
    keys: Vec<ObjectKey>,
    next: Option<String>,
}

/// The position of a listing.
enum From {
    Beginning,
    Token(String),
    End,
}

impl S3 {
    pub(in super::super) fn older_than(&self, kind: ObjectKind, age: Duration) -> KeyPages {
        let (server, now) = (self.clone(), Utc::now());
        stream::try_unfold(From::Beginning, move |from| {
            let server = server.clone();
            async move {
                let token = match from {
                    From::Beginning => None,
                    From::Token(token) => Some(token),
                    From::End => return Ok(None),
                };
                let is_old = |at: DateTime<Utc>| (now - at).to_std().unwrap_or_default() >= age;
                let page = server.page(kind, token.as_deref(), is_old).await?;
                Ok(Some((page.keys, page.next.map_or(From::End, From::Token))))
            }
        })
        .boxed()
    }

    async fn page(
        &self,
        kind: ObjectKind,
        token: Option<&str>,
        is_old: impl Fn(DateTime<Utc>) -> bool,
    ) -> Result<Page, ObjectError> {
        let prefix = format!("{kind}/");
        let request = || {
            let from = token.map(|token| ("continuation-token", token));
            let query = [("list-type", "2"), ("prefix", prefix.as_str())];
            self.bare(Method::GET, None, query.into_iter().chain(from))
        };
        read(&self.call(ANSWER, request).await?, is_old).ok_or_else(fault::no_s3)
    }
}

/// Parses a `ListBucketResult`. Keys of other programs are ignored.
fn read(body: &[u8], is_old: impl Fn(DateTime<Utc>) -> bool) -> Option<Page> {
    let root = Element::parse(body).ok().filter(|root| root.name == "ListBucketResult")?;
    let keys = root.children.iter().filter_map(|child| {
        let object = child.as_element().filter(|element| element.name == "Contents")?;
        let key = text(object, "Key")?.parse().ok()?;
        is_old(text(object, "LastModified")?.parse().ok()?).then_some(key)
    });
    let keys = keys.collect();
    let next = match text(&root, "IsTruncated").as_deref() {
        Some("true") => Some(text(&root, "NextContinuationToken")?),
        _ => None,
    };
    Some(Page { keys, next })
}
