//! A person's description of a conversation: title, notes, tags, and names of the speakers.

use std::collections::{BTreeMap, BTreeSet};

use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::conversations::Edit;

use crate::input::text::{Line, Text};
use crate::problem::Problem;

/// More voices nobody tells apart.
const MOST_SPEAKERS: usize = 100;
/// Characters of a mark.
const LONGEST_MARK: usize = 100;

/// What conversations are sorted under.
pub(super) type Tag = Text<Line<100>>;
/// Who the voices are: as they are marked in the segments, and the name.
pub(super) type Speakers = BTreeMap<String, Text<Line<100>>>;

/// All that a person says about a conversation: replaces what was said before.
#[derive(Object)]
#[oai(example)]
pub(super) struct Description {
    /// What it is called.
    #[oai(validator(min_length = 1, max_length = 300, pattern = "\\S"))]
    title: String,
    /// What there is to note down.
    #[oai(default, validator(max_length = 100_000))]
    notes: String,
    /// What it is sorted under.
    #[oai(default, validator(max_items = 50))]
    tags: Vec<Tag>,
    /// Who the voices are: as they are marked in the segments, and the name. Up to 100.
    #[oai(default)]
    speakers: Speakers,
}

/// What is to change about a conversation; what is absent stays.
#[derive(Object)]
#[oai(example)]
pub(super) struct DescriptionPatch {
    /// What it is called.
    #[oai(validator(min_length = 1, max_length = 300, pattern = "\\S"))]
    title: Option<String>,
    /// What there is to note down.
    #[oai(validator(max_length = 100_000))]
    notes: Option<String>,
    /// What it is sorted under.
    #[oai(validator(max_items = 50))]
    tags: Option<Vec<Tag>>,
    /// Who the voices are: as they are marked in the segments, and the name. Up to 100.
    speakers: Option<Speakers>,
}

impl Description {
    /// The edit that it is.
    ///
    /// # Errors
    /// When something in it is not usable.
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
    /// The edit that it is.
    ///
    /// # Errors
    /// When something in it is not usable.
    pub(super) fn edit(self) -> Result<Edit, Problem> {
        Ok(Edit {
            title: self.title.map(|title| title.trim().to_owned()),
            notes: self.notes,
            tags: self.tags.map(tags),
            speakers: self.speakers.map(speakers).transpose()?,
        })
    }
}

/// Tags, each once.
pub(super) fn tags(given: Vec<Tag>) -> Vec<String> {
    given.into_iter().map(|tag| tag.0).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Names of voices.
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
