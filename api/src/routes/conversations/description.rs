//! What a person says about a conversation: title, notes, tags, and who the voices are.

use std::collections::{BTreeMap, BTreeSet};

use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::conversations::Edit;

use crate::problem::Problem;

/// More tags sort nothing.
const MOST_TAGS: usize = 50;
/// More voices nobody tells apart.
const MOST_SPEAKERS: usize = 100;
/// Characters of a tag, of a mark and of a name.
const LONGEST_NAME: usize = 100;

/// All that a person says about a conversation: replaces what was said before.
#[derive(Object)]
#[oai(example)]
pub(super) struct Description {
    /// What it is called.
    #[oai(validator(min_length = 1, max_length = 300))]
    title: String,
    /// What there is to note down.
    #[oai(default, validator(max_length = 100_000))]
    notes: String,
    /// What it is sorted under: up to 50 tags of up to 100 characters.
    #[oai(default)]
    tags: Vec<String>,
    /// Who the voices are: as they are marked in the segments, and the name.
    #[oai(default)]
    speakers: BTreeMap<String, String>,
}

/// What is to change about a conversation; what is absent stays.
#[derive(Object)]
#[oai(example)]
pub(super) struct DescriptionPatch {
    /// What it is called.
    #[oai(validator(min_length = 1, max_length = 300))]
    title: Option<String>,
    /// What there is to note down.
    #[oai(validator(max_length = 100_000))]
    notes: Option<String>,
    /// What it is sorted under: up to 50 tags of up to 100 characters.
    tags: Option<Vec<String>>,
    /// Who the voices are: as they are marked in the segments, and the name.
    speakers: Option<BTreeMap<String, String>>,
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
        let title = self.title.map(|title| title.trim().to_owned());
        if title.as_ref().is_some_and(String::is_empty) {
            return Err(Problem::field("title", "must say something"));
        }
        Ok(Edit {
            title,
            notes: self.notes,
            tags: self.tags.map(tags).transpose()?,
            speakers: self.speakers.map(speakers).transpose()?,
        })
    }
}

/// Tags without their surroundings, each once.
pub(super) fn tags(given: Vec<String>) -> Result<Vec<String>, Problem> {
    let tags: BTreeSet<String> = given.iter().map(|tag| tag.trim().to_owned()).collect();
    if tags.len() > MOST_TAGS || tags.iter().any(|tag| !is_name(tag)) {
        return Err(Problem::field("tags", "must be at most 50, each of 1 to 100 characters"));
    }
    Ok(tags.into_iter().collect())
}

/// Names of voices without their surroundings.
pub(super) fn speakers(given: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Problem> {
    let speakers: BTreeMap<String, String> =
        given.into_iter().map(|(mark, name)| (mark, name.trim().to_owned())).collect();
    if speakers.len() > MOST_SPEAKERS || !speakers.iter().all(|(mark, name)| is_name(mark) && is_name(name)) {
        return Err(Problem::field(
            "speakers",
            "must be at most 100, marks and names of 1 to 100 characters",
        ));
    }
    Ok(speakers)
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control)
}

impl Example for Description {
    fn example() -> Self {
        Self {
            title: "Kitchen plans".to_owned(),
            notes: "Ask the plumber about the sink.".to_owned(),
            tags: vec!["home".to_owned()],
            speakers: BTreeMap::from([("A".to_owned(), "Ada".to_owned())]),
        }
    }
}

impl Example for DescriptionPatch {
    fn example() -> Self {
        Self { title: None, notes: None, tags: Some(vec!["home".to_owned()]), speakers: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_trimmed_sorted_and_each_there_once() {
        let given = ["work", " home ", "home"].map(str::to_owned).to_vec();
        assert_eq!(tags(given).unwrap(), ["home", "work"]);
    }

    #[test]
    fn names_that_are_none_are_refused() {
        for bad in ["", "  ", "a\u{0}b", &"x".repeat(101)] {
            assert!(tags(vec![bad.to_owned()]).is_err(), "{bad:?}");
            assert!(speakers(BTreeMap::from([("A".to_owned(), bad.to_owned())])).is_err(), "{bad:?}");
        }
        assert!(tags((0..51).map(|tag| tag.to_string()).collect()).is_err());
    }
}
