//! A form with one file: the field `file`, and no other. What a form holds beside it would be lost in silence,
//! so it is refused.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use poem::web::{Field, Multipart};
use tokio_util::io::ReaderStream;

use super::incoming::{Chunks, READ_OVER};
use crate::problem::{BadBody, Code, Problem};

/// The largest number of characters of a field's name in an error.
const LONGEST_NAME: usize = 100;

/// The filename and the bytes of the field `file`. If another field follows, the bytes end with an error.
///
/// # Errors
/// [`Code::InvalidMultipart`].
pub(super) async fn file(mut form: Multipart) -> Result<(Option<String>, Chunks), Problem> {
    let unusable = |detail: String| Problem::new(Code::InvalidMultipart, detail);
    let field = form.next_field().await.map_err(|error| unusable(error.to_string()))?;
    let field = field.ok_or_else(|| unusable("the form has no field `file`".to_owned()))?;
    if field.name() != Some("file") {
        let detail = complaint(None, &field);
        read_over(Some(field), form).await;
        return Err(unusable(detail));
    }
    let filename = field.file_name().map(str::to_owned);
    let first = described(&field);
    let bytes = ReaderStream::with_capacity(field.into_async_read(), 64 * 1024).boxed();
    // The stream owns the form, since the field needs it while it is read.
    let chunks = stream::unfold(Some((bytes, form, first)), |reading| async {
        let (mut bytes, mut form, first) = reading?;
        if let Some(chunk) = bytes.next().await {
            return Some((chunk, Some((bytes, form, first))));
        }
        // A form gives its next field once nobody reads the last one.
        drop(bytes);
        match form.next_field().await {
            Ok(None) => None,
            Ok(Some(other)) => {
                let detail = complaint(Some(&first), &other);
                read_over(Some(other), form).await;
                Some((Err(BadBody(detail).into()), None))
            }
            Err(error) => Some((Err(std::io::Error::other(error)), None)),
        }
    });
    Ok((filename, chunks.boxed()))
}

/// What is wrong with a field that comes beside the field `file`, or in its place.
fn complaint(first: Option<&str>, other: &Field) -> String {
    let is_file = other.file_name().is_some();
    let other = described(other);
    match (first, is_file) {
        (Some(first), true) => {
            format!("the form has two files, {first} and {other}: send each file in a request of its own")
        }
        (None, true) => format!("the form has the file {other}: send the file as the field `file`"),
        (_, false) => format!(
            "the form has the field {other}, which is not read: a form has the field `file` alone, and options are \
             query parameters of the address"
        ),
    }
}

/// The name of a field, with its filename.
fn described(field: &Field) -> String {
    let short =
        |text: &str| -> String { text.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect() };
    let name = short(field.name().unwrap_or_default());
    match field.file_name() {
        Some(filename) => format!("`{name}` (`{}`)", short(filename)),
        None => format!("`{name}`"),
    }
}

/// Reads and drops some of the rest of a form, as many clients read an answer only after they have sent
/// everything.
async fn read_over(mut field: Option<Field>, mut form: Multipart) {
    let reading = async {
        let mut read = 0;
        while let Some(current) = field.take() {
            let mut chunks = ReaderStream::new(current.into_async_read()).boxed();
            while let Some(Ok(chunk)) = chunks.next().await {
                read += chunk.len();
                if read > READ_OVER {
                    return;
                }
            }
            drop(chunks);
            field = form.next_field().await.unwrap_or_default();
        }
    };
    // The answer is the same whatever the result is.
    drop(tokio::time::timeout(Duration::from_secs(2), reading).await);
}

#[cfg(test)]
mod tests {
    use poem::{FromRequest, Request};

    use super::*;

    /// The bytes of the field `file`, or what is said of the form whose parts have these headers.
    async fn read(parts: &[(&str, &str)]) -> Result<String, String> {
        let parts: String = parts
            .iter()
            .map(|(names, text)| format!("--X\r\nContent-Disposition: form-data; {names}\r\n\r\n{text}\r\n"))
            .collect();
        let (request, mut body) = Request::builder()
            .header("content-type", "multipart/form-data; boundary=X")
            .body(format!("{parts}--X--\r\n"))
            .split();
        let form = Multipart::from_request(&request, &mut body).await.unwrap();
        let (_, mut chunks) = file(form).await.map_err(|problem| format!("{problem:?}"))?;
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.next().await {
            bytes.extend(chunk.map_err(|error| error.to_string())?);
        }
        Ok(String::from_utf8(bytes).unwrap())
    }

    #[tokio::test]
    async fn one_file_is_read() {
        assert_eq!(read(&[("name=\"file\"; filename=\"a.wav\"", "RIFF")]).await.unwrap(), "RIFF");
        assert_eq!(read(&[("name=\"file\"", "RIFF")]).await.unwrap(), "RIFF");
    }

    #[tokio::test]
    async fn a_second_file_is_named_in_the_refusal_whatever_its_field() {
        for name in ["file", "file2", "file[]", "other"] {
            let second = format!("name=\"{name}\"; filename=\"b.wav\"");
            let refused = read(&[("name=\"file\"; filename=\"a.wav\"", "RIFF"), (second.as_str(), "RIFF")])
                .await
                .unwrap_err();
            assert!(refused.contains("`file` (`a.wav`)") && refused.contains(&format!("`{name}` (`b.wav`)")));
        }
        let empty =
            [("name=\"file\"; filename=\"a.wav\"", ""), ("name=\"file\"; filename=\"b.wav\"", "RIFF")];
        assert!(read(&empty).await.is_err());
    }

    #[tokio::test]
    async fn options_in_a_form_are_refused_before_and_after_the_file() {
        let (file, option) =
            (("name=\"file\"; filename=\"a.wav\"", "RIFF"), ("name=\"allow_remote\"", "false"));
        for parts in [[option, file], [file, option]] {
            let refused = read(&parts).await.unwrap_err();
            assert!(refused.contains("`allow_remote`") && refused.contains("query parameters"), "{refused}");
        }
        assert!(read(&[]).await.is_err());
    }
}
