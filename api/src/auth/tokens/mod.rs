//! What a client holds: access tokens that speak for it, and opaque ones that are exchanged.

pub(crate) mod access;
mod opaque;

pub use access::AccessTokens;
pub use opaque::Opaque;
