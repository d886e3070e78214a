//! Values of columns.

use std::str::FromStr;

use sqlx::Postgres;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};

use crate::domain::UnknownValue;

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
