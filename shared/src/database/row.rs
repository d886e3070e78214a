//! Structs that are read from rows.
//!
//! sqlx derives the same, and for the sake of that one macro all of sqlx, with its TLS and its
//! runtime, is compiled a second time.

/// Declares structs, each field of which is read from the column of its name.
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
