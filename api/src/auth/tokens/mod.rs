//! The tokens of clients: access tokens, and opaque ones (refresh tokens and tickets).

pub(crate) mod access;
mod opaque;

pub use access::AccessTokens;
pub use opaque::Opaque;
