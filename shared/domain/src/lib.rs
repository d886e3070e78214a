//! The types of the product, which both programs and the libraries use. They do not depend on a database, a
//! queue or a socket.

pub mod container;
pub mod conversation;
pub mod date;
pub mod entity;
pub mod failure;
pub mod file;
pub mod insight;
pub mod job;
pub mod language;
pub mod model;
pub mod preferences;
pub mod progress;
pub mod sentences;
pub mod transcription;
pub mod word_times;

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The id of a person. Every query about data of people takes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub Uuid);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A new id: UUIDv7, so that ids sort by the time of their creation.
#[must_use]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// Declares a closed enum with a stable word for each value. `as_str`, `Display`, `FromStr`, serde and the
/// JSON schema use the same words, which are a contract with the database and with clients. `as` names the
/// schema if its name differs from that of the enum.
#[macro_export]
macro_rules! wire_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }
    ) => {
        $crate::wire_enum! {
            $(#[$meta])*
            $vis enum $name as (stringify!($name)) { $($(#[$vmeta])* $variant = $word),+ }
        }
    };
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident as ($schema:expr) {
            $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        $vis enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $schema.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "enum": [$($word),+]})
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownValue;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownValue {
                        value: word.to_owned(),
                        known: Self::ALL.iter().map(|known| known.as_str()).collect(),
                    }),
                }
            }
        }
    };
}
/// A text that is not the word of any value of the enum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not one of {}", known.join(", "))]
pub struct UnknownValue {
    /// The text.
    pub value: String,
    /// The words of the enum.
    pub known: Vec<&'static str>,
}
