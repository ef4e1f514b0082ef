//! Outside formats: sessions as files for other programs, and other people's events from their files. To add
//! a format: one file, one line in [`FORMATS`], and one row in `.github/MANUAL.md`.
//!
//! No file is ever overwritten, and each gets its name when it is complete. So every file in the folder is
//! complete, also if the program was killed. Only the owner can read the files.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::files;
use crate::session::Session;
use crate::session::table::UnknownRater;
use import::EventReader;

pub mod boris;
pub mod clips;
pub(crate) mod columns;
pub mod conditions;
pub mod csv;
pub(crate) mod detection_limit;
pub mod elan;
pub mod import;
pub mod json;
pub mod megc;
pub mod openface;
pub mod parquet;
pub mod report;
pub mod streams;
pub(crate) mod table;
pub mod training;
pub mod view;
pub mod xdf;

pub use view::View;

/// One outside format.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The word in `--format`.
    pub name: &'static str,
    /// One line for menus and help: what it writes.
    pub about: &'static str,
    /// How it uses pictures of the face.
    pub pictures: PictureUse,
    /// True if it shows the detection limit, if that was measured.
    pub tells_limit: bool,
    /// How it is read; `None` where it is only written.
    pub read: Option<Reader>,
    /// The files that it writes of a view, which may depend on the content; `None` if it is only read.
    pub files: Option<fn(&View<'_>) -> Vec<FileFormat>>,
    /// What a reader of these files should know, one sentence each.
    pub remarks: fn(&View<'_>) -> Vec<String>,
}

/// How a format is read.
#[derive(Clone, Copy, Debug)]
pub enum Reader {
    /// As events, which become the layer of a rater.
    Events(EventReader),
    /// As a whole session.
    Session(SessionReader),
}

/// Reads a whole session.
#[derive(Clone, Copy, Debug)]
pub struct SessionReader {
    /// The file's name.
    pub file: &'static str,
    /// Reads it.
    pub read: fn(&Path) -> Result<Session, ExportError>,
}

/// How a format uses pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureUse {
    /// It cannot show pictures.
    None,
    /// It shows pictures if there are any.
    Welcome,
    /// It shows pictures only.
    Needed,
}

/// Writes the content of a file.
pub type Content = Box<dyn FnOnce(&mut View<'_>, &mut Sink) -> io::Result<()>>;

/// Where a file's content goes.
pub type Sink = dyn Write + Send;

/// One file of a format.
pub struct FileFormat {
    /// The file's name.
    pub name: String,
    /// Writes its content.
    pub write: Content,
}

/// Every outside format, in the order of menus.
pub static FORMATS: &[Format] = &[
    csv::FORMAT,
    json::FORMAT,
    elan::FORMAT,
    boris::FORMAT,
    openface::FORMAT,
    megc::FORMAT,
    parquet::FORMAT,
    xdf::FORMAT,
    report::FORMAT,
    training::FORMAT,
    clips::FORMAT,
    clips::GIF_FORMAT,
];

/// The formats that can be written.
pub fn written_formats() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().filter(|format| format.files.is_some())
}

/// The readers of formats that can be read as events.
pub fn event_readers() -> impl Iterator<Item = &'static EventReader> {
    FORMATS.iter().filter_map(|format| match &format.read {
        Some(Reader::Events(reader)) => Some(reader),
        _ => None,
    })
}

/// The result of an export.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The new files.
    pub files: Vec<PathBuf>,
    /// What a reader of the files should know, one sentence each.
    pub remarks: Vec<String>,
}

/// Why a session could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file could not be opened, read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system answered.
        error: io::Error,
    },
    /// A file is there already.
    #[error("{}: already exists, and nothing is overwritten; choose another folder", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The format shows pictures only, and there are none.
    #[error("{format}: expected stored pictures, found a session without any")]
    NoPictures {
        /// The format.
        format: &'static str,
    },
    /// There is no such format.
    #[error("format `{found}`: expected one of {expected}")]
    UnknownFormat {
        /// The name that was asked for.
        found: String,
        /// Names of the formats that can be written.
        expected: String,
    },
    /// There is no such layer.
    #[error(transparent)]
    Rater(#[from] UnknownRater),
    /// The file is not a session, or a damaged one.
    #[error("{}: expected a session as written by `--format json`, found {found}", path.display())]
    NotASession {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
}

/// The format called `name`, if it can be written.
pub fn format_to_write(name: &str) -> Result<&'static Format, ExportError> {
    written_formats().find(|format| format.name == name).ok_or_else(|| {
        let names: Vec<_> = written_formats().map(|format| format.name).collect();
        ExportError::UnknownFormat { found: name.into(), expected: names.join(", ") }
    })
}

impl FileFormat {
    /// A file called `name`.
    pub fn new(
        name: impl Into<String>,
        write: impl FnOnce(&mut View<'_>, &mut Sink) -> io::Result<()> + 'static,
    ) -> Self {
        Self { name: name.into(), write: Box::new(write) }
    }
}

impl Format {
    /// A format that is only written and needs no remarks.
    pub(crate) const fn written(
        name: &'static str,
        about: &'static str,
        pictures: PictureUse,
        files: fn(&View<'_>) -> Vec<FileFormat>,
    ) -> Self {
        let (tells_limit, remarks) = (false, |_: &View<'_>| Vec::new());
        Self { name, about, pictures, tells_limit, read: None, files: Some(files), remarks }
    }

    /// The same view with the detection limit.
    pub(crate) const fn with_limit(self) -> Self {
        Self { tells_limit: true, ..self }
    }

    /// The files that it writes of `view`.
    pub fn files_of(&self, view: &View<'_>) -> Vec<FileFormat> {
        self.files.map_or_else(Vec::new, |files| files(view))
    }

    /// True if it writes nothing for a session without pictures.
    pub fn needs_pictures(&self) -> bool {
        self.pictures == PictureUse::Needed
    }

    /// Checks if `view` can be written into `folder`, as far as that is known before writing. An export in
    /// several formats checks all of them first, so that it is not left half done.
    pub fn check(&self, view: &View<'_>, folder: &Path) -> Result<(), ExportError> {
        self.placed(view, folder).map(drop)
    }

    /// The files that it would write, with their paths.
    fn placed(
        &self,
        view: &View<'_>,
        folder: &Path,
    ) -> Result<Vec<(FileFormat, PathBuf)>, ExportError> {
        if self.needs_pictures() && view.pictures.is_none() {
            return Err(ExportError::NoPictures { format: self.name });
        }
        let placed = |file: FileFormat| {
            let path = folder.join(&file.name);
            if path.exists() { Err(ExportError::Exists { path }) } else { Ok((file, path)) }
        };
        self.files_of(view).into_iter().map(placed).collect()
    }

    /// Writes `view` into `folder`, which is created if it does not exist.
    pub fn write(&self, view: &mut View<'_>, folder: &Path) -> Result<Written, ExportError> {
        let files = self.placed(view, folder)?;
        files::create_folder(folder)
            .map_err(|error| ExportError::Io { path: folder.into(), error })?;
        let mut paths = Vec::new();
        for (file, path) in files {
            write_new(&path, |out| (file.write)(view, out))?;
            paths.push(path);
        }
        let mut remarks = view.remarks();
        remarks.extend((self.remarks)(view));
        Ok(Written { files: paths, remarks })
    }
}

/// Writes a new file, complete or not at all.
pub fn write_new(
    path: &Path,
    content: impl FnOnce(&mut Sink) -> io::Result<()>,
) -> Result<(), ExportError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => ExportError::Exists { path: path.into() },
        _ => ExportError::Io { path: path.into(), error },
    };
    let written = files::write_new(path, |file| {
        let mut out = BufWriter::new(file.try_clone()?);
        content(&mut out)?;
        out.flush()
    });
    written.map_err(failed)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::measure::event::{ActionUnit, EmotionReading, Event, EventKind, Moment, MovingUnit};
    use crate::measure::event::{Origin, Side};
    use crate::measure::quality::{Quality, Trouble};
    use crate::measure::regions::RegionMotion;
    use crate::measure::sample::{Sample, Score};
    use crate::measure::time::Timestamp;
    use crate::media::stream::{Notice, NoticeKind};
    use crate::session::annotation::{
        Act, Bounds, Entry, Label, Mark, MarkKind, Rater, Target, Verdict,
    };
    use crate::session::consent::Consent;

    /// Three frames, the middle one without a face, and one event.
    pub(crate) fn session() -> Session {
        let mut session = Session::default();
        session.source.name = "clip, \"one\".mp4".into();
        session.threshold = Some(Score { micro: 0.5, macro_: 0.25 });
        for seq in 0..3 {
            let face = seq != 1;
            let mut quality = Quality { rate_fps: 30.0, ..Quality::default() };
            if !face {
                quality.trouble = Trouble::NO_FACE.with(Trouble::GAP);
                quality.yaw_deg = f32::NAN;
            }
            session.history.push(Sample {
                seq,
                time: Timestamp::of_frame(seq, 30.0),
                quality,
                motion: face
                    .then_some(RegionMotion { regions: [[0.5, -0.25]; 23], head: [1.0, 2.0] }),
                score: face.then_some(Score { micro: 0.75, macro_: 0.125 }),
            });
        }
        session.log(Notice { kind: NoticeKind::Info, text: "two\nlines".into() });
        session.events.push(event(0, EventKind::Micro, [0, 1, 2]));
        session
    }

    fn event(id: u64, kind: EventKind, [onset, apex, offset]: [u64; 3]) -> Event {
        Event {
            id,
            kind,
            onset: at(onset),
            apex: at(apex),
            offset: at(offset),
            score: 0.75,
            action_units: vec![MovingUnit {
                unit: ActionUnit(12),
                side: Side::Left,
                probability: 0.5,
                intensity: None,
            }],
            emotion: Some(EmotionReading { probabilities: [0.25, 0.5, 0.25], clear: true }),
            trouble: Trouble::BLINK,
            origin: Origin::Model,
        }
    }

    pub(crate) fn at(frame: u64) -> Moment {
        Moment { frame, time: Timestamp::of_frame(frame, 30.0) }
    }

    pub(crate) fn bounds([onset, apex, offset]: [u64; 3]) -> Bounds {
        Bounds { onset: at(onset), apex: at(apex), offset: at(offset) }
    }

    pub(crate) fn unit(number: u8, side: Side) -> MovingUnit {
        MovingUnit { unit: ActionUnit(number), side, probability: 1.0, intensity: None }
    }

    /// Three seconds with two events of the model. A has judged both and added one; B works blind.
    pub(crate) fn reviewed() -> Session {
        let mut session = Session::default();
        session.source.name = "Übung 1 & 2.mp4".into();
        session.source.size_px = (64, 48);
        session.threshold = Some(Score { micro: 0.5, macro_: 0.25 });
        session.provenance.program = "fleeting".into();
        session.consent = Some(Consent {
            who: "P01".into(),
            purpose: "study <1>".into(),
            keep_until: Some(jiff::civil::date(2030, 1, 31)),
            with_sound: false,
        });
        for seq in 0..90 {
            let is_seen = !(20..25).contains(&seq);
            let trouble = if is_seen { Trouble::NONE } else { Trouble::NO_FACE };
            let quality = Quality { trouble, rate_fps: 30.0, presence: 0.75, ..Quality::default() };
            let score = is_seen
                .then_some(Score { micro: (seq % 10) as f32 / 10.0, macro_: seq as f32 / 100.0 });
            session.history.push(Sample { seq, time: at(seq).time, quality, motion: None, score });
        }
        session.events.push(event(0, EventKind::Micro, [10, 13, 16]));
        session.events.push(event(1, EventKind::Macro, [40, 50, 60]));
        session.log.add_rater(Rater::new("A"));
        session.log.add_rater(Rater::blind("B"));
        let (first, second, own) = (Target::Machine(0), Target::Machine(1), Target::Own(0));
        for (rater, act) in [
            ("A", Act::Judge(first, Verdict::Confirmed)),
            ("A", Act::Bound(first, bounds([11, 13, 17]))),
            ("A", Act::Label(first, Some(Label::Happiness))),
            ("A", Act::Units(first, vec![unit(6, Side::Left), unit(12, Side::Both)])),
            ("A", Act::Note(first, "short, \"real\" & <small>\nsecond line".into())),
            ("A", Act::Judge(second, Verdict::Rejected)),
            ("A", Act::Add(0, EventKind::Micro, bounds([70, 72, 75]))),
            ("A", Act::Label(own, Some(Label::Fear))),
            ("A", Act::Mark(Mark::new(at(30), ""))),
            ("A", Act::Mark(Mark::new(at(30), "asked about 日本"))),
            ("B", Act::Add(0, EventKind::Micro, bounds([10, 13, 15]))),
        ] {
            session.log.push(Entry { rater: rater.into(), at_unix_ms: 1_700_000_000_000, act });
        }
        session
    }

    #[test]
    fn marks_of_the_session_are_in_every_export_that_says_what_people_said_whoever_it_is_for() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut session = reviewed();
        let live = Mark {
            kind: MarkKind::Own("question".into()),
            before_ms: 1000,
            ..Mark::new(at(50), "about work")
        };
        for (by, mark) in
            [(crate::session::OBSERVER, live), ("Stimuli", Mark::outside(at(60), "face 3"))]
        {
            session.log.push(Entry { rater: by.into(), at_unix_ms: 0, act: Act::Mark(mark) });
        }
        session.log.add_rater(Rater::new("C"));
        for rater in [None, Some("A"), Some("B"), Some("C")] {
            for name in ["csv", "json", "elan", "boris", "report"] {
                let folder = folder.path().join(format!("{name} {rater:?}"));
                let format = format_to_write(name).expect(name);
                let mut view = View::new(&session, rater).expect("there");
                let written = format.write(&mut view, &folder).expect(name);
                let text: String = written
                    .files
                    .iter()
                    .map(|path| std::fs::read_to_string(path).expect("text"))
                    .collect();
                for words in ["question", "about work", "face 3"] {
                    assert!(text.contains(words), "{name} for {rater:?} lacks {words:?}");
                }
                // B works blind.
                let of_a = name != "json" && rater == Some("B");
                assert_eq!(text.contains("日本"), !of_a, "{name} for {rater:?}");
            }
        }
    }

    #[test]
    fn nothing_is_overwritten_and_no_half_export_is_left() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for format in written_formats().filter(|format| !format.needs_pictures()) {
            let folder = folder.path().join(format.name);
            let session = session();
            let write = |session: &Session| format.write(&mut View::of_model(session), &folder);
            let written = write(&session).expect(format.name);
            let before: Vec<_> = written.files.iter().map(|f| std::fs::read(f).ok()).collect();
            // Only the last file exists already; still none of the others is written.
            for path in written.files.iter().rev().skip(1) {
                std::fs::remove_file(path).expect("removable");
            }
            let error = write(&session).expect_err("in the way");
            assert!(error.to_string().contains("already exists"), "{error}");
            assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1);
            let last = written.files.last().expect("a file");
            assert_eq!(Some(std::fs::read(last).ok()), before.last().cloned());
        }
    }

    #[test]
    fn formats_of_pictures_say_so_where_none_are_stored() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for format in written_formats().filter(|format| format.needs_pictures()) {
            let session = session();
            let error = format.write(&mut View::of_model(&session), folder.path());
            let text = error.expect_err("no pictures").to_string();
            assert!(text.contains("found a session without any"), "{text}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_file_that_could_not_be_finished_is_taken_away() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("x");
        let full = || io::Error::other("disk full");
        let error = write_new(&path, |out| out.write_all(b"half").and(Err(full())));
        assert!(error.is_err_and(|e| e.to_string().contains("disk full")));
        assert!(!path.exists());
    }

    #[test]
    fn an_unknown_format_names_the_known_ones() {
        let error = format_to_write("xls").expect_err("unknown").to_string();
        assert!(error.contains("xls") && error.contains("csv, json"), "{error}");
    }

    #[test]
    fn each_format_can_be_read_or_written_and_says_which() {
        let can = |name: &str| {
            let format = FORMATS.iter().find(|format| format.name == name).expect(name);
            (format.read.is_some(), format.files.is_some())
        };
        for name in ["csv", "json", "elan", "boris"] {
            assert_eq!(can(name), (true, true), "{name}");
        }
        for format in FORMATS {
            assert!(format.read.is_some() || format.files.is_some(), "{}", format.name);
        }
        assert_eq!(event_readers().count(), 3);
    }

    #[test]
    fn no_two_formats_share_a_name_or_a_file() {
        let mut names: Vec<_> = written_formats().map(|e| e.name).collect();
        let session = reviewed();
        let view = View::of_model(&session);
        let mut files: Vec<_> =
            written_formats().flat_map(|e| e.files_of(&view)).map(|f| f.name).collect();
        let count = files.len();
        files.sort_unstable();
        files.dedup();
        assert_eq!(files.len(), count);
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
