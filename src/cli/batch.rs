//! `fleeting analyze FOLDER`: measures every recording in a folder, several at the same time.
//!
//! Each recording has a folder of its own below `--out`, which appears when it is complete. A run that was
//! cut off can be continued: finished recordings are known by a hash of the recording, the settings, the
//! models and the formats. Several machines can share the work, and two runs may overlap: each waits for
//! recordings that the other is measuring. A run that is stopped ends with a list of what was done.

use std::fs::TryLockError;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::CliError;
use super::interrupt::{Interrupt, Interruptible};
use super::progress;
use crate::config::Config;
use crate::engine::offline::analyse_all;
use crate::engine::workers::batch::{Panicked, in_parallel};
use crate::evaluate::{detection_limit, known_limit};
use crate::exchange::{Format, PictureUse, View};
use crate::files;
use crate::model::provenance::Provenance;
use crate::model::{ModelChoice, Models};
use crate::pipeline::Pipeline;
use crate::session::Session;
use crate::session::pictures;
use crate::source::{SourceSpec, images, video};

mod find;
mod manifest;
mod result;

pub(super) use find::is_many;
use find::{FolderContent, FoundRecording, Kind, recordings};
use manifest::Line;
use result::{Identity, Outcome};

/// Folder for results that are not complete yet.
const UNFINISHED: &str = ".unfinished";

/// Many recordings to measure.
#[derive(Debug)]
pub struct BatchOptions {
    /// The folder that is searched.
    pub folder: PathBuf,
    /// Folder for the results; may hold those of earlier runs.
    pub out: PathBuf,
    /// The formats.
    pub formats: Vec<&'static Format>,
    /// Which models.
    pub models: ModelChoice,
    /// Settings.
    pub config: Config,
    /// Frames per second stated for image folders and videos.
    pub fps: Option<f64>,
    /// Stop each after this many seconds of its own time.
    pub limit_secs: Option<f64>,
    /// Number of recordings at the same time; `None` means one per core.
    pub jobs: Option<usize>,
    /// Which share of the recordings, counted from 1, and the number of shares.
    pub share: Option<(usize, usize)>,
}

/// `2/8`, for clap.
pub(super) fn parse_share(text: &str) -> Result<(usize, usize), String> {
    let parts = text
        .split_once('/')
        .and_then(|(part, of)| Some((part.parse::<usize>().ok()?, of.parse::<usize>().ok()?)));
    parts
        .filter(|(part, of)| (1..=*of).contains(part))
        .ok_or_else(|| "expected a share such as 2/8, from 1/8 to 8/8".into())
}

/// Time between two checks for the result of another run.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Why a recording has no result yet.
const STOPPED: &str = "the run was stopped before it was done";

/// The result of one recording, and true if an earlier or another run had made it.
struct Done {
    line: Line,
    is_old: bool,
}

/// Why a recording has no result.
enum Undone {
    /// It failed; the text says why.
    Failed(String),
    /// Another run is measuring it.
    Busy,
    /// The run was stopped.
    Stopped,
}

impl From<String> for Undone {
    fn from(text: String) -> Self {
        Self::Failed(text)
    }
}

/// What all recordings share.
struct Bench<'a> {
    job: &'a BatchOptions,
    models: Models,
    /// Everything on which the numbers depend, except the recording.
    rest: String,
    interrupt: Interrupt,
}

pub(super) fn run(job: &BatchOptions, out: &mut dyn Write) -> Result<(), CliError> {
    let io = |path: &Path, error| CliError::File { path: path.into(), error };
    let found = recordings(&job.folder, &job.out).map_err(|(path, error)| io(&path, error))?;
    let FolderContent { recordings, left } = found;
    let (part, of) = job.share.unwrap_or((1, 1));
    let all: Vec<FoundRecording> = recordings.into_iter().skip(part - 1).step_by(of).collect();
    if all.is_empty() && job.share.is_none() {
        let folder = job.folder.display();
        let mut text = format!("{folder}: expected videos or folders of pictures, found none");
        for find::Left { name, why } in &left {
            text.push_str(&format!("\n{name}: {why}"));
        }
        return Err(CliError::Failed(text));
    }
    let bench = Bench::new(job)?;
    files::create_folder(&job.out.join(UNFINISHED)).map_err(|error| io(&job.out, error))?;
    let lists = manifest::paths(&job.out, job.share);
    manifest::check_free(&lists).map_err(CliError::Failed)?;
    let done = bench.work_through(&all, out)?;
    // The folder is removed when no run works in it any more.
    match std::fs::remove_dir(job.out.join(UNFINISHED)) {
        Ok(()) | Err(_) => {}
    }
    let mut lines: Vec<Line> = done.iter().map(|done| done.line.clone()).collect();
    for left in &left {
        writeln!(out, "left {}: {}", left.name, left.why).map_err(CliError::Output)?;
        lines.push(Line::left(left));
    }
    manifest::write(&lists, &lines).map_err(|error| io(&lists[0], error))?;
    let summarised = summarise(&done, left.len(), &lists[0], out);
    bench.interrupt.check().and(summarised)
}

fn summarise(done: &[Done], left: usize, list: &Path, out: &mut dyn Write) -> Result<(), CliError> {
    let failed = done.iter().filter(|done| done.line.status == "failed").count();
    let old = done.iter().filter(|done| done.is_old).count();
    let outcomes = || done.iter().filter_map(|done| done.line.outcome.as_ref());
    let open = done.iter().filter(|done| done.line.status == "open").count();
    let hours = outcomes().map(|outcome| outcome.seconds).sum::<f64>() / 3600.0;
    writeln!(
        out,
        "{} recordings, {hours:.2} hours: {} analysed now, {old} before, {failed} failed{}{}; {} micro \
         and {} macro events; {}",
        done.len(),
        done.len() - old - done.iter().filter(|done| done.line.outcome.is_none()).count(),
        if open > 0 { format!(", {open} not done") } else { String::new() },
        if left > 0 { format!("; {left} left out") } else { String::new() },
        outcomes().map(|outcome| outcome.micro).sum::<usize>(),
        outcomes().map(|outcome| outcome.macro_).sum::<usize>(),
        list.display(),
    )
    .map_err(CliError::Output)?;
    if failed > 0 {
        let all = done.len();
        let text = format!("{failed} of {all} recordings failed; {} says why", list.display());
        return Err(CliError::Failed(text));
    }
    Ok(())
}

impl<'a> Bench<'a> {
    fn new(job: &'a BatchOptions) -> Result<Self, CliError> {
        let models = Models::load(&job.models)?;
        let program = Provenance::this_program();
        let settings = toml::to_string(&job.config)
            .map_err(|error| CliError::Failed(format!("the settings: {error}")))?;
        let files = models.manifest.model.iter();
        let files: String = files.map(|file| format!("{} {}\n", file.task, file.sha256)).collect();
        let formats: Vec<_> = job.formats.iter().map(|format| format.name).collect();
        let (fps, limit) = (job.fps, job.limit_secs);
        let backend = crate::model::Runtime::get().backend;
        let rest = format!("{program}\n{settings}\n{files}{formats:?} {fps:?} {limit:?} {backend}");
        Ok(Self { job, models, rest, interrupt: Interrupt::watch() })
    }

    /// Measures all recordings and reports each. The results are in the order of `all`, whichever was
    /// finished first.
    fn work_through(
        &self,
        all: &[FoundRecording],
        out: &mut dyn Write,
    ) -> Result<Vec<Done>, CliError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut done: Vec<Option<Done>> = all.iter().map(|_| None).collect();
        let mut told = Ok(());
        let bar = progress::bar(Some(all.len() as u64));
        let jobs = self.job.jobs.unwrap_or(cores);
        let mut rest: Vec<usize> = (0..all.len()).collect();
        // Recordings that another run is measuring come last, and are waited for then.
        for waits in [false, true] {
            let items = std::mem::take(&mut rest);
            let work = |pipeline: &mut Option<Pipeline>, index: &usize| {
                self.one(&all[*index], pipeline, waits)
            };
            let started = in_parallel(
                &items,
                jobs,
                || None,
                work,
                |place, result| {
                    let (index, name) = (items[place], &all[items[place]].name);
                    let result = result.unwrap_or_else(|Panicked(text)| {
                        let text = format!("a bug in Fleeting: {text}");
                        Some(Done { line: Line::new(name, Err(text)), is_old: false })
                    });
                    let Some(result) = result else { return rest.push(index) };
                    bar.inc(1);
                    if told.is_ok() {
                        told = bar.suspend(|| tell(&result, out));
                    }
                    done[index] = Some(result);
                },
            );
            started.map_err(|error| {
                CliError::Failed(format!("no thread could be started: {error}"))
            })?;
        }
        bar.finish_and_clear();
        told.map_err(CliError::Output)?;
        Ok(done.into_iter().flatten().collect())
    }

    /// `None` if another run is measuring it and this call does not wait.
    fn one(
        &self,
        recording: &FoundRecording,
        pipeline: &mut Option<Pipeline>,
        waits: bool,
    ) -> Option<Done> {
        let name = &recording.name;
        let done = |result, is_old| Some(Done { line: Line::new(name, result), is_old });
        loop {
            match self.try_one(recording, pipeline) {
                Ok((outcome, is_old)) => return done(Ok(outcome), is_old),
                Err(Undone::Failed(error)) => return done(Err(error), false),
                Err(Undone::Busy) if !waits => return None,
                Err(Undone::Busy) => std::thread::sleep(LOOK_EVERY),
                Err(Undone::Stopped) => {
                    let line = Line::open(name, STOPPED);
                    return Some(Done { line, is_old: false });
                }
            }
        }
    }

    fn try_one(
        &self,
        recording: &FoundRecording,
        pipeline: &mut Option<Pipeline>,
    ) -> Result<(Outcome, bool), Undone> {
        if self.interrupt.is_set() {
            return Err(Undone::Stopped);
        }
        // By the place of the results, which two copies of one recording do not share.
        let place = Sha256::digest(recording.results().as_os_str().as_encoded_bytes());
        let place: String = place.iter().map(|byte| format!("{byte:02x}")).collect();
        let unfinished = self.job.out.join(UNFINISHED).join(place);
        let lock_path = unfinished.with_extension("lock");
        // Another run, the last that worked there, may have removed the folder.
        let folder = self.job.out.join(UNFINISHED);
        files::create_folder(&folder).map_err(at(&folder))?;
        let mut options = files::options();
        let lock = options.write(true).create(true).truncate(false).open(&lock_path);
        let lock = match lock {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Undone::Busy),
            lock => lock.map_err(at(&lock_path))?,
        };
        match lock.try_lock() {
            Ok(()) if is_still(&lock, &lock_path) => {}
            Ok(()) | Err(TryLockError::WouldBlock) => return Err(Undone::Busy),
            Err(TryLockError::Error(error)) => return Err(at(&lock_path)(error).into()),
        }
        let ended = self.one_locked(recording, &unfinished, pipeline);
        std::fs::remove_file(&lock_path).map_err(at(&lock_path))?;
        match ended {
            // A recording that was read only in part may give any error.
            Err(_) if self.interrupt.is_set() => Err(Undone::Stopped),
            Err(error) => Err(Undone::Failed(error)),
            Ok(done) => Ok(done),
        }
    }

    /// The same, while no other run is measuring it.
    fn one_locked(
        &self,
        recording: &FoundRecording,
        unfinished: &Path,
        pipeline: &mut Option<Pipeline>,
    ) -> Result<(Outcome, bool), String> {
        let identity = Identity::of(recording, &self.rest).map_err(at(&recording.path))?;
        let target = self.job.out.join(recording.results());
        if target.exists() {
            return known(&target, &identity).map(|outcome| (outcome, true));
        }
        // Left there by a run that was cut off.
        let clear = || match unfinished.exists() {
            true => std::fs::remove_dir_all(unfinished).map_err(at(unfinished)),
            false => Ok(()),
        };
        clear()?;
        let outcome = self.analyse(recording, &identity, unfinished, pipeline);
        let (Ok(outcome), false) = (&outcome, self.interrupt.is_set()) else {
            clear()?;
            return outcome.map(|outcome| (outcome, false)).and(Err(STOPPED.into()));
        };
        target.parent().map_or(Ok(()), files::create_folder).map_err(at(&target))?;
        std::fs::rename(unfinished, &target).map_err(at(&target))?;
        Ok((outcome.clone(), false))
    }

    /// Measures one recording and writes everything into `folder`. What was measured before the recording
    /// failed is kept; if nothing was measured, nothing is kept.
    fn analyse(
        &self,
        recording: &FoundRecording,
        identity: &Identity,
        folder: &Path,
        pipeline: &mut Option<Pipeline>,
    ) -> Result<Outcome, String> {
        let mut spec = SourceSpec {
            kind: match recording.kind {
                Kind::Video => video::KIND.name,
                Kind::Images => images::KIND.name,
            },
            target: recording.path.clone().into(),
            options: crate::source::SourceOptions::default(),
        };
        match recording.kind {
            Kind::Video => spec.options.told_fps = self.job.fps,
            Kind::Images => spec.options.fps = self.job.fps,
        }
        spec.options.limit_secs = self.job.limit_secs;
        let inner = spec.open().map_err(|error| error.to_string())?;
        let mut source = Interruptible { inner, interrupt: self.interrupt.clone() };
        let pipeline = self.ready(pipeline)?;
        let mut session = Session::keeping_all();
        let analysed = analyse_all(&mut source, pipeline, &mut session, |_| ());
        let error = analysed.err().map(|error| error.to_string());
        if let Some(error) = error.as_ref().filter(|_| session.history.is_empty()) {
            return Err(error.clone());
        }
        if self.interrupt.is_set() {
            return Err(STOPPED.into());
        }
        let mut files = Vec::new();
        let shown = self.job.formats.iter().any(|format| format.pictures != PictureUse::None);
        let pictures = shown.then(|| pictures::of_source(&spec)).transpose();
        let mut pictures = pictures.map_err(|error| error.to_string())?;
        let mut view = View::of_model(&session);
        view.pictures = pictures.as_deref_mut();
        if super::tell_limit(&self.job.formats) {
            view.detection_limit = known_limit(detection_limit(&session, &self.models));
        }
        for format in &self.job.formats {
            let written = format.write(&mut view, folder);
            files.extend(written.map_err(|error| error.to_string())?.files);
        }
        let outcome = Outcome::of(identity, &session, error, &files)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        outcome.write(folder)?;
        Ok(outcome)
    }

    /// The thread's pipeline at the start of another recording.
    fn ready<'p>(&self, pipeline: &'p mut Option<Pipeline>) -> Result<&'p mut Pipeline, String> {
        match pipeline {
            Some(pipeline) => pipeline.reset(),
            None => {
                let new = Pipeline::new(&self.models, &self.job.config);
                *pipeline = Some(new.map_err(|error| error.to_string())?);
            }
        }
        pipeline.as_mut().ok_or_else(|| "no pipeline".into())
    }
}

/// An error of the file system, with the path.
fn at(path: &Path) -> impl FnOnce(io::Error) -> String {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}

/// True if the locked file still has its name. If not, the one that held it before has removed it.
#[cfg(unix)]
fn is_still(lock: &std::fs::File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = lock.metadata().and_then(|held| Ok(held.ino() == path.metadata()?.ino()));
    same.unwrap_or(false)
}

/// On other systems, an open file keeps its name.
#[cfg(not(unix))]
fn is_still(_: &std::fs::File, path: &Path) -> bool {
    path.exists()
}

/// The result of an earlier run for the same recording and the same settings.
fn known(target: &Path, identity: &Identity) -> Result<Outcome, String> {
    let target_text = target.display();
    match Outcome::read(target) {
        Some(outcome) if outcome.key == identity.key => Ok(outcome),
        Some(outcome) if outcome.source_sha256 == identity.source_sha256 => Err(format!(
            "{target_text}: holds results of other settings, models or formats; nothing is \
             overwritten, choose another --out"
        )),
        Some(_) => Err(format!(
            "{target_text}: holds results of a recording that has changed since; nothing is \
             overwritten, choose another --out"
        )),
        None => Err(format!("{target_text}: exists and is no result; nothing is overwritten")),
    }
}

fn tell(done: &Done, out: &mut dyn Write) -> io::Result<()> {
    let Line { source, error, outcome, .. } = &done.line;
    match (error, outcome) {
        (Some(error), _) if done.line.status == "open" => {
            writeln!(out, "not done {source}: {error}")
        }
        (Some(error), _) => writeln!(out, "failed {source}: {error}"),
        (None, Some(_)) if done.is_old => writeln!(out, "done before: {source}"),
        (None, Some(o)) => {
            writeln!(
                out,
                "done {source}: {} frames, {} micro, {} macro",
                o.frames, o.micro, o.macro_
            )
        }
        (None, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_one_of_so_many() {
        assert_eq!(parse_share("2/8"), Ok((2, 8)));
        for wrong in ["0/8", "9/8", "2", "a/b", "-1/2", "1/0"] {
            assert!(parse_share(wrong).is_err(), "{wrong}");
        }
    }
}
