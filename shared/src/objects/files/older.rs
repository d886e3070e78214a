//! Finds the files that are older than an age, a page at a time.

use std::{
    ffi::OsString,
    fs::{self, ReadDir},
    io::{self, ErrorKind},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use futures_util::{StreamExt, stream};

use super::{
    super::{KeyPages, ObjectKey, ObjectKind},
    Files, blocking,
};

/// Keys on a page.
const PAGE: usize = 1000;

impl Files {
    pub(in super::super) fn older_than(&self, kind: ObjectKind, age: Duration) -> KeyPages {
        let folder = self.root.join(kind.as_str());
        let walk = DirectoryWalk { folder, kind, age, now: SystemTime::now(), users: None, user: None };
        stream::try_unfold(walk, |mut walk| async {
            let (page, walk) = blocking(move || Ok((walk.page()?, walk))).await?;
            Ok((!page.is_empty()).then_some((page, walk)))
        })
        .boxed()
    }
}

/// A walk through the folders of a kind, which can be continued.
struct DirectoryWalk {
    folder: PathBuf,
    kind: ObjectKind,
    age: Duration,
    now: SystemTime,
    users: Option<ReadDir>,
    /// The folder of a user, and its name.
    user: Option<(ReadDir, OsString)>,
}

impl DirectoryWalk {
    /// The next page; empty at the end.
    fn page(&mut self) -> io::Result<Vec<ObjectKey>> {
        let mut page = Vec::new();
        if self.users.is_none() {
            // The folder is created with the first object of its kind.
            let Some(users) = present(fs::read_dir(&self.folder))? else { return Ok(page) };
            self.users = Some(users);
        }
        while page.len() < PAGE {
            let Some((files, user)) = &mut self.user else {
                let Some(entry) = self.users.as_mut().and_then(Iterator::next) else { break };
                let entry = entry?;
                // Entries that are not folders are not objects. A folder that was deleted in the meantime
                // is empty.
                if entry.file_type()?.is_dir() {
                    self.user = present(fs::read_dir(entry.path()))?.map(|files| (files, entry.file_name()));
                }
                continue;
            };
            let Some(entry) = files.next() else {
                self.user = None;
                continue;
            };
            let entry = entry?;
            let (user, name) = (user.to_string_lossy(), entry.file_name());
            let Ok(key) = format!("{}/{user}/{}", self.kind, name.to_string_lossy()).parse() else {
                continue;
            };
            // Another process may have deleted the file.
            let Some(metadata) = present(entry.metadata())? else { continue };
            if metadata.is_file()
                && self.now.duration_since(metadata.modified()?).unwrap_or_default() >= self.age
            {
                page.push(key);
            }
        }
        Ok(page)
    }
}

/// `None` if the file or folder does not exist.
fn present<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        outcome => outcome.map(Some),
    }
}
