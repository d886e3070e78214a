//! Opaque tokens: 256 random bits. The database stores only their hashes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest, Sha256};

/// A refresh token or a ticket, as the client holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Opaque(String);

impl Opaque {
    /// Generates a new token.
    ///
    /// # Panics
    /// When the system provides no randomness: nothing is secure then.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        OsRng.try_fill_bytes(&mut bytes).expect("the system gives random numbers");
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// A token that a client sent. It may be any text.
    pub fn presented(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The successor of this refresh token: always the same, and impossible to derive without the secret.
    /// So a client that lost the answer asks again and gets the same token.
    #[must_use]
    pub fn successor(&self, secret: &SecretString) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(self.0.as_bytes());
        Self(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    /// The hash that the database stores. It needs no salt: the token has 256 random bits.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The token itself, only for the client.
    #[must_use]
    pub fn reveal(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successors_are_the_same_for_the_same_token_and_secret_only() {
        let (token, secret) = (Opaque::random(), SecretString::from("one"));
        assert!(token.successor(&secret) == token.successor(&secret));
        assert!(token.successor(&secret) != token.successor(&SecretString::from("two")));
        assert!(token.successor(&secret) != Opaque::random().successor(&secret));
        assert!(token.successor(&secret) != token);
    }

    #[test]
    fn a_token_has_256_bits_and_fits_in_a_header() {
        let token = Opaque::random().reveal();
        assert_eq!(token.len(), 43);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }
}
