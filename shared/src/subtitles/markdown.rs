//! Transcripts as Markdown.

use super::Utterance;
use crate::database::conversations::Conversation;

/// Writes the title of the conversation, its time, the person's notes, and each utterance with speaker and
/// time. Uncertain segments are marked.
#[must_use]
pub fn markdown(conversation: &Conversation, said: &[Utterance]) -> String {
    let title = if conversation.title.is_empty() { "Conversation" } else { &conversation.title };
    let mut about = vec![conversation.started_at.format("%Y-%m-%d %H:%M UTC").to_string()];
    about.extend(conversation.duration_ms.map(clock));
    about.extend(conversation.tags.iter().map(|tag| format!("#{}", plain(tag))));
    let mut text = format!("# {}\n\n{}\n\n", plain(title), about.join(" · "));
    if !conversation.notes.trim().is_empty() {
        // As the person wrote it: it may be Markdown.
        text.extend([conversation.notes.trim(), "\n\n---\n\n"]);
    }
    for said in said {
        let speaker = said.speaker.as_ref().map(|speaker| format!("**{}:** ", plain(speaker)));
        let doubt = if said.is_uncertain { " _(uncertain)_" } else { "" };
        let (at, said) = (clock(said.start_ms), plain(&said.text));
        text.push_str(&format!("`{at}` {}{said}{doubt}\n\n", speaker.unwrap_or_default()));
    }
    text
}

/// Removes characters that are markup in Markdown, and makes one line of the text.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !plain.is_empty() {
            plain.push(' ');
        }
        for c in word.chars() {
            if "\\`*_[]<>#".contains(c) {
                plain.push('\\');
            }
            plain.push(c);
        }
    }
    plain
}

fn clock(ms: i64) -> String {
    let seconds = ms / 1000;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::DateTime;
    use sqlx::types::Json;
    use uuid::Uuid;

    use super::*;
    use crate::database::segments::Segment;

    #[test]
    fn a_transcript_reads_like_a_page() {
        let began = DateTime::from_timestamp(1_717_236_000, 0).unwrap();
        let conversation = Conversation {
            title: "Tiles *again*".to_owned(),
            notes: "- ask Bob\n".to_owned(),
            tags: vec!["home".to_owned()],
            speakers: Json(BTreeMap::from([("A".to_owned(), "Ada".to_owned())])),
            duration_ms: Some(61_300),
            ..Conversation::new(Uuid::nil(), "import", Some(began), began)
        };
        let segment = Segment {
            id: Uuid::nil(),
            conversation_id: Uuid::nil(),
            transcription_id: Uuid::nil(),
            position: 0,
            start_ms: 3_723_004,
            end_ms: 3_724_000,
            text: "Blue,\nor <b>grey</b>?".to_owned(),
            speaker: Some("A".to_owned()),
            revision: 1,
            ..Segment::default()
        };
        let said = Utterance::new(&segment, &conversation.speakers);
        let doubted = Utterance { is_uncertain: true, ..said.clone() };
        assert!(markdown(&conversation, &[doubted]).ends_with("\\</b\\>? _(uncertain)_\n\n"));
        assert_eq!(
            markdown(&conversation, &[said]),
            "# Tiles \\*again\\*\n\n2024-06-01 10:00 UTC · 0:01:01 · #home\n\n- ask Bob\n\n---\n\n\
             `1:02:03` **Ada:** Blue, or \\<b\\>grey\\</b\\>?\n\n"
        );
    }
}
