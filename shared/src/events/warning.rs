use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::transcription::Warning as WarningCode;

/// A warning about the quality of a transcript. The user should know it before relying on the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// Stable code, for programs.
    pub code: WarningCode,
    /// The meaning of the warning and what to do, as text for people.
    pub detail: String,
}

impl From<WarningCode> for Warning {
    fn from(code: WarningCode) -> Self {
        Self { code, detail: code.detail().to_owned() }
    }
}

/// Converts stored words to warnings. Words that only a newer version knows are left out.
pub(crate) fn warnings(words: &[String]) -> Vec<Warning> {
    words.iter().filter_map(|word| word.parse::<WarningCode>().ok()).map(Warning::from).collect()
}
