//! `ETag` and `If-Match`: a change applies only to the version that the client has read (RFC 9110,
//! section 13).

use crate::problem::{Code, Problem};

/// The entity tag of a version.
pub(crate) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The version that an `If-Match` header requires; none if the header allows any version.
///
/// # Errors
/// [`Code::PreconditionFailed`] for a tag that this API never gave.
pub(crate) fn expected(if_match: Option<&str>) -> Result<Option<i64>, Problem> {
    match if_match.map(str::trim) {
        None | Some("*") => Ok(None),
        Some(tag) => {
            let version = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            version.and_then(|version| version.parse().ok()).map(Some).ok_or_else(changed)
        }
    }
}

/// The problem when the version is no longer the expected one.
pub(crate) fn changed() -> Problem {
    Problem::new(
        Code::PreconditionFailed,
        "it has changed since you read it: read it again, and send your change with its new `ETag`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_comes_back_as_its_version() {
        assert_eq!(expected(Some(&etag(7))).unwrap(), Some(7));
        assert_eq!(expected(None).unwrap(), None);
        assert_eq!(expected(Some("*")).unwrap(), None);
    }

    #[test]
    fn tags_that_were_never_given_match_nothing() {
        for tag in ["", "7", "W/\"7\"", "\"x\"", "\"7"] {
            assert_eq!(expected(Some(tag)).unwrap_err().code(), Code::PreconditionFailed, "{tag}");
        }
    }
}
