//! `fleeting sessions`: lists stored sessions, and deletes those that may no longer be kept.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use super::CliError;
use crate::session::store::StoreError;
use crate::session::store::session_list::{self, StoredSession};

/// List stored sessions, and delete those that are past their date
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    fleeting sessions                           what is stored in the usual folder\n  \
    fleeting sessions studies/ --delete-past    delete what may no longer be kept, after asking\n  \
    fleeting sessions studies/P01.fleeting --delete\n\n\
    A session is deleted with its pictures and all its data, for good.")]
pub(super) struct Raw {
    /// A folder of sessions, or one session; by default where the window stores them
    folder: Option<PathBuf>,
    /// Delete the sessions that are past the date until which they may be kept
    #[arg(long, conflicts_with = "delete")]
    delete_past: bool,
    /// Delete the session in FOLDER
    #[arg(long, requires = "folder")]
    delete: bool,
    /// Do not ask before deleting
    #[arg(long)]
    yes: bool,
}

/// Sessions to list or to delete.
#[derive(Debug)]
pub struct SessionsOptions {
    /// A folder of sessions, or one session.
    pub folder: PathBuf,
    /// True if that is the default folder, which may not exist yet.
    pub is_usual: bool,
    /// What to delete; `None` to list only.
    pub delete: Option<Delete>,
    /// True to delete without asking.
    pub yes: bool,
}

/// What to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delete {
    /// Every session that is past its date.
    Past,
    /// The one session that was named.
    One,
}

impl Raw {
    pub(super) fn check(self) -> Result<SessionsOptions, CliError> {
        let no_home =
            || CliError::Misuse("this system has no usual folder for sessions: name one".into());
        let is_usual = self.folder.is_none();
        let folder = self.folder.or_else(session_list::usual_folder).ok_or_else(no_home)?;
        if self.yes && !self.delete && !self.delete_past {
            let text = "--yes: expected --delete or --delete-past, found neither";
            return Err(CliError::Misuse(text.into()));
        }
        let delete = match (self.delete, self.delete_past) {
            (true, _) => Some(Delete::One),
            (_, true) => Some(Delete::Past),
            _ => None,
        };
        Ok(SessionsOptions { folder, is_usual, delete, yes: self.yes })
    }
}

pub(super) fn run(job: &SessionsOptions, out: &mut dyn Write) -> Result<(), CliError> {
    if job.delete == Some(Delete::One) {
        let session = session_list::look(&job.folder)?;
        return delete(&[&session], job.yes, out);
    }
    let found = match session_list::list(&job.folder) {
        // Nothing was stored yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound && job.is_usual => Vec::new(),
        listed => listed.map_err(|error| CliError::File { path: job.folder.clone(), error })?,
    };
    let sessions: Vec<&StoredSession> = found.iter().flatten().collect();
    let past: Vec<&StoredSession> =
        sessions.iter().filter(|session| session.is_past(session_list::today())).copied().collect();
    match job.delete {
        Some(_) if past.is_empty() => {
            writeln!(out, "nothing is past its date in {}", job.folder.display())
                .map_err(CliError::Output)?;
        }
        Some(_) => delete(&past, job.yes, out)?,
        None => list(&sessions, &past, job, out)?,
    }
    unreadable(&found)
}

fn list(
    sessions: &[&StoredSession],
    past: &[&StoredSession],
    job: &SessionsOptions,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    for session in sessions {
        writeln!(out, "{}", line(session)).map_err(CliError::Output)?;
    }
    let said = match (sessions.len(), past.len()) {
        (0, _) => writeln!(out, "no session in {}", job.folder.display()),
        (_, 0) => Ok(()),
        (_, count) => writeln!(out, "{count} past the date: --delete-past deletes, after asking"),
    };
    said.map_err(CliError::Output)
}

/// Name, start, size, person, date.
fn line(session: &StoredSession) -> String {
    let begun = session.provenance.begun_at_unix_ms.and_then(|ms| {
        let begun = jiff::Timestamp::from_millisecond(ms).ok()?;
        Some(begun.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%F %R").to_string())
    });
    let kept = match &session.consent {
        None => "nobody was asked".into(),
        Some(consent) => {
            let until = match consent.keep_until {
                None => "kept without an end".into(),
                Some(date) if session.is_past(session_list::today()) => {
                    format!("PAST its date {date}")
                }
                Some(date) => format!("kept until {date}"),
            };
            format!("{}, {}, {until}", consent.who, consent.purpose)
        }
    };
    format!(
        "{}  {}  {:.1} MB  {kept}{}",
        session.folder.display(),
        begun.unwrap_or_else(|| "no frame".into()),
        session.bytes as f64 / 1e6,
        if session.is_recording { ", being recorded" } else { "" }
    )
}

fn delete(sessions: &[&StoredSession], yes: bool, out: &mut dyn Write) -> Result<(), CliError> {
    for session in sessions {
        writeln!(out, "{}", line(session)).map_err(CliError::Output)?;
    }
    if !yes && !confirmed(sessions.len())? {
        writeln!(out, "nothing was deleted").map_err(CliError::Output)?;
        return Ok(());
    }
    for session in sessions {
        let deleted = session_list::delete(&session.folder)?;
        let (folder, mb) = (session.folder.display(), deleted.bytes as f64 / 1e6);
        writeln!(out, "deleted {folder} ({mb:.1} MB)").map_err(CliError::Output)?;
        for path in deleted.left {
            writeln!(out, "not part of the session and still there: {}", path.display())
                .map_err(CliError::Output)?;
        }
    }
    Ok(())
}

/// Asks the person at the terminal. Without a terminal, nothing is deleted.
fn confirmed(count: usize) -> Result<bool, CliError> {
    if !io::stdin().is_terminal() {
        return Err(CliError::Misuse("there is no terminal to ask: give --yes to delete".into()));
    }
    let ask = format!("Delete {count} with pictures and data, for good? Type yes: ");
    let mut answer = String::new();
    write!(io::stderr(), "{ask}")
        .and_then(|()| io::stdin().lock().read_line(&mut answer))
        .map_err(CliError::Output)?;
    Ok(answer.trim() == "yes")
}

/// An error that names every session that could not be read.
fn unreadable(found: &[Result<StoredSession, StoreError>]) -> Result<(), CliError> {
    let errors: Vec<_> = found
        .iter()
        .filter_map(|session| session.as_ref().err())
        .map(ToString::to_string)
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(CliError::Failed(errors.join("\n"))) }
}
