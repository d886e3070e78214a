//! Structs that are read from rows.
//!
//! sqlx has a derive macro for this. But its feature makes the build compile all of sqlx a second time, with
//! TLS and runtime, for this one macro.

use std::str::FromStr;

use sqlx::Postgres;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};

use crate::domain::UnknownValue;

/// Declares structs whose fields are read from the columns of the same names.
macro_rules! row {
    ($(
        $(#[$about:meta])*
        $vis:vis struct $name:ident {
            $($(#[$about_field:meta])* $vis_field:vis $field:ident: $type:ty),+ $(,)?
        }
    )+) => {$(
        $(#[$about])*
        $vis struct $name {
            $($(#[$about_field])* $vis_field $field: $type),+
        }

        impl sqlx::FromRow<'_, sqlx::postgres::PgRow> for $name {
            fn from_row(row: &sqlx::postgres::PgRow) -> sqlx::Result<Self> {
                use sqlx::Row as _;
                Ok(Self { $($field: row.try_get(stringify!($field))?),+ })
            }
        }
    )+};
}
pub(crate) use row;

/// A value of a closed enum, stored as its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumColumn<T>(pub T);

impl<T> sqlx::Type<Postgres> for EnumColumn<T> {
    fn type_info() -> PgTypeInfo {
        <str as sqlx::Type<Postgres>>::type_info()
    }

    fn compatible(found: &PgTypeInfo) -> bool {
        <str as sqlx::Type<Postgres>>::compatible(found)
    }
}

impl<T: FromStr<Err = UnknownValue>> sqlx::Decode<'_, Postgres> for EnumColumn<T> {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self(<&str as sqlx::Decode<'_, Postgres>>::decode(value)?.parse()?))
    }
}
