//! `Idempotency-Key`: a repeated request gets the first answer again.

use poem_openapi::types::{ParseFromJSON, ToJSON};
use self_shared::database::UserTx;
use self_shared::database::idempotency::{self, StoredAnswer};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::problem::{Code, Problem};

/// The longest key, in bytes.
const LONGEST: usize = 255;

/// An idempotency key, and the hash of its request.
pub(crate) struct Key {
    key: String,
    request_hash: Vec<u8>,
}

impl Key {
    /// The key of a request, if it has one. `request` contains everything that distinguishes the
    /// request.
    ///
    /// # Errors
    /// [`Code::InvalidInput`] for an invalid key.
    pub(crate) fn of(
        key: Option<String>,
        operation: &str,
        request: &impl Serialize,
    ) -> Result<Option<Self>, Problem> {
        let Some(key) = key else { return Ok(None) };
        if key.is_empty() || key.len() > LONGEST {
            return Err(Problem::field("Idempotency-Key", format!("needs 1 to {LONGEST} characters")));
        }
        let request = serde_json::to_vec(&(operation, request)).map_err(Problem::internal)?;
        Ok(Some(Self { key, request_hash: Sha256::digest(request).to_vec() }))
    }

    /// The answer to the first request with this key, if there was one.
    ///
    /// # Errors
    /// [`Code::IdempotencyConflict`] if the key came with another request.
    pub(crate) async fn recall<A: ParseFromJSON>(&self, tx: &mut UserTx) -> Result<Option<A>, Problem> {
        let Some(remembered) = idempotency::find(tx, &self.key).await? else { return Ok(None) };
        if remembered.request_hash != self.request_hash {
            return Err(Problem::new(
                Code::IdempotencyConflict,
                "make a new key for each request, and send the same request with it again only to repeat it",
            ));
        }
        // An answer that this version cannot parse, because an older one stored it, is computed again.
        Ok(A::parse_from_json(Some(remembered.answer)).ok())
    }

    /// Stores the answer. Returns false if a concurrent request with the same key was faster: then roll
    /// back and call `recall`.
    pub(crate) async fn remember(&self, tx: &mut UserTx, answer: &impl ToJSON) -> Result<bool, Problem> {
        let answered = StoredAnswer {
            request_hash: self.request_hash.clone(),
            answer: answer.to_json().unwrap_or_default(),
        };
        Ok(idempotency::insert(tx, &self.key, &answered).await?)
    }
}
