//! Samples, events and the other values as rows, and back.

use std::fmt::Display;

use rusqlite::types::Type;
use rusqlite::{CachedStatement, Connection, Row, named_params, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::measure::event::{Event, Moment};
use crate::measure::finite;
use crate::measure::finite::TOO_LARGE;
use crate::measure::quality::{Quality, Trouble};
use crate::measure::regions::{REGIONS, RegionMotion};
use crate::measure::sample::{Sample, Score};
use crate::measure::time::Timestamp;

/// Number of floats in a [`RegionMotion`].
const MOTION_FLOATS: usize = (REGIONS + 1) * 2;

pub(super) fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

pub(super) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(row, column, error))
}

/// An error about a value, after the name of its column.
pub(super) fn unreadable(row: &Row<'_>, column: usize, error: impl Display) -> rusqlite::Error {
    let text = match row.as_ref().column_name(column) {
        Ok(name) => format!("{name}: {error}"),
        Err(_) => error.to_string(),
    };
    // Without a column number, the text is shown alone.
    rusqlite::Error::FromSqlConversionFailure(usize::MAX, Type::Null, text.into())
}

/// A number that must be there and must be finite.
pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<f32> {
    let number: f32 = row.get(column)?;
    let wrong = || unreadable(row, column, format!("expected a number, found {TOO_LARGE}"));
    number.is_finite().then_some(number).ok_or_else(wrong)
}

/// As a whole number of SQLite, which counts to 2⁶³.
pub(super) fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count that [`whole`] stored.
pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

pub(super) fn add_sample(db: &Connection, sample: &Sample) -> rusqlite::Result<()> {
    let Quality {
        trouble,
        lid_aperture,
        head_speed,
        yaw_deg,
        sharpness,
        brightness,
        eye_distance_px,
        rate_fps,
        presence,
    } = sample.quality;
    // NaN becomes null by itself.
    db.prepare_cached(
        "INSERT INTO sample VALUES (:frame, :time, :micro, :macro, :trouble, :lid, :speed, :yaw, \
         :sharpness, :brightness, :eyes, :rate, :motion, :presence)",
    )?
    .execute(named_params! {
        ":frame": whole(sample.seq),
        ":time": sample.time.nanos(),
        ":micro": sample.score.map(|score| score.micro),
        ":macro": sample.score.map(|score| score.macro_),
        ":trouble": trouble.0,
        ":lid": lid_aperture,
        ":speed": head_speed,
        ":yaw": yaw_deg,
        ":sharpness": sharpness,
        ":brightness": brightness,
        ":eyes": eye_distance_px,
        ":rate": rate_fps,
        ":presence": presence,
        ":motion": sample.motion.as_ref().map(motion_bytes),
    })?;
    Ok(())
}

pub(super) fn sample(row: &Row<'_>) -> rusqlite::Result<Sample> {
    let measured = |column| Ok::<_, rusqlite::Error>(finite::measured(row.get(column)?));
    let micro: Option<f32> = row.get(2)?;
    let motion: Option<Vec<u8>> = row.get(12)?;
    let score = match micro {
        Some(micro) => Some(Score { micro, macro_: measured(3)? }).filter(Score::is_finite),
        None => None,
    };
    let motion = motion.map(|bytes| motion_from(&bytes)).transpose();
    let motion = motion.map_err(|found| unreadable(row, 12, found))?;
    Ok(Sample {
        seq: count(row, 0)?,
        time: Timestamp::from_nanos(row.get(1)?),
        score,
        quality: Quality {
            trouble: Trouble(row.get(4)?),
            lid_aperture: measured(5)?,
            head_speed: measured(6)?,
            yaw_deg: measured(7)?,
            sharpness: measured(8)?,
            brightness: measured(9)?,
            eye_distance_px: measured(10)?,
            rate_fps: measured(11)?,
            presence: measured(13)?,
        },
        motion: motion.filter(RegionMotion::is_finite),
    })
}

fn motion_bytes(motion: &RegionMotion) -> Vec<u8> {
    let floats = motion.regions.as_flattened().iter().chain(&motion.head);
    floats.flat_map(|value| value.to_le_bytes()).collect()
}

fn motion_from(bytes: &[u8]) -> Result<RegionMotion, String> {
    if bytes.len() != MOTION_FLOATS * 4 {
        let found =
            format!("expected {} bytes of motion, found {}", MOTION_FLOATS * 4, bytes.len());
        return Err(found);
    }
    let at = |i: usize| {
        f32::from_le_bytes([bytes[4 * i], bytes[4 * i + 1], bytes[4 * i + 2], bytes[4 * i + 3]])
    };
    Ok(RegionMotion {
        regions: std::array::from_fn(|region| [at(2 * region), at(2 * region + 1)]),
        head: [at(2 * REGIONS), at(2 * REGIONS + 1)],
    })
}

pub(super) fn add_event(db: &Connection, event: &Event) -> rusqlite::Result<()> {
    let Event { id, kind, onset, apex, offset, score, action_units, emotion, trouble, origin } =
        event;
    db.prepare_cached(
        "INSERT INTO event (id, kind, onset_frame, onset_ns, apex_frame, apex_ns, offset_frame, \
         offset_ns, score, trouble, origin_json, emotion_json, units_json) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        whole(*id),
        kind.name(),
        whole(onset.frame),
        onset.time.nanos(),
        whole(apex.frame),
        apex.time.nanos(),
        whole(offset.frame),
        offset.time.nanos(),
        score,
        trouble.0,
        json(origin)?,
        emotion.as_ref().map(json).transpose()?,
        json(action_units)?,
    ])?;
    Ok(())
}

/// The columns that [`event`] reads, in its order.
pub(super) const EVENT_COLUMNS: &str = "id, kind, onset_frame, onset_ns, apex_frame, apex_ns, \
    offset_frame, offset_ns, score, trouble, origin_json, emotion_json, units_json";

pub(super) fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let kind: String = row.get(1)?;
    let moment = |column| {
        let (frame, nanos) = (count(row, column)?, row.get(column + 1)?);
        Ok::<_, rusqlite::Error>(Moment { frame, time: Timestamp::from_nanos(nanos) })
    };
    let emotion: Option<String> = row.get(11)?;
    Ok(Event {
        id: count(row, 0)?,
        kind: kind.parse().map_err(|error: String| unreadable(row, 1, error))?,
        onset: moment(2)?,
        apex: moment(4)?,
        offset: moment(6)?,
        score: number(row, 8)?,
        trouble: Trouble(row.get(9)?),
        origin: from_json(row, 10)?,
        emotion: emotion.map(|_| from_json(row, 11)).transpose()?,
        action_units: from_json(row, 12)?,
    })
}

/// All rows of a query without parameters.
pub(super) fn all<T>(
    db: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut statement: CachedStatement<'_> = db.prepare_cached(sql)?;
    statement.query_map([], read)?.collect()
}
