//! `fleeting analyze`: reads a source and writes its events and samples, with the numbers of live analysis.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::civil::Date;

use super::CliError;
use super::features;
use super::interrupt::Interrupt;
use crate::config::{Config, FaceConfig};
use crate::engine::live::record::RecordOrder;
use crate::engine::streams::{LinesTo, StreamOrder};
use crate::exchange::csv::{self, TRUTH_FILE, write_events};
use crate::exchange::{Format, PictureUse, View, write_new};
use crate::measure::event::EventKind;
use crate::media::pictures::Pictures;
use crate::model::provenance::Provenance;
use crate::model::{ModelChoice, Models};
use crate::session::Session;
use crate::session::consent::Consent;
use crate::session::counts::LossReason;
use crate::session::pictures;
use crate::session::store::{self, DATABASE, known, session_list};
use crate::source::demo::{self, Demo};
use crate::source::{SourceSpec, camera, video};

mod measure;

/// Kinds of source that have no end of their own.
const ENDLESS: [&str; 2] = [camera::KIND.name, demo::KIND.name];

/// Measure a recording, a camera or the demo person, and write what was found
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    fleeting analyze clip.mp4 --out results\n  \
    fleeting analyze images:frames/ --fps 200 --out results\n  \
    fleeting analyze demo:7 --seconds 60 --out results\n  \
    fleeting analyze recordings/ --out results --jobs 4\n  \
    fleeting analyze camera --session P01.fleeting --who P01 --purpose \"pilot study\"\n  \
    fleeting analyze clip.mp4 --labels clip.csv --features learn/clip\n  \
    fleeting analyze camera --stream | jq .micro\n\n\
    The folder of --out must be new or empty; nothing is ever overwritten. It gets events.csv (one line per event), \
    samples.csv (one line per frame; an empty score is a frame that could not be scored) \
    and detection_limit.csv (how small a movement could have been found); \
    for the demo person also truth.csv. That of --session must not hold a session; it gets what a \
    recording in the window gets, to be reviewed and exported. That of --features must be new or empty; \
    it gets the labelled motion that models/training learns from. Ctrl-C, SIGTERM and SIGHUP end in order. \
    Only you can read what is written.\n\n\
    Of a folder, every video and every folder of pictures in it is measured; each gets a folder of \
    its own, a list names them all, and the same command goes on where it was cut off.")]
pub(super) struct Raw {
    /// camera, camera:NAME, video:FILE, images:DIR, demo, demo:SEED, or a path
    source: OsString,
    /// Folder for the results
    #[arg(long, value_name = "DIR", required_unless_present_any = ["session", "features", "lsl", "stream"])]
    out: Option<PathBuf>,
    /// Folder for a session: pictures, scores, events
    #[arg(long, value_name = "DIR")]
    session: Option<PathBuf>,
    /// Store no picture in the session
    #[arg(long, requires = "session")]
    scores_only: bool,
    /// Who is in the session: a name or a code. Needed for a camera
    #[arg(long, requires = "session")]
    who: Option<String>,
    /// What the session is for. Needed for a camera
    #[arg(long, requires = "session")]
    purpose: Option<String>,
    /// Last day on which the session may be kept
    #[arg(long, value_name = "YYYY-MM-DD", requires = "session", value_parser = parse_last_day)]
    keep_until: Option<Date>,
    /// Folder for labelled motion, to train the networks with
    #[arg(long, value_name = "DIR", requires = "labels")]
    features: Option<PathBuf>,
    /// Which expressions the source shows: a table (.csv) or an ELAN file (.eaf), as for import
    #[arg(long, value_name = "FILE", requires = "features")]
    labels: Option<PathBuf>,
    #[arg(long, value_name = "LIST", value_delimiter = ',', requires = "out",
        value_parser = super::format_names(), help = "What to write [default: csv]")]
    format: Option<Vec<String>>,
    /// Stop after this many seconds of the source's own time
    #[arg(long, value_name = "N", value_parser = super::parse_secs)]
    seconds: Option<f64>,
    /// Set the threshold that is expected to give this many false alarms per minute, 0.05-20
    #[arg(long, value_name = "X", value_parser = super::parse_false_alarms)]
    false_alarms_per_minute: Option<f32>,
    /// Stream samples, events and marks to the network over Lab Streaming Layer
    #[arg(long)]
    lsl: bool,
    /// Take the markers of the LSL stream with this name into the session
    #[arg(long, value_name = "NAME")]
    markers_from: Option<String>,
    /// Write samples, events and marks as lines of JSON to standard output, or to every program that connects to the socket PATH
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true)]
    stream: Option<Option<PathBuf>>,
    /// Which face to analyse where there are several: left, right, or its place in the first picture as shares of width and height [default: the largest]
    #[arg(long, value_name = "left|right|X,Y", value_parser = parse_face)]
    face: Option<[f32; 2]>,
    /// Frames per second of an image folder, of a video that carries a wrong rate, or asked of a camera
    #[arg(long, value_parser = super::parse_fps)]
    fps: Option<f64>,
    /// Width and height asked of a camera or of the demo person, such as 320x240
    #[arg(long, value_name = "WxH", value_parser = super::parse_size)]
    size: Option<(usize, usize)>,
    /// How many recordings of a folder are measured at the same time; by default one per core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Measure only this share of a folder's recordings: 2/8 is the second of eight
    #[arg(long, value_name = "I/N", value_parser = super::batch::parse_share)]
    share: Option<(usize, usize)>,
    /// Read models from this folder's manifest.toml instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Read settings from this TOML file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// One source to measure.
#[derive(Debug)]
pub struct AnalyseOptions {
    /// The source.
    pub source: SourceSpec,
    /// Folder for the results, new or empty.
    pub out: Option<PathBuf>,
    /// The session to store.
    pub session: Option<RecordOrder>,
    /// The labelled motion to write.
    pub features: Option<features::Order>,
    /// The formats.
    pub formats: Vec<&'static Format>,
    /// Which models.
    pub models: ModelChoice,
    /// Settings, with the threshold that was asked for.
    pub config: Config,
    /// What other programs get meanwhile.
    pub streams: StreamOrder,
}

impl AnalyseOptions {
    /// True if lines of JSON go to standard output.
    pub(super) fn prints_lines(&self) -> bool {
        self.streams.lines == Some(LinesTo::Output)
    }

    /// The session as it was stored, with the times of its film; `None` if none was stored.
    fn stored(&self) -> Option<Session> {
        let order = self.session.as_ref()?;
        match store::open(&order.folder) {
            Ok(opened) => Some(opened.session),
            Err(error) => {
                tracing::warn!("{error}");
                None
            }
        }
    }

    /// The pictures for the formats: those that were stored, else those of the source, read again.
    fn pictures(&self) -> Result<Option<Box<dyn Pictures>>, CliError> {
        if self.formats.iter().all(|format| format.pictures == PictureUse::None) {
            return Ok(None);
        }
        let opened = match &self.session {
            Some(order) if order.folder.join(DATABASE).exists() => {
                let recording = Some(&self.source).filter(|s| pictures::can_be_seen_again(s));
                pictures::of_session(&order.folder, recording)
            }
            _ if pictures::can_be_seen_again(&self.source) => {
                pictures::of_source(&self.source).map(Some)
            }
            _ => Ok(None),
        };
        opened.map_err(|error| CliError::Failed(error.to_string()))
    }
}

/// The error for a folder that is a stored session: it says what can be done with it.
fn is_a_session(folder: &Path) -> CliError {
    let name = folder.display();
    CliError::Misuse(format!(
        "{name} is a stored session, analysed already. To look at it: fleeting --session {name}; to \
         write its results: fleeting export {name} --out DIR; to measure its pictures anew: fleeting \
         analyze {name}/pictures-1.mkv --out DIR"
    ))
}

impl Raw {
    /// The fields for models and settings, which may have been given before the command.
    pub(super) fn models_and_settings(&mut self) -> [Option<&mut Option<PathBuf>>; 2] {
        [Some(&mut self.models), Some(&mut self.config)]
    }

    /// The formats that were asked for, else the default.
    fn formats(&self) -> Result<Vec<&'static Format>, CliError> {
        let usual = || vec![csv::FORMAT.name.to_owned()];
        super::exporters(&self.format.clone().unwrap_or_else(usual))
    }

    pub(super) fn check(self) -> Result<super::Job, CliError> {
        let folder = PathBuf::from(&self.source);
        if folder.join(DATABASE).exists() {
            return Err(is_a_session(&folder));
        }
        let is_shared = self.jobs.is_some() || self.share.is_some();
        if folder.is_dir() && (is_shared || super::batch::is_many(&folder)) {
            return Ok(super::Job::Batch(self.check_batch(folder)?));
        }
        if is_shared {
            let name = self.source.display();
            let text = format!("{name}: --jobs and --share are for a folder of recordings");
            return Err(CliError::Misuse(text));
        }
        Ok(super::Job::Analyse(self.check_one()?))
    }

    /// Formats that show only pictures need a source that can be read again, or a session.
    fn check_pictures(&self, source: &SourceSpec, formats: &[&Format]) -> Result<(), CliError> {
        let can_be_seen =
            self.session.is_some() && !self.scores_only || pictures::can_be_seen_again(source);
        match formats.iter().find(|format| format.needs_pictures()) {
            Some(format) if !can_be_seen && self.out.is_some() => Err(CliError::Misuse(format!(
                "{}: {source} cannot be looked at again: store its pictures with --session",
                format.name
            ))),
            _ => Ok(()),
        }
    }

    fn check_batch(self, folder: PathBuf) -> Result<super::batch::BatchOptions, CliError> {
        let config = self.settings()?;
        let (Some(out), None, None) = (self.out, self.session, self.features) else {
            let text = "a folder of recordings is analysed into --out; --session and --features are \
                        for one of them";
            return Err(CliError::Misuse(text.into()));
        };
        if self.lsl || self.stream.is_some() || self.markers_from.is_some() {
            let text = "a folder of recordings is not streamed: name one of them";
            return Err(CliError::Misuse(format!("{}: {text}", folder.display())));
        }
        if self.size.is_some() {
            return Err(size_of_recording(&folder.display()));
        }
        let formats = match self.format {
            Some(names) => super::exporters(&names)?,
            None => vec![&csv::FORMAT],
        };
        Ok(super::batch::BatchOptions {
            folder,
            out,
            formats,
            models: super::model_choice(self.models),
            config,
            fps: self.fps,
            limit_secs: self.seconds,
            jobs: self.jobs.map(usize::from),
            share: self.share,
        })
    }

    /// The settings of the file, with what was asked for beside it.
    fn settings(&self) -> Result<Config, CliError> {
        let mut config = super::load_config(self.config.as_ref())?;
        if let Some(rate) = self.false_alarms_per_minute {
            config.spotting.false_alarms_per_minute = rate;
        }
        config.face.start_at = self.face.or(config.face.start_at);
        Ok(config)
    }

    /// What other programs get meanwhile.
    fn streams(&self, config: &Config) -> StreamOrder {
        let lines = self.stream.clone().map(|path| path.map_or(LinesTo::Output, LinesTo::Socket));
        let markers_from = self.markers_from.clone().or(config.streams.markers_from.clone());
        StreamOrder { lsl: self.lsl || config.streams.lsl, lines, markers_from }
    }

    fn check_one(self) -> Result<AnalyseOptions, CliError> {
        let mut source = SourceSpec::named(&self.source)?;
        if source.kind == video::KIND.name {
            source.options.told_fps = self.fps;
        } else {
            source.options.fps = self.fps;
        }
        if self.size.is_some() && pictures::can_be_seen_again(&source) {
            return Err(size_of_recording(&source));
        }
        source.options.size_px = self.size;
        source.options.limit_secs = self.seconds;
        let config = self.settings()?;
        // What is recorded or streamed is safe at any moment, so Ctrl-C is an end as good as any.
        let streams = self.streams(&config);
        let is_sent = streams.lsl || streams.lines.is_some();
        let is_kept = self.session.is_some() || is_sent;
        let needs_end = self.seconds.is_none() && (!is_kept || self.out.is_some());
        if needs_end && ENDLESS.contains(&source.kind) {
            return Err(CliError::Misuse(format!("{source} has no end: give --seconds")));
        }
        let formats = self.formats()?;
        self.check_pictures(&source, &formats)?;
        let consent = self.consent(&source)?;
        let with_pictures = !self.scores_only;
        let order = |folder| RecordOrder { folder, consent, with_pictures, sound: None };
        let (session, models) = (self.session.map(order), super::model_choice(self.models));
        let features = self.features.zip(self.labels);
        let features = features.map(|(folder, labels)| features::Order { labels, folder });
        let out = self.out;
        Ok(AnalyseOptions { source, out, session, features, formats, models, config, streams })
    }

    /// The consent. The person in front of a camera must have been asked; the person in a video was asked
    /// elsewhere.
    fn consent(&self, source: &SourceSpec) -> Result<Option<Consent>, CliError> {
        if self.session.is_none() {
            return Ok(None);
        }
        let is_asked = source.kind == camera::KIND.name;
        if !is_asked && self.who.is_none() && self.purpose.is_none() && self.keep_until.is_none() {
            return Ok(None);
        }
        let consent = Consent {
            who: self.who.clone().unwrap_or_default(),
            purpose: self.purpose.clone().unwrap_or_default(),
            keep_until: self.keep_until,
            with_sound: false,
        };
        match consent.missing() {
            Some(missing) => Err(CliError::Misuse(format!("{missing} (--who, --purpose)"))),
            None => Ok(Some(consent)),
        }
    }
}

/// The error for `--size` with a recording, which keeps its size.
fn size_of_recording(name: &dyn std::fmt::Display) -> CliError {
    let text = "expected a camera or the demo person, found a recording, which keeps its size";
    CliError::Misuse(format!("--size: {text}: {name}"))
}

/// `left`, `right`, or `0.25,0.4`.
fn parse_face(text: &str) -> Result<[f32; 2], String> {
    let share = |text: &str| {
        let share: f32 = text.trim().parse().ok()?;
        (0.0..=1.0).contains(&share).then_some(share)
    };
    let place = || {
        let (across, down) = text.split_once(',')?;
        Some([share(across)?, share(down)?])
    };
    match text {
        "left" => Ok(FaceConfig::LEFT),
        "right" => Ok(FaceConfig::RIGHT),
        _ => place().ok_or_else(|| {
            "expected left, right, or two shares of the picture from 0 to 1 such as 0.25,0.4".into()
        }),
    }
}

fn parse_last_day(text: &str) -> Result<Date, String> {
    let date: Date = text.parse().map_err(|_| "expected a date such as 2027-12-31".to_owned())?;
    let today = session_list::today();
    if date < today { Err(format!("expected {today} or later")) } else { Ok(date) }
}

pub(super) fn run(job: &AnalyseOptions, out: &mut dyn Write) -> Result<(), CliError> {
    job.out.as_ref().map_or(Ok(()), |folder| super::must_be_new_or_empty(folder))?;
    job.features.as_ref().map_or(Ok(()), features::Order::check)?;
    let interrupt = Interrupt::watch();
    note_recording(job);
    // What is only streamed may go on for days.
    let is_written = job.out.is_some() || job.session.is_some() || job.features.is_some();
    let session = if is_written { Session::keeping_all() } else { Session::default() };
    let mut session = session.without_pictures();
    let begun = Instant::now();
    let is_streamed = job.streams != StreamOrder::default();
    let broken = if job.source.is_live() || job.session.is_some() || is_streamed {
        measure::watch(job, &mut session, &interrupt)
    } else {
        measure::read_through(job, &mut session, &interrupt)
    };
    let broken = broken.and(interrupt.check());
    // What was measured before a source failed is written. If nothing was measured, there is nothing to
    // write, and the job fails.
    if session.history.is_empty() {
        return broken.and(Err(CliError::Failed(nothing_measured(job, &session))));
    }
    let took = begun.elapsed();
    let limit = super::limit_of_session(&session, &job.models);
    for logged in &session.notices {
        tracing::warn!("{}: {}", logged.time, logged.notice.text);
    }
    if let Some(folder) = &job.out {
        let mut pictures = job.pictures()?;
        session.provenance = Provenance {
            source: job.source.to_string(),
            ..Provenance::of(&Models::load(&job.models)?, &job.config)
        };
        let stored = job.stored();
        let mut view =
            View::of_model(stored.as_ref().filter(|_| broken.is_ok()).unwrap_or(&session));
        view.pictures = pictures.as_deref_mut();
        view.models = job.models.clone();
        view.detection_limit = limit.as_ref().ok().cloned();
        super::write_view(&mut view, &job.formats, folder, out)?;
        if job.source.kind == demo::KIND.name {
            write_truth(job, folder, &session, out)?;
        }
    }
    if let (Some(order), true) = (&job.features, broken.is_ok()) {
        features::write(order, &mut session, out)?;
    }
    if let Some(order) = &job.session
        && session_list::look(&order.folder).is_ok()
    {
        writeln!(out, "wrote {}", order.folder.display()).map_err(CliError::Output)?;
    }
    match limit {
        Ok(limit) => writeln!(out, "detection limit: {limit}"),
        Err(why) => writeln!(out, "detection limit: not known: {why}"),
    }
    .map_err(CliError::Output)?;
    summarise(&session, took, out)?;
    broken
}

/// Why there is no result, and what helps.
fn nothing_measured(job: &AnalyseOptions, session: &Session) -> String {
    let (source, counts) = (&job.source, session.counts());
    let early = counts.of_reason(LossReason::BeforeReady);
    let said: String =
        session.notices.iter().map(|logged| format!("; {}", logged.notice.text)).collect();
    if early > 0 && early == counts.numbered {
        let help = "give more --seconds";
        return format!(
            "{source}: nothing was measured: all {early} frames came before the models were ready: \
             {help}{said}"
        );
    }
    format!("{source}: nothing was measured: {counts}{said}")
}

/// Notes the place of the recording, so that a review of the session finds it.
fn note_recording(job: &AnalyseOptions) {
    let Some(order) = &job.session else { return };
    if !pictures::can_be_seen_again(&job.source) {
        return;
    }
    if let Err(error) = known::note(&order.folder, &job.source) {
        tracing::warn!("a review will ask where the recording is: {error}");
    }
}

/// Writes the true events of the demo person beside those that were found.
fn write_truth(
    job: &AnalyseOptions,
    folder: &Path,
    session: &Session,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let frames = session.history.samples().last().map_or(0, |sample| sample.seq + 1);
    let events = Demo::open(&job.source)?.truth(frames);
    let path = folder.join(TRUTH_FILE);
    write_new(&path, |file| write_events(&events, file))?;
    writeln!(out, "wrote {}", path.display()).map_err(CliError::Output)
}

fn summarise(session: &Session, took: Duration, out: &mut dyn Write) -> Result<(), CliError> {
    let counts = session.counts();
    let of_kind = |kind| session.events.iter().filter(|event| event.kind == kind).count();
    let share = 100.0 * counts.unscored() as f64 / counts.analysed.max(1) as f64;
    let rate = counts.true_fps().map_or_else(String::new, |fps| format!(", {fps:.1} a second"));
    writeln!(
        out,
        "{counts} in {:.1} s{rate}; {:.1} s scored, {share:.0} % of the analysed frames could not be \
         scored; {} micro and {} macro events; analysed at {:.0} frames per second",
        counts.recorded_secs,
        counts.scored_secs,
        of_kind(EventKind::Micro),
        of_kind(EventKind::Macro),
        counts.analysed as f64 / took.as_secs_f64().max(1e-9),
    )
    .map_err(CliError::Output)
}
