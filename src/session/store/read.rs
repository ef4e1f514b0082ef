//! Reads a session from the rows of its database.

use rusqlite::{Connection, OptionalExtension, Row};

use super::rows::{self, all, from_json, unreadable};
use crate::measure::baseline::Baseline;
use crate::measure::effort::EffortStep;
use crate::measure::sample::Score;
use crate::measure::time::Timestamp;
use crate::media::stream::{Notice, SourceInfo};
use crate::model::provenance::{ModelFile, Provenance};
use crate::session::annotation::rater::Imported;
use crate::session::annotation::{Entry, Rater};
use crate::session::consent::Consent;
use crate::session::counts::{Loss, LossReason, Losses};
use crate::session::sound_track::SoundLoss;
use crate::session::{LoggedNotice, Session};

/// Everything but the pictures.
pub(super) fn session(db: &Connection) -> rusqlite::Result<Session> {
    let mut session = Session::keeping_all();
    all(db, "SELECT * FROM sample ORDER BY frame", |row| {
        session.history.push(rows::sample(row)?);
        Ok(())
    })?;
    let events = format!("SELECT {} FROM event ORDER BY n", rows::EVENT_COLUMNS);
    session.events = all(db, &events, rows::event)?;
    session.notices = all(db, "SELECT time_ns, kind, text FROM notice ORDER BY n", notice)?;
    let newest = |table, column| format!("SELECT {column} FROM {table} ORDER BY n DESC LIMIT 1");
    session.source = source(db)?;
    session.threshold =
        db.query_row(&newest("threshold", "micro, macro"), [], threshold).optional()?;
    // A baseline that was removed is stored as `null`.
    session.baseline = db
        .query_row(&newest("baseline", "baseline_json"), [], |row| {
            from_json::<Option<Baseline>>(row, 0)
        })
        .optional()?
        .flatten();
    session.losses = losses(db)?;
    if session.losses.is_empty() {
        // Sessions of older versions stored only how many frames the camera queue dropped.
        let dropped = db.query_row(&newest("stats", "dropped"), [], |row| rows::count(row, 0));
        let dropped = dropped.optional()?.unwrap_or_default();
        session.losses.add_unnumbered(dropped, LossReason::Queue);
    }
    session.effort = all(db, "SELECT first_frame, effort FROM effort ORDER BY n", effort)?;
    session.sound_losses = all(db, "SELECT time_ns, lost_ns FROM sound_loss ORDER BY n", |row| {
        let [at, lost] = [row.get(0)?, row.get(1)?].map(Timestamp::from_nanos);
        Ok(SoundLoss { at, secs: lost.secs() })
    })?;
    session.consent = consent(db)?;
    session.provenance = provenance(db)?;
    for rater in
        all(db, "SELECT name, blind, imported_from, imported_acts FROM rater ORDER BY n", rater)?
    {
        session.log.add_rater(rater);
    }
    for entry in all(db, "SELECT rater, at_unix_ms, act_json FROM entry ORDER BY n", entry)? {
        session.log.push(entry);
    }
    Ok(session)
}

fn losses(db: &Connection) -> rusqlite::Result<Losses> {
    let mut losses = Losses::default();
    all(db, "SELECT first_frame, frames, reason FROM loss ORDER BY n", |row| {
        let reason: String = row.get(2)?;
        let reason = reason.parse().map_err(|error: String| unreadable(row, 2, error))?;
        losses.add(Loss { first: rows::count(row, 0)?, frames: rows::count(row, 1)?, reason });
        Ok(())
    })?;
    Ok(losses)
}

fn effort(row: &Row<'_>) -> rusqlite::Result<EffortStep> {
    let name: String = row.get(1)?;
    let effort = name.parse().map_err(|error: String| unreadable(row, 1, error))?;
    Ok(EffortStep { first: rows::count(row, 0)?, effort })
}

fn notice(row: &Row<'_>) -> rusqlite::Result<LoggedNotice> {
    let kind: String = row.get(1)?;
    let kind = serde_json::from_value(kind.into()).map_err(|error| unreadable(row, 1, error))?;
    let notice = Notice { kind, text: row.get(2)? };
    Ok(LoggedNotice { time: Timestamp::from_nanos(row.get(0)?), notice })
}

fn threshold(row: &Row<'_>) -> rusqlite::Result<Score> {
    Ok(Score { micro: rows::number(row, 0)?, macro_: rows::number(row, 1)? })
}

fn rater(row: &Row<'_>) -> rusqlite::Result<Rater> {
    let file: Option<String> = row.get(2)?;
    let imported =
        file.map(|file| Ok::<_, rusqlite::Error>(Imported { file, acts: rows::count(row, 3)? }));
    Ok(Rater {
        name: row.get(0)?,
        blind: row.get(1)?,
        imported: imported.transpose()?,
        ..Rater::default()
    })
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry { rater: row.get(0)?, at_unix_ms: row.get(1)?, act: from_json(row, 2)? })
}

/// What was known about the source last.
pub(super) fn source(db: &Connection) -> rusqlite::Result<SourceInfo> {
    let sql = "SELECT info_json FROM source ORDER BY n DESC LIMIT 1";
    Ok(db.query_row(sql, [], |row| from_json(row, 0)).optional()?.unwrap_or_default())
}

/// The newest consent.
pub(super) fn consent(db: &Connection) -> rusqlite::Result<Option<Consent>> {
    let sql = "SELECT who, purpose, keep_until, sound FROM consent ORDER BY n DESC LIMIT 1";
    db.query_row(sql, [], |row| {
        let keep_until: Option<String> = row.get(2)?;
        let keep_until = keep_until.map(|text| text.parse()).transpose();
        Ok(Consent {
            who: row.get(0)?,
            purpose: row.get(1)?,
            keep_until: keep_until.map_err(|error| unreadable(row, 2, error))?,
            with_sound: row.get(3)?,
        })
    })
    .optional()
}

pub(super) fn provenance(db: &Connection) -> rusqlite::Result<Provenance> {
    let models = all(db, "SELECT task, file, sha256 FROM model ORDER BY n", |row| {
        Ok(ModelFile { task: row.get(0)?, file: row.get(1)?, sha256: row.get(2)? })
    })?;
    let fact = |key| Ok::<_, rusqlite::Error>(self::fact(db, key)?.unwrap_or_default());
    Ok(Provenance {
        program: fact("program")?,
        source: fact("source")?,
        begun_at_unix_ms: fact(super::BEGUN)?.parse().ok(),
        settings: fact("settings")?,
        models,
    })
}

pub(super) fn fact(db: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    db.query_row("SELECT value FROM fact WHERE key = ?", [key], |row| row.get(0)).optional()
}

/// True if the end of the recording is stored.
pub(super) fn has_ended(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT EXISTS (SELECT * FROM ending)", [], |row| row.get(0))
}
