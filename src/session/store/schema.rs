//! The layout of `session.sqlite`, and how an older layout becomes the present one.
//!
//! Rows are added and never changed. Triggers in the file enforce that for every program that writes to it.

use std::path::Path;
use std::time::Duration;

use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// "Flet", in the header of the file. It distinguishes a session from other databases.
pub(super) const APPLICATION_ID: i32 = 0x466c_6574;

/// How long a writer waits for another one.
const PATIENCE: Duration = Duration::from_secs(5);

/// Each step leads from the version of its index to the next. Add steps; never change one.
pub(super) const STEPS: &[&str] =
    &[VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6, VERSION_7];

/// Times are whole nanoseconds since the source's first frame. Wall clocks are milliseconds since 1970, UTC.
/// A value that was not measured is null.
const VERSION_1: &str = "
CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE consent (n INTEGER PRIMARY KEY, at_unix_ms INTEGER NOT NULL, who TEXT NOT NULL,
    purpose TEXT NOT NULL, keep_until TEXT);
CREATE TABLE model (n INTEGER PRIMARY KEY, task TEXT NOT NULL, file TEXT NOT NULL,
    sha256 TEXT NOT NULL);
CREATE TABLE source (n INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, info_json TEXT NOT NULL);
CREATE TABLE sample (frame INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL,
    micro REAL, macro REAL, trouble INTEGER NOT NULL, lid_aperture REAL, head_speed REAL,
    yaw_deg REAL, sharpness REAL, brightness REAL, eye_distance_px REAL, rate_fps REAL,
    -- 48 little-endian floats: x and y of 23 regions, then of the head.
    motion BLOB);
CREATE TABLE event (n INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE, kind TEXT NOT NULL,
    onset_frame INTEGER NOT NULL, onset_ns INTEGER NOT NULL,
    apex_frame INTEGER NOT NULL, apex_ns INTEGER NOT NULL,
    offset_frame INTEGER NOT NULL, offset_ns INTEGER NOT NULL,
    score REAL NOT NULL, trouble INTEGER NOT NULL, origin_json TEXT NOT NULL,
    emotion_json TEXT, units_json TEXT NOT NULL);
CREATE TABLE threshold (n INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, micro REAL NOT NULL,
    macro REAL NOT NULL);
CREATE TABLE baseline (n INTEGER PRIMARY KEY, baseline_json TEXT NOT NULL);
CREATE TABLE notice (n INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, kind TEXT NOT NULL,
    text TEXT NOT NULL);
CREATE TABLE stats (n INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, analysed INTEGER NOT NULL,
    dropped INTEGER NOT NULL, source_fps REAL, analysis_fps REAL, frame_ms REAL);
CREATE TABLE rater (n INTEGER PRIMARY KEY, name TEXT NOT NULL, blind INTEGER NOT NULL);
CREATE TABLE entry (n INTEGER PRIMARY KEY, rater TEXT NOT NULL, at_unix_ms INTEGER NOT NULL,
    act_json TEXT NOT NULL);
CREATE TABLE film (n INTEGER PRIMARY KEY, file TEXT NOT NULL UNIQUE, width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL);
CREATE TABLE ending (n INTEGER PRIMARY KEY, at_unix_ms INTEGER NOT NULL, reason TEXT);
";

/// The landmark model's probability of a face; not measured before.
const VERSION_2: &str = "ALTER TABLE sample ADD COLUMN face_presence REAL;";

/// The file from which a layer was read, and how many acts it became; null for a layer made here.
const VERSION_3: &str = "ALTER TABLE rater ADD COLUMN imported_from TEXT;
ALTER TABLE rater ADD COLUMN imported_acts INTEGER;";

/// Frames that were not analysed, and why: the first number and how many.
const VERSION_4: &str = "CREATE TABLE loss (n INTEGER PRIMARY KEY, first_frame INTEGER NOT NULL,
    frames INTEGER NOT NULL, reason TEXT NOT NULL);";

/// The frames from which more or less was done for each frame, and how much.
const VERSION_5: &str = "CREATE TABLE effort (n INTEGER PRIMARY KEY, first_frame INTEGER NOT NULL,
    effort TEXT NOT NULL);";

/// Marks have a kind and the time before them, and there are conditions: acts in `entry` that older versions
/// cannot read. No table changes.
const VERSION_6: &str = "";

/// Sound, if it was agreed to, and where it was lost: the time of the first sample that is missing, and how long.
const VERSION_7: &str = "ALTER TABLE consent ADD COLUMN sound INTEGER NOT NULL DEFAULT 0;
CREATE TABLE sound_loss (n INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, lost_ns INTEGER NOT NULL);";

/// Every table; no row of them is ever changed or removed.
const TABLES: [&str; 17] = [
    "fact",
    "consent",
    "model",
    "source",
    "sample",
    "event",
    "threshold",
    "baseline",
    "notice",
    "stats",
    "loss",
    "effort",
    "sound_loss",
    "rater",
    "entry",
    "film",
    "ending",
];

/// Name of the trigger that [`keeper`] makes.
fn keeper_name(table: &str, verb: &str) -> String {
    format!("{table}_keeps_{verb}")
}

/// A trigger that forbids changing or removing rows of `table`.
fn keeper(table: &str, verb: &str) -> String {
    let name = keeper_name(table, verb);
    format!(
        "CREATE TRIGGER {name} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, \
         'what a session holds is never changed or removed'); END"
    )
}

/// Opens a file that exists. It may come from anyone, so nothing in its layout is trusted.
pub(super) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|db| {
        db.busy_timeout(PATIENCE)?;
        db.pragma_update(None, "trusted_schema", false)?;
        db.pragma_update(None, "cell_size_check", true)?;
        limit(&db)?;
        Ok(db)
    });
    opened.map_err(|error| StoreError::of_database(path, error))
}

/// Limits the size of a value and the cost of a statement to far more than a session needs.
pub(super) fn limit(db: &Connection) -> rusqlite::Result<()> {
    /// Greatest size of a value or a row, bytes. The longest are settings and notes, of some kilobytes.
    const LONGEST: i32 = 16 << 20;
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, LONGEST),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 16),
        (Limit::SQLITE_LIMIT_COLUMN, 64),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 32),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 4),
    ] {
        db.set_limit(limit, most)?;
    }
    Ok(())
}

/// The first thing in the file that Fleeting does not put into a file of `version`, or that is missing: a
/// view, a trigger, a virtual table, a computed column. `None` if there is no such thing.
pub(super) fn stranger(db: &Connection, version: usize) -> rusqlite::Result<Option<String>> {
    let found = layout(db)?;
    if version == 0 {
        // Cut off before its layout was complete.
        return Ok(found.into_iter().next().map(|(name, _)| name));
    }
    let own = Connection::open_in_memory()?;
    STEPS.iter().take(version).try_for_each(|step| own.execute_batch(step))?;
    let mut own = layout(&own)?;
    let is_there = |name: &String| found.iter().any(|(other, _)| other == name);
    let missing = own.iter().map(|(name, _)| name).find(|name| !is_there(name)).cloned();
    // A missing trigger is added to the file.
    own.extend(TABLES.iter().flat_map(|table| {
        ["UPDATE", "DELETE"].map(|verb| (keeper_name(table, verb), keeper(table, verb)))
    }));
    let strange = found.iter().find(|thing| !own.contains(thing));
    Ok(strange.map(|(name, _)| name.clone()).or(missing))
}

/// Everything in a file by name, with the statement that made it.
fn layout(db: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    // Entries without a statement are indices that SQLite makes for unique columns.
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL";
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let sql: String = row.get(1)?;
        // Versions of SQLite differ in the spaces around an added column.
        Ok((row.get(0)?, sql.split_whitespace().collect::<Vec<_>>().join(" ")))
    })?;
    rows.collect()
}

/// If commits wait for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sync {
    /// Every commit waits: for what a person does.
    Always,
    /// No commit waits; a recorder, which commits several times a second, syncs separately.
    WhenAsked,
}

/// Prepares a connection so that commits last.
pub(super) fn make_ready(db: &Connection, sync: Sync) -> rusqlite::Result<()> {
    // A folder without shared memory keeps another kind of journal, which is as safe.
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // Waiting for the disk took 50 ms a commit when it was measured, and handing over to the system a tenth
    // of that.
    let words = if sync == Sync::Always { "FULL" } else { "NORMAL" };
    db.pragma_update(None, "synchronous", words)
}

/// Creates the layout in an empty file.
pub(super) fn lay_out(db: &mut Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate(db, STEPS)
}

/// Application number and version of the layout.
pub(super) fn identity(db: &Connection) -> rusqlite::Result<(i32, usize)> {
    let id = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok((id, usize::try_from(version).unwrap_or(usize::MAX)))
}

/// Takes the steps that the file lacks: all of them or, if one fails, none.
pub(super) fn migrate(db: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    let transaction = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let (_, version) = identity(&transaction)?;
    for step in steps.iter().skip(version) {
        transaction.execute_batch(step)?;
    }
    for table in TABLES {
        for verb in ["UPDATE", "DELETE"] {
            let keeper = keeper(table, verb);
            let keeper = keeper.replacen("TRIGGER", "TRIGGER IF NOT EXISTS", 1);
            transaction.execute_batch(&keeper)?;
        }
    }
    transaction.pragma_update(None, "user_version", steps.len().max(version) as i64)?;
    transaction.commit()
}
