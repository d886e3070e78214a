//! The names of files in an archive: valid on every operating system, unique, and descriptive.

use self_shared::database::audio::Audio;
use self_shared::database::conversations::Conversation;
use self_shared::database::exports::contents::Content;

/// The most characters of a title or a filename that are kept.
const LONGEST: usize = 40;

/// The folder of a conversation: its date, its title, and its id.
pub(super) fn folder(conversation: &Conversation) -> String {
    let (date, title) = (conversation.started_at.format("%Y-%m-%d"), plain(&conversation.title));
    let between = if title.is_empty() { "" } else { "-" };
    format!("conversations/{date}{between}{title}-{}", conversation.id)
}

/// A recording in the folder of its conversation. The number makes the name unique, and different from the
/// name of a device (`con.wav`).
pub(super) fn recording(number: usize, audio: &Audio) -> String {
    let stem = audio.filename.rsplit_once('.').map_or(audio.filename.as_str(), |(stem, _)| stem);
    let stem = Some(plain(stem)).filter(|stem| !stem.is_empty());
    let stem = stem.unwrap_or_else(|| audio.id.to_string());
    format!("audio/{number}-{stem}.{}", extension(&audio.content_type))
}

/// The content of a file.
pub(super) fn content(content: &Content) -> String {
    let extension = match content.kind.as_str() {
        "text/markdown" => "md",
        "text/html" => "html",
        "application/pdf" => "pdf",
        _ => "txt",
    };
    format!("file-contents/{}.{extension}", content.id)
}

/// Letters and digits of any script in lower case; hyphens replace all other characters.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let kept: String = words.collect::<Vec<_>>().join("-").chars().take(LONGEST).collect();
    kept.trim_end_matches('-').to_owned()
}

/// The usual extension of each container that is accepted for recordings.
fn extension(content_type: &str) -> &'static str {
    match content_type {
        "audio/wav" => "wav",
        "audio/mp4" => "m4a",
        "audio/flac" => "flac",
        "audio/ogg" => "ogg",
        "audio/webm" => "webm",
        "audio/mpeg" => "mp3",
        "audio/aac" => "aac",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use self_shared::domain::new_id;

    use super::*;

    fn conversation(title: &str) -> Conversation {
        let began = DateTime::from_timestamp(1_717_200_000, 0).unwrap();
        let new = Conversation::new(new_id(), "import", Some(began), began);
        Conversation { title: title.to_owned(), ..new }
    }

    #[test]
    fn a_folder_tells_when_and_what_and_is_only_one_conversations() {
        let one = conversation("Kitchen: “blue” tiles / Küche?");
        assert_eq!(folder(&one), format!("conversations/2024-06-01-kitchen-blue-tiles-küche-{}", one.id));
        let nameless = conversation(" ?! ");
        assert_eq!(folder(&nameless), format!("conversations/2024-06-01-{}", nameless.id));
    }

    #[test]
    fn nothing_that_somebody_typed_climbs_hides_or_names_a_device() {
        for title in
            ["../../etc/passwd", "..", ".hidden", "a\0b\nc", "con", "a\\b:c*d?e\"f<g>h|i", &"x".repeat(500)]
        {
            let name = folder(&conversation(title));
            let (_, last) = name.rsplit_once('/').unwrap();
            assert_eq!(name.matches('/').count(), 1, "{name}");
            assert!(last.len() < 120 && last.chars().all(|c| c.is_alphanumeric() || c == '-'), "{name}");
        }
    }
}
