use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::transcription::Warning as WarningCode;

/// A warning about the quality of a transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// The stable code of the warning. Programs decide by this field.
    pub code: WarningCode,
    /// What the warning means and what to do, as text for the user.
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
