//! The steps from sound to meaning. Each is pure: values in, values out; jobs do the input and
//! output.

pub mod connect;
pub mod embed;
pub mod extract;
