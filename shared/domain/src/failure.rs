//! The reason why a job died or waits: a code for programs and a sentence for people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

use super::wire_enum;

wire_enum! {
    /// The stable code of a failure.
    pub enum FailureCode {
        /// The file is not a recording in a known format.
        NotAudio = "not_audio",
        /// The recording has a codec that is not supported.
        UnsupportedCodec = "unsupported_codec",
        /// The recording is too damaged to be decoded.
        DamagedAudio = "damaged_audio",
        /// The file ends before any sound.
        AudioCutShort = "audio_cut_short",
        /// The recording is longer than `AUDIO_MAX_HOURS` allows.
        AudioTooLong = "audio_too_long",
        /// The recording has too many channels, or a sample rate outside the accepted range.
        AudioOutOfRange = "audio_out_of_range",
        /// Decoding took more memory or time than is allowed for a recording.
        DecoderLimit = "decoder_limit",
        /// The decoder crashed on the recording.
        DecoderCrashed = "decoder_crashed",
        /// No transcriber of this installation supports the requested language.
        LanguageUnsupported = "language_unsupported",
        /// The remote transcriber does not answer. The job is retried automatically.
        TranscriberAway = "transcriber_away",
        /// The remote transcriber rejects the requests, until an operator corrects the cause. The job is
        /// retried automatically.
        TranscriberRefused = "transcriber_refused",
        /// The file holds no text, or no text that can be extracted.
        NotText = "not_text",
        /// The file needs a password.
        EncryptedFile = "encrypted_file",
        /// The file is too damaged for its text to be extracted.
        DamagedFile = "damaged_file",
        /// Extracting the text took more memory or time than is allowed for a file.
        ReaderLimit = "reader_limit",
        /// The stored bytes are missing.
        ObjectMissing = "object_missing",
        /// The data does not fit into one archive.
        ExportTooLarge = "export_too_large",
        /// The worker crashed several times while it had the job.
        WorkerDied = "worker_died",
        /// Something that the job needs does not work. The job is retried automatically.
        TemporaryFault = "temporary_fault",
        /// The attempts failed for too long. The job is no longer retried.
        GaveUp = "gave_up",
        /// This version cannot read the stored job.
        UnknownJob = "unknown_job",
    }
}

/// The reason why a job died, or why its last attempt failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The stable code of the failure. Programs decide by this field.
    pub code: FailureCode,
    /// What went wrong and what to do, as text for the user.
    pub detail: String,
}

impl Failure {
    /// A failure with its sentence.
    pub fn new(code: FailureCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}
