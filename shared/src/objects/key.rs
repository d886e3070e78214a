//! The keys of objects. The server makes them from ids, never from text of a user.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use crate::domain::UserId;

/// The kinds of objects: the first part of their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    Audio,
    /// Archives of everything that a person has.
    Export,
    File,
}

impl ObjectKind {
    pub const ALL: [Self; 3] = [Self::Audio, Self::Export, Self::File];

    /// The kind as part of a key.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Export => "export",
            Self::File => "files",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The key of one object: `kind/user/id`.
///
/// Every part consists of lower-case letters, digits and hyphens. So a key is a safe path, a safe URL and a
/// safe S3 key, and cannot refer to a place outside of its folder. There are always three parts: so the
/// deletion of all objects of a user needs no recursive listing, in which S3 servers differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The key of a user's recording.
    #[must_use]
    pub fn audio(user: UserId, audio: Uuid) -> Self {
        Self(format!("{}/{user}/{audio}", ObjectKind::Audio))
    }

    /// The key of a user's archive.
    #[must_use]
    pub fn export(user: UserId, archive: Uuid) -> Self {
        Self(format!("{}/{user}/{archive}", ObjectKind::Export))
    }

    /// The key of the content of a user's file.
    #[must_use]
    pub fn file(user: UserId, content: Uuid) -> Self {
        Self(format!("{}/{user}/{content}", ObjectKind::File))
    }

    /// The key as text, as stored in rows.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The common prefix of all keys of one kind and user: `kind/user/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPrefix(String);

impl KeyPrefix {
    /// The prefix of a user's recordings.
    #[must_use]
    pub fn audio(user: UserId) -> Self {
        Self(format!("{}/{user}/", ObjectKind::Audio))
    }

    /// The prefix of a user's archives.
    #[must_use]
    pub fn export(user: UserId) -> Self {
        Self(format!("{}/{user}/", ObjectKind::Export))
    }

    /// The prefix of the contents of a user's files.
    #[must_use]
    pub fn file(user: UserId) -> Self {
        Self(format!("{}/{user}/", ObjectKind::File))
    }

    /// The prefixes of all objects of a user.
    #[must_use]
    pub fn all(user: UserId) -> [Self; 3] {
        [Self::audio(user), Self::export(user), Self::file(user)]
    }

    /// The prefix as text, with its closing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is not a key of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an object key is kind/user/id in lower-case letters, digits and hyphens")]
pub struct InvalidKey;

impl FromStr for ObjectKey {
    type Err = InvalidKey;

    /// Parses a key from a row or a listing.
    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let plain = |part: &str| {
            (1..=64).contains(&part.len())
                && part.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        };
        if text.split('/').count() == 3 && text.split('/').all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidKey)
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_row() {
        let key = ObjectKey::audio(UserId(Uuid::now_v7()), Uuid::now_v7());
        assert_eq!(key.as_str().parse(), Ok(key));
    }

    #[test]
    fn a_key_lies_under_its_users_prefix() {
        let user = UserId(Uuid::now_v7());
        let key = ObjectKey::audio(user, Uuid::now_v7());
        assert!(key.as_str().starts_with(KeyPrefix::audio(user).as_str()));
    }

    #[test]
    fn nothing_that_climbs_hides_or_surprises_is_a_key() {
        for text in [
            "",
            "audio",
            "audio/u",
            "audio/u/",
            "/audio/u",
            "audio/u/i/x",
            "audio/../x",
            "audio/./x",
            ".parts/u/i",
            "audio/u/i.wav",
            "Audio/u/i",
            "audio/u/ä",
            "audio/u/i\n",
            "audio/u/i\0",
            "audio/u/%2e",
            "audio\\u\\i",
        ] {
            assert_eq!(text.parse::<ObjectKey>(), Err(InvalidKey), "{text:?}");
        }
        assert_eq!(format!("audio/u/{}", "i".repeat(65)).parse::<ObjectKey>(), Err(InvalidKey));
    }
}
