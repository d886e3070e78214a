//! The reason why a job died or waits: a code for programs and a sentence for people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

use super::wire_enum;

wire_enum! {
    /// The stable code of a failure.
    pub enum FailureCode {
        /// The file is not a recording that we know.
        NotAudio = "not_audio",
        /// A recording, but in a coding that we cannot read.
        UnsupportedCodec = "unsupported_codec",
        /// Too broken to make sense of.
        DamagedAudio = "damaged_audio",
        /// The file breaks off before any sound.
        AudioCutShort = "audio_cut_short",
        /// The recording is longer than `AUDIO_MAX_HOURS` allows.
        AudioTooLong = "audio_too_long",
        /// More channels or a stranger sample rate than any recorder makes.
        AudioOutOfRange = "audio_out_of_range",
        /// Decoding it took more memory or time than a recording may.
        DecoderLimit = "decoder_limit",
        /// Decoding it crashed the decoder.
        DecoderCrashed = "decoder_crashed",
        /// No transcriber here speaks the language that was asked for.
        LanguageUnsupported = "language_unsupported",
        /// The transcriber elsewhere does not answer; it is tried again by itself.
        TranscriberAway = "transcriber_away",
        /// The transcriber elsewhere refuses what it is sent, until an operator mends that; it is tried
        /// again by itself.
        TranscriberRefused = "transcriber_refused",
        /// The file holds no text, or none that can be taken out of it.
        NotText = "not_text",
        /// The file wants a password.
        EncryptedFile = "encrypted_file",
        /// The file is too broken to take its text out.
        DamagedFile = "damaged_file",
        /// Taking its text out took more memory or time than a file may.
        ReaderLimit = "reader_limit",
        /// The stored bytes are gone.
        ObjectMissing = "object_missing",
        /// There is more than fits into one archive.
        ExportTooLarge = "export_too_large",
        /// The worker died several times while doing it.
        WorkerDied = "worker_died",
        /// Something around it is broken; it is tried again by itself.
        TemporaryFault = "temporary_fault",
        /// It failed until patience ran out.
        GaveUp = "gave_up",
        /// The stored job makes no sense to this version.
        UnknownJob = "unknown_job",
    }
}

/// A code for programs and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// What programs match on.
    pub code: FailureCode,
    /// What went wrong and what to do, for the person whose recording it is.
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
