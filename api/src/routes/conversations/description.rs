//! A person's description of a conversation: title, notes, tags, and names of the speakers.

use std::collections::{BTreeMap, BTreeSet};

use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::conversations::Edit;

use crate::input::text::{Line, Text};
use crate::problem::Problem;

/// The largest number of speakers with a name.
const MOST_SPEAKERS: usize = 100;
/// The longest speaker label, in characters.
const LONGEST_MARK: usize = 100;

/// A tag of a conversation.
pub(super) type Tag = Text<Line<100>>;
/// The names of the speakers, by the label that the segments use.
pub(super) type Speakers = BTreeMap<String, Text<Line<100>>>;

/// The description of a conversation by the user. It replaces the previous description.
#[derive(Object)]
#[oai(example)]
pub(super) struct Description {
    /// The title.
    #[oai(validator(min_length = 1, max_length = 300, pattern = "\\S"))]
    title: String,
    /// Free text of the user about the conversation.
    #[oai(default, validator(max_length = 100_000))]
    notes: String,
    /// The tags.
    #[oai(default, validator(max_items = 50))]
    tags: Vec<Tag>,
    /// The names of the speakers: a map from the label in the segments (such as `A`) to the name. Up to
    /// 100.
    #[oai(default)]
    speakers: Speakers,
}

/// Changes to the description of a conversation. Fields that are absent keep their value.
#[derive(Object)]
#[oai(example)]
pub(super) struct DescriptionPatch {
    /// The title.
    #[oai(validator(min_length = 1, max_length = 300, pattern = "\\S"))]
    title: Option<String>,
    /// Free text of the user about the conversation.
    #[oai(validator(max_length = 100_000))]
    notes: Option<String>,
    /// The tags. They replace all previous tags.
    #[oai(validator(max_items = 50))]
    tags: Option<Vec<Tag>>,
    /// The names of the speakers: a map from the label in the segments (such as `A`) to the name. Up to
    /// 100. It replaces the previous map.
    speakers: Option<Speakers>,
}

impl Description {
    /// Converts the description to an edit of the row.
    pub(super) fn edit(self) -> Result<Edit, Problem> {
        let Self { title, notes, tags, speakers } = self;
        DescriptionPatch {
            title: Some(title),
            notes: Some(notes),
            tags: Some(tags),
            speakers: Some(speakers),
        }
        .edit()
    }
}

impl DescriptionPatch {
    /// Converts the changes to an edit of the row.
    pub(super) fn edit(self) -> Result<Edit, Problem> {
        Ok(Edit {
            title: self.title.map(|title| title.trim().to_owned()),
            notes: self.notes,
            tags: self.tags.map(tags),
            speakers: self.speakers.map(speakers).transpose()?,
        })
    }
}

/// The tags, sorted and without duplicates.
pub(super) fn tags(given: Vec<Tag>) -> Vec<String> {
    given.into_iter().map(|tag| tag.0).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The names of the speakers, after validation.
pub(super) fn speakers(given: Speakers) -> Result<BTreeMap<String, String>, Problem> {
    let is_mark = |mark: &String| {
        (1..=LONGEST_MARK).contains(&mark.chars().count()) && !mark.contains(char::is_control)
    };
    if given.len() > MOST_SPEAKERS || !given.keys().all(is_mark) {
        return Err(Problem::field("speakers", "must be at most 100, with marks of 1 to 100 characters"));
    }
    Ok(given.into_iter().map(|(mark, name)| (mark, name.0)).collect())
}

impl Example for Description {
    fn example() -> Self {
        Self {
            title: "Kitchen plans".to_owned(),
            notes: "Ask the plumber about the sink.".to_owned(),
            tags: vec!["home".into()],
            speakers: BTreeMap::from([("A".to_owned(), "Ada".into())]),
        }
    }
}

impl Example for DescriptionPatch {
    fn example() -> Self {
        Self { title: None, notes: None, tags: Some(vec!["home".into()]), speakers: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_sorted_and_each_there_once() {
        let given = ["work", "home", "home"].map(Tag::from);
        assert_eq!(tags(given.into()), ["home", "work"]);
    }

    #[test]
    fn marks_that_are_none_are_refused() {
        for bad in ["", "a\nb", &"x".repeat(101)] {
            assert!(speakers(BTreeMap::from([(bad.to_owned(), "Ada".into())])).is_err(), "{bad:?}");
        }
        let many = (0..101).map(|mark| (mark.to_string(), "Ada".into()));
        assert!(speakers(many.collect()).is_err());
    }
}
