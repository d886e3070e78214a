//! Insights about a conversation and a file on the same subject.

use self_domain::insight::{InsightKind, NewInsight, Pointers};
use uuid::Uuid;

use super::phrase;

/// The closest passages of a conversation and of a file.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The conversation.
    pub conversation: Uuid,
    /// The title of the conversation.
    pub title: String,
    /// The segments of its passage.
    pub segments: Vec<Uuid>,
    /// The text of the conversation's passage.
    pub said: String,
    /// The file.
    pub file: Uuid,
    /// The path of the file on its device.
    pub path: String,
    /// The text of the file's passage.
    pub written: String,
}

/// Makes an insight of each pair.
#[must_use]
pub fn about_the_same(pairs: &[Pair]) -> Vec<NewInsight> {
    pairs.iter().map(insight).collect()
}

fn insight(pair: &Pair) -> NewInsight {
    let name = pair.path.rsplit(['/', '\\']).next().unwrap_or(&pair.path);
    let key = format!("{} {}", pair.conversation, pair.file);
    NewInsight {
        kind: InsightKind::FileAboutConversation,
        essence: Some(key.clone()),
        key,
        title: phrase::line(&format!("{name} is about what was said in “{}”", pair.title)),
        detail: format!(
            "You heard: “{}” In {} it says: “{}”",
            pair.said,
            pair.path,
            phrase::line(&pair.written)
        ),
        due_at: None,
        evidence: Pointers { segments: pair.segments.clone(), entities: Vec::new(), files: vec![pair.file] },
    }
}
