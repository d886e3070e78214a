//! Opaque tokens: 256 random bits. The database keeps hashes of them only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use self_shared::config::Secret;
use sha2::{Digest, Sha256};

/// A refresh token or a ticket, as the client holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Opaque(String);

impl Opaque {
    /// A new one.
    ///
    /// # Panics
    /// When the system has no randomness to give: nothing is safe then.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        OsRng.try_fill_bytes(&mut bytes).expect("the system gives random numbers");
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// One that a client presents. Anything may come.
    pub fn presented(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token that this one is exchanged for: always the same, and not to be guessed from it
    /// without the secret. So a client whose answer got lost asks again and gets the same.
    #[must_use]
    pub fn successor(&self, secret: &Secret) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(self.0.as_bytes());
        Self(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    /// What the database keeps of it. No salt: there are 256 bits to guess.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// For the client, and for nobody else.
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
        let (token, secret) = (Opaque::random(), Secret::new("one"));
        assert!(token.successor(&secret) == token.successor(&secret));
        assert!(token.successor(&secret) != token.successor(&Secret::new("two")));
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
