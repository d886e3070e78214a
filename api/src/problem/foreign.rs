//! Conversion of foreign errors (database, storage, framework) to problems.

use std::io;

use poem::error::{
    MethodNotAllowedError, NotFoundError, ParseMultipartError, ParsePathError as RoutePathError,
    ReadBodyError,
};
use poem::http::StatusCode;
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError,
};
use self_shared::objects::ObjectError;

use super::{Code, Problem};

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if is_passing(&error) {
            Self::new(Code::DatabaseUnavailable, "try again in a moment").because(error)
        } else {
            Self::internal(error)
        }
    }
}

/// Whether the same statement may succeed after a moment: the server is away, starting, stopping or out of
/// some resource, or two transactions conflicted.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        // Classes of SQLSTATE: connection, rollback, resources, operator intervention, system.
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class))),
        _ => false,
    }
}

/// The error of a stream of bytes that arrive and are refused: what is wrong with the form around them.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadBody(pub String);

impl BadBody {
    /// The problem, if this error stands for one.
    pub(crate) fn within(error: &io::Error) -> Option<Problem> {
        let refused = error.get_ref()?.downcast_ref::<Self>()?;
        Some(Problem::new(Code::InvalidMultipart, refused.0.clone()))
    }
}

impl From<BadBody> for io::Error {
    fn from(refused: BadBody) -> Self {
        Self::other(refused)
    }
}

impl From<ObjectError> for Problem {
    fn from(error: ObjectError) -> Self {
        if let ObjectError::Interrupted(source) = &error
            && let Some(refused) = source.downcast_ref().and_then(BadBody::within)
        {
            return refused;
        }
        match error {
            ObjectError::NotFound => Self::new(
                Code::ContentMissing,
                "it is known, but its bytes are not in object storage any more",
            )
            .because(error),
            ObjectError::TooLarge { limit } => {
                Self::new(Code::UploadTooLarge, format!("it may have up to {limit} bytes"))
            }
            ObjectError::Interrupted(_) => Self::new(
                Code::UploadInterrupted,
                "not all of it arrived, and nothing of it was kept; send it again",
            )
            .because(error),
            ObjectError::Unavailable(_) => {
                Self::new(Code::ObjectStorageUnavailable, "nothing was changed; try again in a moment")
                    .because(error)
            }
            ObjectError::OutOfRange { .. } | ObjectError::Corrupt { .. } => Self::internal(error),
        }
    }
}

/// Converts an error of the framework or of a route to a problem.
pub(crate) fn redress(error: poem::Error) -> Problem {
    let error = match error.downcast::<Problem>() {
        Ok(problem) => return problem,
        Err(error) => error,
    };
    if let Some(wrong) = error.downcast_ref::<ParseParamError>() {
        return Problem::field(wrong.name, reason(&wrong.reason));
    }
    if error.is::<ParsePathError>() {
        return Problem::new(Code::NotFound, "the address names nothing that there is");
    }
    if let Some(wrong) = error.downcast_ref::<ParseRequestPayloadError>() {
        return Problem::new(Code::InvalidInput, wrong.reason.clone());
    }
    if error.is::<RoutePathError>() {
        return Problem::new(Code::InvalidInput, "the address is not usable");
    }
    if error.is::<AuthorizationError>() {
        return Problem::new(
            Code::Unauthenticated,
            "send `Authorization: Bearer <access token>`; log in to get one",
        );
    }
    if error.is::<NotFoundError>() {
        return Problem::new(Code::NoSuchRoute, "look at /docs for what there is");
    }
    if error.is::<MethodNotAllowedError>() {
        return Problem::new(Code::MethodNotAllowed, "look at /docs for what the address can do");
    }
    if let Some(wrong) = error.downcast_ref::<ContentTypeError>() {
        return Problem::new(Code::UnsupportedContentType, wrong.to_string());
    }
    match error.downcast_ref::<ReadBodyError>() {
        Some(ReadBodyError::PayloadTooLarge) => {
            return Problem::new(Code::BodyTooLarge, "send less");
        }
        Some(ReadBodyError::Io(_)) => {
            return Problem::new(Code::InvalidInput, "the body broke off before its end");
        }
        _ => {}
    }
    if let Some(wrong) = error.downcast_ref::<ParseMultipartError>() {
        return Problem::new(Code::InvalidMultipart, wrong.to_string());
    }
    match error.status() {
        StatusCode::SERVICE_UNAVAILABLE => Problem::new(Code::Overloaded, "try again in a moment"),
        status if status.is_client_error() => Problem::new(Code::InvalidInput, error.to_string()),
        _ => Problem::internal(anyhow::anyhow!("{error}")),
    }
}

/// The complaint of poem-openapi about a value, without the names of Rust types.
fn reason(said: &str) -> String {
    let said = said.split(" (occurred while parsing").next().unwrap_or(said);
    match said.strip_prefix("failed to parse \"").and_then(|rest| rest.split_once("\": ")) {
        Some((_, what)) => format!("is not usable: {what}"),
        None if said.starts_with("Type \"") => "is missing".to_owned(),
        None => format!("is not usable: {said}"),
    }
}
