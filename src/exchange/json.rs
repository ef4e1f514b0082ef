//! A whole session as one JSON object, from which the session can be read back.
//!
//! Times are whole nanoseconds since the source's first frame. A value that was not measured is null. Every
//! act of every rater is in it, whichever layer is exported.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize, Serializer};

use super::detection_limit;
use super::{ExportError, FileFormat, Format, PictureUse, Reader, SessionReader, View};
use crate::measure::baseline::Baseline;
use crate::measure::effort::EffortStep;
use crate::measure::event::Event;
use crate::measure::finite;
use crate::measure::finite::TOO_LARGE;
use crate::measure::quality::{Quality, Trouble};
use crate::measure::regions::{REGIONS, RegionMotion};
use crate::measure::sample::{Sample, Score};
use crate::measure::time::Timestamp;
use crate::media::stream::SourceInfo;
use crate::model::provenance::Provenance;
use crate::session::annotation::{Entry, Log, Rater};
use crate::session::consent::Consent;
use crate::session::counts::{LossReason, Losses};
use crate::session::history::samples::Samples;
use crate::session::sound_track::SoundLoss;
use crate::session::{LoggedNotice, Session};

/// The registry entry.
pub const FORMAT: Format = Format {
    read: Some(Reader::Session(SessionReader { file: FILE_NAME, read })),
    ..Format::written("json", "The whole session in one file (JSON)", PictureUse::None, |_| {
        vec![FileFormat::new(FILE_NAME, |view, out| write(view, out))]
    })
    .with_limit()
};

/// The file's name.
pub const FILE_NAME: &str = "session.json";

/// Version of the layout. It counts changes that older programs cannot read.
/// Since 2, marks have a kind and the time before them, and there are conditions.
const LAYOUT: u32 = 2;

/// Borrowed from a session when it is written, owned when it is read.
#[derive(Serialize, Deserialize)]
struct Document<E, N, R, A, S> {
    format: u32,
    program: String,
    source: SourceInfo,
    threshold: Option<Score>,
    baseline: Option<Baseline>,
    #[serde(default)]
    consent: Option<Consent>,
    #[serde(default)]
    provenance: Provenance,
    /// For readers of older versions: the frames that the camera queue dropped.
    dropped: u64,
    /// Written for people and other programs. When the file is read, the counts come from the samples and
    /// losses.
    #[serde(default, skip_deserializing)]
    counts: serde_json::Value,
    /// Written for people and other programs. It is not read, but measured again if it is needed.
    #[serde(default, skip_deserializing)]
    detection_limit: serde_json::Value,
    /// The sound file beside the film, and where sound was lost.
    #[serde(default)]
    sound: Option<String>,
    #[serde(default)]
    sound_losses: Vec<SoundLoss>,
    losses: Option<Losses>,
    #[serde(default)]
    effort: Vec<Step>,
    notices: N,
    events: E,
    #[serde(default)]
    raters: R,
    #[serde(default)]
    acts: A,
    samples: S,
}

/// From frame `first` on, this much was done for each frame.
#[derive(Serialize, Deserialize)]
struct Step {
    first: u64,
    effort: String,
}

#[derive(Serialize, Deserialize)]
struct Row {
    frame: u64,
    time: Timestamp,
    trouble: Vec<String>,
    lid_aperture: Option<f32>,
    head_speed: Option<f32>,
    yaw_deg: Option<f32>,
    sharpness: Option<f32>,
    brightness: Option<f32>,
    eye_distance_px: Option<f32>,
    rate_fps: Option<f32>,
    #[serde(default)]
    presence: Option<f32>,
    score: Option<Score>,
    head: Option<[f32; 2]>,
    regions: Option<[[f32; 2]; REGIONS]>,
}

impl Step {
    fn of(step: &EffortStep) -> Self {
        Self { first: step.first, effort: step.effort.name().into() }
    }
}

impl TryFrom<Step> for EffortStep {
    type Error = String;

    fn try_from(step: Step) -> Result<Self, String> {
        Ok(Self { first: step.first, effort: step.effort.parse()? })
    }
}

fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (session, limit) = (view.session, view.detection_limit.as_ref());
    let document = Document {
        format: LAYOUT,
        program: format!("fleeting {}", env!("CARGO_PKG_VERSION")),
        source: session.source.clone(),
        threshold: session.threshold,
        baseline: session.baseline.clone(),
        consent: session.consent.clone(),
        provenance: session.provenance.clone(),
        dropped: queue_losses(session),
        counts: counts(session),
        detection_limit: limit.map_or(serde_json::Value::Null, detection_limit::json),
        sound: session.sound.clone(),
        sound_losses: session.sound_losses.clone(),
        losses: Some(session.losses.clone()),
        effort: session.effort.iter().map(Step::of).collect(),
        notices: &session.notices,
        events: &session.events,
        raters: session.log.raters(),
        acts: session.log.entries(),
        samples: Rows(session.history.samples()),
    };
    serde_json::to_writer(&mut *out, &document)?;
    out.write_all(b"\n")
}

/// Frames that the camera queue dropped, for whatever reason it was full.
fn queue_losses(session: &Session) -> u64 {
    let of_queue = [LossReason::Queue, LossReason::Frozen];
    of_queue.into_iter().map(|reason| session.losses.of(reason)).sum()
}

fn counts(session: &Session) -> serde_json::Value {
    let counts = session.counts();
    let by_reason = LossReason::ALL.map(|reason| (reason.name(), counts.of_reason(reason)));
    let by_reason: BTreeMap<_, _> = by_reason.into_iter().collect();
    serde_json::json!({
        "numbered": counts.numbered,
        "analysed": counts.analysed,
        "lost": counts.lost,
        "lost_by_reason": by_reason,
        "scored": counts.scored,
        "recorded_s": counts.recorded_secs,
        "scored_s": counts.scored_secs,
        "true_fps": counts.true_fps(),
    })
}

/// Reads a session back from the file at `path`.
pub fn read(path: &Path) -> Result<Session, ExportError> {
    let file =
        crate::files::open(path).map_err(|error| ExportError::Io { path: path.into(), error })?;
    let wrong = |found: String| ExportError::NotASession { path: path.into(), found };
    type Owned = Document<Vec<Event>, Vec<LoggedNotice>, Vec<Rater>, Vec<Entry>, Vec<Row>>;
    let document: Owned =
        serde_json::from_reader(BufReader::new(file)).map_err(|error| wrong(error.to_string()))?;
    if !(1..=LAYOUT).contains(&document.format) {
        let found = document.format;
        return Err(wrong(format!("layout {found} where this program reads 1 to {LAYOUT}")));
    }
    let mut session = Session::keeping_all();
    for row in document.samples {
        session.history.push(row.try_into().map_err(wrong)?);
    }
    session.source = document.source;
    if document.threshold.is_some_and(|threshold| !threshold.is_finite()) {
        return Err(wrong(format!("{TOO_LARGE} as threshold")));
    }
    session.threshold = document.threshold;
    session.baseline = document.baseline;
    session.losses = document.losses.unwrap_or_else(|| {
        let mut losses = Losses::default();
        losses.add_unnumbered(document.dropped, LossReason::Queue);
        losses
    });
    let steps = document.effort.into_iter().map(EffortStep::try_from);
    session.effort = steps.collect::<Result<_, _>>().map_err(wrong)?;
    (session.sound, session.sound_losses) = (document.sound, document.sound_losses);
    session.notices = document.notices;
    session.events = document.events;
    session.consent = document.consent;
    session.provenance = document.provenance;
    session.log = log(document.raters, document.acts);
    Ok(session)
}

fn log(raters: Vec<Rater>, acts: Vec<Entry>) -> Log {
    let mut log = Log::default();
    raters.into_iter().for_each(|rater| log.add_rater(rater));
    acts.into_iter().for_each(|entry| log.push(entry));
    log
}

/// Written one by one, so that a long session does not stand in memory twice.
struct Rows<'a>(&'a Samples);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|sample| Row::from(&sample)))
    }
}

impl From<&Sample> for Row {
    fn from(sample: &Sample) -> Self {
        let measured = |value: f32| value.is_finite().then_some(value);
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
        let words = Trouble::NAMES.iter().filter(|(one, _)| trouble.any(*one));
        Self {
            frame: sample.seq,
            time: sample.time,
            trouble: words.map(|(_, word)| (*word).into()).collect(),
            lid_aperture: measured(lid_aperture),
            head_speed: measured(head_speed),
            yaw_deg: measured(yaw_deg),
            sharpness: measured(sharpness),
            brightness: measured(brightness),
            eye_distance_px: measured(eye_distance_px),
            rate_fps: measured(rate_fps),
            presence: measured(presence),
            score: sample.score,
            head: sample.motion.map(|motion| motion.head),
            regions: sample.motion.map(|motion| motion.regions),
        }
    }
}

impl TryFrom<Row> for Sample {
    type Error = String;

    fn try_from(row: Row) -> Result<Self, String> {
        let mut trouble = Trouble::NONE;
        for word in &row.trouble {
            let known = Trouble::NAMES.iter().find(|(_, name)| name == word);
            let (one, _) = known.ok_or_else(|| format!("the unknown trouble `{word}`"))?;
            trouble = trouble.with(*one);
        }
        Ok(Self {
            seq: row.frame,
            time: row.time,
            quality: Quality {
                trouble,
                lid_aperture: finite::measured(row.lid_aperture),
                head_speed: finite::measured(row.head_speed),
                yaw_deg: finite::measured(row.yaw_deg),
                sharpness: finite::measured(row.sharpness),
                brightness: finite::measured(row.brightness),
                eye_distance_px: finite::measured(row.eye_distance_px),
                rate_fps: finite::measured(row.rate_fps),
                presence: finite::measured(row.presence),
            },
            motion: row
                .head
                .zip(row.regions)
                .map(|(head, regions)| RegionMotion { regions, head })
                .filter(RegionMotion::is_finite),
            score: row.score.filter(Score::is_finite),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::{reviewed, session};
    use crate::measure::baseline::Spread;

    #[test]
    fn a_session_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, session) in [("plain", session()), ("reviewed", reviewed())] {
            let folder = folder.path().join(name);
            FORMAT.write(&mut View::of_model(&session), &folder).expect("written");
            let read = read(&folder.join(FILE_NAME)).expect("read");
            // As text, because NaN equals nothing, not even itself.
            let text = |session: &Session| {
                format!(
                    "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
                    session.source,
                    session.threshold,
                    session.notices,
                    session.events,
                    session.history.samples(),
                    session.log,
                    (&session.consent, &session.provenance),
                )
            };
            assert_eq!(text(&read), text(&session));
        }
    }

    #[test]
    fn a_file_from_before_there_were_raters_is_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        FORMAT.write(&mut View::of_model(&reviewed()), folder.path()).expect("written");
        let path = folder.path().join(FILE_NAME);
        let mut document: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&std::fs::read(&path).expect("there")).expect("an object");
        for newer in ["raters", "acts", "consent", "provenance"] {
            document.remove(newer).expect(newer);
        }
        std::fs::write(&path, serde_json::to_vec(&document).expect("text")).expect("written");
        let session = read(&path).expect("read");
        assert_eq!((session.events.len(), session.log.raters().len()), (2, 0));
    }

    #[test]
    fn a_number_that_is_too_large_is_a_gap_in_a_sample_and_an_error_elsewhere() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut session, rest) = (session(), Spread::default());
        let (from, to) = session.history.span().expect("samples");
        let regions = [[rest; 2]; REGIONS];
        session.baseline = Some(Baseline {
            from,
            to,
            numbered: 3,
            frames: 3,
            scored: 2,
            talking: 0,
            moving: 0,
            micro: rest,
            macro_: rest,
            regions,
        });
        FORMAT.write(&mut View::of_model(&session), folder.path()).expect("written");
        let path = folder.path().join(FILE_NAME);
        let whole = std::fs::read(&path).expect("there");
        let whole: serde_json::Value = serde_json::from_slice(&whole).expect("an object");
        let with_one_at = |place: &str| {
            let mut changed = whole.clone();
            *changed.pointer_mut(place).expect(place) = 1e39.into();
            std::fs::write(&path, changed.to_string()).expect("written");
            read(&path)
        };
        for place in [
            "/events/0/score",
            "/events/0/action_units/0/probability",
            "/events/0/emotion/probabilities/1",
            "/threshold/macro",
            "/baseline/micro/sigma",
            "/baseline/regions/22/1/median",
        ] {
            let error = with_one_at(place).expect_err(place).to_string();
            assert!(error.contains(FILE_NAME) && error.contains(TOO_LARGE), "{place}: {error}");
        }
        let first = |place: &str| {
            let session = with_one_at(place).expect(place);
            session.history.samples().first().expect("a sample")
        };
        assert_eq!(first("/samples/0/score/macro").score, None);
        assert_eq!(first("/samples/0/regions/3/1").motion, None);
        assert_eq!(first("/samples/0/head/0").motion, None);
        assert!(first("/samples/0/rate_fps").quality.rate_fps.is_nan());
    }

    #[test]
    fn what_is_no_session_is_refused_by_name() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("x.json");
        for content in ["", "[]", "{\"format\": 1}", "\u{0}"] {
            std::fs::write(&path, content).expect("written");
            let error = read(&path).expect_err(content).to_string();
            assert!(error.contains("x.json: expected a session"), "{error}");
        }
    }
}
