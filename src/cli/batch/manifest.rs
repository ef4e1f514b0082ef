//! The list of all recordings and their results. It holds no clock time and no duration of the work, so that
//! the same recordings give the same list, whoever measured them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::find::Left;
use super::result::Outcome;
use crate::files;

/// Columns of the table.
const COLUMNS: [&str; 11] = [
    "source",
    "status",
    "frames",
    "seconds",
    "micro",
    "macro",
    "unscored",
    "lost",
    "source_sha256",
    "key",
    "error",
];

/// How many of the first columns every version has had. A file that begins in another way is not replaced.
const OLDEST_COLUMNS: usize = 7;

/// One recording of the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Line {
    pub(super) source: String,
    /// `done`; `failed` if there is an error; `open` if the run was stopped before; `left` for what is left
    /// out.
    pub(super) status: &'static str,
    pub(super) outcome: Option<Outcome>,
    pub(super) error: Option<String>,
}

impl Line {
    pub(super) fn new(source: &str, result: Result<Outcome, String>) -> Self {
        let source = source.to_owned();
        match result {
            Err(error) => Self { source, status: "failed", outcome: None, error: Some(error) },
            Ok(outcome) => {
                let status = if outcome.error.is_some() { "failed" } else { "done" };
                Self { source, status, error: outcome.error.clone(), outcome: Some(outcome) }
            }
        }
    }

    /// A line for a recording that was not finished when the run was stopped.
    pub(super) fn open(source: &str, why: &str) -> Self {
        let (source, error) = (source.to_owned(), Some(why.to_owned()));
        Self { source, status: "open", outcome: None, error }
    }

    /// A line for what is left out.
    pub(super) fn left(left: &Left) -> Self {
        let (source, error) = (left.name.clone(), Some(left.why.clone()));
        Self { source, status: "left", outcome: None, error }
    }

    fn fields(&self) -> [String; COLUMNS.len()] {
        let of =
            |text: fn(&Outcome) -> String| self.outcome.as_ref().map_or_else(String::new, text);
        [
            self.source.clone(),
            self.status.into(),
            of(|outcome| outcome.frames.to_string()),
            of(|outcome| format!("{:.6}", outcome.seconds)),
            of(|outcome| outcome.micro.to_string()),
            of(|outcome| outcome.macro_.to_string()),
            of(|outcome| outcome.unscored.to_string()),
            of(|outcome| outcome.lost.to_string()),
            of(|outcome| outcome.source_sha256.clone()),
            of(|outcome| outcome.key.clone()),
            self.error.clone().unwrap_or_default(),
        ]
    }
}

/// Paths of the two lists in `out`. A share of the work has lists of its own.
pub(super) fn paths(out: &Path, share: Option<(usize, usize)>) -> [PathBuf; 2] {
    let stem = match share {
        None => "manifest".to_owned(),
        Some((part, of)) => format!("manifest-{part}-of-{of}"),
    };
    ["csv", "json"].map(|ending| out.join(format!("{stem}.{ending}")))
}

/// Fails if another file has the name of a list.
pub(super) fn check_free([table, list]: &[PathBuf; 2]) -> Result<(), String> {
    let taken = |path: &Path| {
        format!("{}: is not a list that Fleeting wrote, and is not replaced", path.display())
    };
    let begins = |path: &Path, with: &str| match files::read_text(path) {
        Ok(text) => text.starts_with(with),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if !begins(table, &COLUMNS[..OLDEST_COLUMNS].join(",")) {
        return Err(taken(table));
    }
    if begins(list, "[") { Ok(()) } else { Err(taken(list)) }
}

/// Writes both lists, each completely or not at all. Those of an earlier run are replaced.
pub(super) fn write([table, list]: &[PathBuf; 2], lines: &[Line]) -> io::Result<()> {
    files::replace(table, |out| {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(COLUMNS)?;
        for line in lines {
            table.write_record(line.fields())?;
        }
        table.flush()
    })?;
    files::replace(list, |out| {
        serde_json::to_writer_pretty(&mut *out, lines)?;
        writeln!(out)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_ours_is_replaced_and_anybody_elses_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = paths(folder.path(), None);
        let lines = [Line::new("a.mp4", Err("no face, \"none\"".into()))];
        for _ in 0..2 {
            check_free(&paths).expect("free");
            write(&paths, &lines).expect("written");
        }
        let text = std::fs::read_to_string(&paths[0]).expect("a table");
        assert!(text.contains("a.mp4,failed,,,,,,,,,\"no face, \"\"none\"\"\""), "{text}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2);
        let older = "source,status,frames,seconds,micro,macro,unscored,source_sha256,key,error\n";
        std::fs::write(&paths[0], older).expect("written");
        check_free(&paths).expect("an older list of ours");
        std::fs::write(&paths[0], "name,age\n").expect("written");
        let error = check_free(&paths).expect_err("not ours");
        assert!(error.contains("manifest.csv"), "{error}");
    }
}
