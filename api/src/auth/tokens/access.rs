//! Access tokens: short-lived JWTs, one algorithm, every claim checked.

use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret as _, SecretString};
use self_shared::domain::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::auth::Identity;

/// How long a token is valid.
pub(crate) const LIFE: Duration = Duration::from_mins(10);

const ALGORITHM: Algorithm = Algorithm::HS256;
const ISSUER: &str = "self-api";
const AUDIENCE: &str = "self";
const TYPE: &str = "access";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    typ: String,
    sub: Uuid,
    sid: Uuid,
    iat: i64,
    exp: i64,
}

/// Signs and verifies access tokens.
#[derive(Clone)]
pub struct AccessTokens {
    signs: EncodingKey,
    checks: DecodingKey,
    validation: Validation,
}

impl AccessTokens {
    /// Makes it with the key of `JWT_SECRET`.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The expiry is checked below, against the given clock.
        validation.validate_exp = false;
        Self {
            signs: EncodingKey::from_secret(secret.expose_secret().as_bytes()),
            checks: DecodingKey::from_secret(secret.expose_secret().as_bytes()),
            validation,
        }
    }

    /// Issues a token for a session.
    pub fn issue(&self, identity: Identity, now: DateTime<Utc>) -> anyhow::Result<String> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            typ: TYPE.to_owned(),
            sub: identity.user.0,
            sid: identity.session,
            iat: now.timestamp(),
            exp: (now + LIFE).timestamp(),
        };
        Ok(encode(&Header::new(ALGORITHM), &claims, &self.signs)?)
    }

    /// Verifies a token and returns its identity; none if it is invalid or expired.
    #[must_use]
    pub fn read(&self, token: &str, now: DateTime<Utc>) -> Option<Identity> {
        let claims: Claims = decode(token, &self.checks, &self.validation).ok()?.claims;
        let good = claims.typ == TYPE && claims.exp > now.timestamp();
        good.then_some(Identity { user: UserId(claims.sub), session: claims.sid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> AccessTokens {
        AccessTokens::new(&SecretString::from("0123456789abcdef0123456789abcdef"))
    }

    fn identity() -> Identity {
        Identity { user: UserId(Uuid::from_u128(1)), session: Uuid::from_u128(2) }
    }

    fn signed(claims: &serde_json::Value, algorithm: Algorithm, secret: &str) -> String {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    }

    fn claims(now: DateTime<Utc>) -> serde_json::Value {
        serde_json::json!({
            "iss": ISSUER, "aud": AUDIENCE, "typ": TYPE, "sub": Uuid::from_u128(1), "sid": Uuid::from_u128(2),
            "iat": now.timestamp(), "exp": now.timestamp() + 60,
        })
    }

    #[test]
    fn a_token_says_who_it_was_issued_for_until_it_ends() {
        let now = Utc::now();
        let token = tokens().issue(identity(), now).unwrap();
        assert_eq!(tokens().read(&token, now), Some(identity()));
        assert_eq!(tokens().read(&token, now + LIFE), None);
    }

    #[test]
    fn only_our_own_tokens_of_this_kind_are_good() {
        let now = Utc::now();
        let secret = "0123456789abcdef0123456789abcdef";
        assert!(tokens().read(&signed(&claims(now), ALGORITHM, secret), now).is_some());
        assert!(tokens().read(&signed(&claims(now), ALGORITHM, "another secret"), now).is_none());
        assert!(tokens().read(&signed(&claims(now), Algorithm::HS384, secret), now).is_none());
        for (claim, value) in [("iss", "else"), ("aud", "else"), ("typ", "refresh")] {
            let mut wrong = claims(now);
            wrong[claim] = value.into();
            assert!(tokens().read(&signed(&wrong, ALGORITHM, secret), now).is_none(), "{claim}");
            wrong.as_object_mut().unwrap().remove(claim);
            assert!(tokens().read(&signed(&wrong, ALGORITHM, secret), now).is_none(), "no {claim}");
        }
        let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.e30.";
        assert!(tokens().read(unsigned, now).is_none());
        assert!(tokens().read("", now).is_none());
    }
}
