//! The table of all error codes. Codes are a contract with clients.

use poem::http::StatusCode;

use crate::wire_enums::WireEnum;

macro_rules! codes {
    ($($(#[$meta:meta])* $variant:ident = $word:literal, $status:ident, $title:literal;)+) => {
        /// An error code. The word is stable; titles and details may be reworded.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $title] $variant),+ }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word that programs compare.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The HTTP status of the code.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// A short title.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    InvalidInput = "invalid_input", BAD_REQUEST, "Something in the request is not usable";
    InvalidJson = "invalid_json", BAD_REQUEST, "The body is not JSON";
    InvalidCursor = "invalid_cursor", BAD_REQUEST, "The cursor is not one that a list of this kind gave";
    InvalidMultipart = "invalid_multipart", BAD_REQUEST, "The multipart body cannot be read";
    EmptyUpload = "empty_upload", BAD_REQUEST, "The upload has no bytes";
    UploadInterrupted = "upload_interrupted", BAD_REQUEST, "The upload broke off before its end";
    BadMessage = "bad_message", BAD_REQUEST, "What was said over the socket was not understood";
    InvalidQuery = "invalid_query", BAD_REQUEST, "The question cannot be searched for";

    Unauthenticated = "unauthenticated", UNAUTHORIZED, "A valid access token is needed";
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED, "E-mail address or password is wrong";
    InvalidRefreshToken = "invalid_refresh_token", UNAUTHORIZED, "The refresh token is not valid, or no longer";
    Forbidden = "forbidden", FORBIDDEN, "This is for operators";
    WrongPassword = "wrong_password", FORBIDDEN, "The password is wrong";
    OriginNotAllowed = "origin_not_allowed", FORBIDDEN, "Pages of this origin may not open a socket";

    NotFound = "not_found", NOT_FOUND, "There is nothing with this id";
    NoSuchRoute = "no_such_route", NOT_FOUND, "There is nothing at this address";
    ContentMissing = "content_missing", NOT_FOUND, "The stored bytes are gone";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The address does not know this method";
    NotAcceptable = "not_acceptable", NOT_ACCEPTABLE, "None of the accepted formats can be given";

    EmailTaken = "email_taken", CONFLICT, "Somebody registered with this e-mail address";
    IdempotencyConflict = "idempotency_conflict", CONFLICT, "The Idempotency-Key was used for another request";
    DuplicateUpload = "duplicate_upload", CONFLICT, "The recording is there already, and not as this request asks";
    JobNotRetryable = "job_not_retryable", CONFLICT, "Only a dead or cancelled job can be retried";
    JobEnded = "job_ended", CONFLICT, "The job has reached its ending";
    EntityExists = "entity_exists", CONFLICT, "Another entity is known by this name";

    EventConflict = "event_conflict", CONFLICT, "The id was used for another event";
    FileDeleted = "file_deleted", CONFLICT, "The file was deleted";

    ExportIncomplete = "export_incomplete", CONFLICT, "The archive is not complete";
    TranscriptionIncomplete = "transcription_incomplete", CONFLICT, "The transcript is not complete yet";

    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "It has changed since it was read";

    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is larger than any that is needed here";
    UploadTooLarge = "upload_too_large", PAYLOAD_TOO_LARGE, "The upload is larger than is accepted";
    UpgradeRequired = "upgrade_required", UPGRADE_REQUIRED, "The address speaks WebSocket only";
    UnsupportedMedia = "unsupported_media", UNSUPPORTED_MEDIA_TYPE, "The file is not of a kind that is understood here";
    UnsupportedContentType = "unsupported_content_type", UNSUPPORTED_MEDIA_TYPE, "The body has a content type that is not understood here";
    RangeNotSatisfiable = "range_not_satisfiable", RANGE_NOT_SATISFIABLE, "There are no bytes in this range";
    TooManyAttempts = "too_many_attempts", TOO_MANY_REQUESTS, "Too many attempts in a short time";

    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong on this side";
    DatabaseUnavailable = "database_unavailable", SERVICE_UNAVAILABLE, "The database is away for a moment";
    ObjectStorageUnavailable = "object_storage_unavailable", SERVICE_UNAVAILABLE, "Object storage is away for a moment";
    NoWorkerForSearch = "no_worker_for_search", SERVICE_UNAVAILABLE, "No worker can search at the moment";
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "Too much to do at the moment";
}

impl WireEnum for Code {
    const NAME: &'static str = "ProblemCode";
    const DESCRIPTION: &'static str = "What went wrong. Stable.";
    const VALUES: &'static [Self] = Self::ALL;

    fn as_wire(self) -> &'static str {
        self.as_str()
    }
}
