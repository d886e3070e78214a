//! Converts the crate's errors to errors without bucket, key or address.

use std::{io, time::Duration};

use minio::s3::error::{Error, NetworkError, S3ServerError, ValidationErr};

use super::super::{ObjectError, StorageFault};

const REACH: &str = "start the S3 server, or correct MINIO_ENDPOINT and MINIO_SECURE";
const KEYS: &str = "correct MINIO_ACCESS_KEY and MINIO_SECRET_KEY, and what they are allowed to do";
const SERVER: &str = "look into the log of the S3 server";

/// Converts an error of the crate.
pub(super) fn read(error: Error) -> ObjectError {
    tracing::debug!(?error, "a request to the S3 server failed");
    match error {
        Error::S3Server(S3ServerError::S3Error(answer)) => refusal(&answer.code().to_string()),
        Error::S3Server(S3ServerError::InvalidServerResponse { http_status_code: status, .. })
        | Error::S3Server(S3ServerError::HttpError(status, _))
        | Error::Network(NetworkError::ServerError(status)) => by_status(status),
        Error::Validation(ValidationErr::HttpError(cause))
        | Error::Network(NetworkError::ReqwestError(cause)) => {
            StorageFault::passing(innermost(&cause.without_url()), REACH).into()
        }
        _ => no_s3(),
    }
}

/// The server answered with an error; `code` is an error code of S3, in any case.
pub(super) fn refusal(code: &str) -> ObjectError {
    let reason = format!("the S3 server answered {code}");
    match code.to_ascii_lowercase().as_str() {
        "nosuchkey" => ObjectError::NotFound,
        // The caller, who knows the key, requests the size.
        "invalidrange" => ObjectError::OutOfRange { size: 0 },
        "nosuchbucket" => no_bucket().into(),
        "accessdenied"
        | "invalidaccesskeyid"
        | "notsignedup"
        | "signaturedoesnotmatch"
        | "authorizationheadermalformed" => StorageFault::lasting(reason, KEYS).into(),
        "requesttimetooskewed" => {
            StorageFault::lasting(reason, "set the clock of this machine or of the S3 server").into()
        }
        "quotaexceeded" | "xminiostoragefull" | "insufficientstorage" => {
            StorageFault::lasting(reason, "make room in the S3 server").into()
        }
        "slowdown" | "internalerror" | "serviceunavailable" | "requesttimeout" | "operationaborted" => {
            StorageFault::passing(reason, SERVER).into()
        }
        _ => StorageFault::lasting(reason, SERVER).into(),
    }
}

/// An answer without S3's XML, from a proxy or from a server with a fault.
fn by_status(status: u16) -> ObjectError {
    let reason = format!("the S3 server answered with HTTP status {status}");
    match status {
        500.. | 408 | 429 => StorageFault::passing(reason, SERVER).into(),
        401 | 403 => StorageFault::lasting(reason, KEYS).into(),
        _ => StorageFault::lasting(reason, REACH).into(),
    }
}

/// There was no answer in time.
pub(super) fn silence(allowed: Duration) -> ObjectError {
    StorageFault::passing(format!("the S3 server did not answer in {} s", allowed.as_secs()), REACH).into()
}

/// The connection ended in the middle of an object.
pub(super) fn broken_off(error: &io::Error) -> ObjectError {
    let reason = error.get_ref().map_or_else(|| error.to_string(), |cause| innermost(cause));
    StorageFault::passing(reason, REACH).into()
}

/// The server does not follow the protocol of S3.
pub(super) fn no_s3() -> ObjectError {
    StorageFault::lasting("the answer is not that of an S3 server", REACH).into()
}

/// The bucket does not exist.
pub(super) fn no_bucket() -> StorageFault {
    StorageFault::lasting(
        "the bucket does not exist",
        "create the bucket that MINIO_BUCKET names, or restart the API, which does",
    )
}

/// The last error of a chain of causes: the message of the operating system, such as "Connection refused".
/// The other errors of the chain contain addresses.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
