//! `fleeting analyze FOLDER`: every recording in a folder, as many at once as there are cores to give.
//!
//! Each recording has a folder of its own below `--out`, which appears when it is whole. A run that
//! was cut off goes on where it stopped: what is finished is known by a hash of the recording, the
//! settings, the models and the formats. Several machines can share the work.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::CliError;
use super::progress;
use crate::config::Config;
use crate::engine::offline::analyse_all;
use crate::engine::workers::batch::{Panicked, in_parallel};
use crate::exchange::{Format, PictureUse, View};
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
use find::{FoundRecording, Kind, recordings};
use manifest::Line;
use result::{Identity, Outcome};

/// Where results lie until they are whole.
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
    /// Of image folders.
    pub fps: Option<f64>,
    /// Stop each after so many seconds of its own time.
    pub limit_secs: Option<f64>,
    /// Recordings at once; none for as many as there are cores.
    pub jobs: Option<usize>,
    /// Which share of the recordings, counted from 1, of how many.
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

/// What became of one recording, and whether an earlier run had done it.
struct Done {
    line: Line,
    is_old: bool,
}

/// Everything that all recordings share.
struct Bench<'a> {
    job: &'a BatchOptions,
    models: Models,
    /// All that the numbers depend on beside the recording.
    rest: String,
}

pub(super) fn run(job: &BatchOptions, out: &mut dyn Write) -> Result<(), CliError> {
    let io = |path: &Path, error| CliError::File { path: path.into(), error };
    let found = recordings(&job.folder, &job.out).map_err(|(path, error)| io(&path, error))?;
    let (part, of) = job.share.unwrap_or((1, 1));
    let all: Vec<FoundRecording> = found.into_iter().skip(part - 1).step_by(of).collect();
    if all.is_empty() && job.share.is_none() {
        let folder = job.folder.display();
        let text = format!("{folder}: expected videos or folders of pictures, found none");
        return Err(CliError::Failed(text));
    }
    let bench = Bench::new(job)?;
    std::fs::create_dir_all(job.out.join(UNFINISHED)).map_err(|error| io(&job.out, error))?;
    let lists = manifest::paths(&job.out, job.share);
    manifest::check_free(&lists).map_err(CliError::Failed)?;
    let done = bench.work_through(&all, out)?;
    // The folder goes when nobody works in it any more.
    match std::fs::remove_dir(job.out.join(UNFINISHED)) {
        Ok(()) | Err(_) => {}
    }
    let lines: Vec<Line> = done.iter().map(|done| done.line.clone()).collect();
    manifest::write(&lists, &lines).map_err(|error| io(&lists[0], error))?;
    summarise(&done, &lists[0], out)
}

fn summarise(done: &[Done], list: &Path, out: &mut dyn Write) -> Result<(), CliError> {
    let failed = done.iter().filter(|done| done.line.status == "failed").count();
    let old = done.iter().filter(|done| done.is_old).count();
    let outcomes = || done.iter().filter_map(|done| done.line.outcome.as_ref());
    let hours = outcomes().map(|outcome| outcome.seconds).sum::<f64>() / 3600.0;
    writeln!(
        out,
        "{} recordings, {hours:.2} hours: {} analysed now, {old} before, {failed} failed; {} micro \
         and {} macro events; {}",
        done.len(),
        done.len() - old - done.iter().filter(|done| done.line.outcome.is_none()).count(),
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
        Ok(Self { job, models, rest })
    }

    /// Does them all, and says so one by one; in the order of `all` whoever was first.
    fn work_through(
        &self,
        all: &[FoundRecording],
        out: &mut dyn Write,
    ) -> Result<Vec<Done>, CliError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut done: Vec<Option<Done>> = all.iter().map(|_| None).collect();
        let mut told = Ok(());
        let bar = progress::bar(Some(all.len() as u64));
        let work = |pipeline: &mut Option<Pipeline>, recording: &FoundRecording| {
            self.one(recording, pipeline)
        };
        let jobs = self.job.jobs.unwrap_or(cores);
        let started = in_parallel(
            all,
            jobs,
            || None,
            work,
            |index, result| {
                let name = &all[index].name;
                let result = result.unwrap_or_else(|Panicked(text)| {
                    let text = format!("a bug in Fleeting: {text}");
                    Done { line: Line::new(name, Err(text)), is_old: false }
                });
                bar.inc(1);
                if told.is_ok() {
                    told = bar.suspend(|| tell(&result, out));
                }
                done[index] = Some(result);
            },
        );
        bar.finish_and_clear();
        started
            .map_err(|error| CliError::Failed(format!("no thread could be started: {error}")))?;
        told.map_err(CliError::Output)?;
        Ok(done.into_iter().flatten().collect())
    }

    fn one(&self, recording: &FoundRecording, pipeline: &mut Option<Pipeline>) -> Done {
        let done = |result, is_old| Done { line: Line::new(&recording.name, result), is_old };
        match self.try_one(recording, pipeline) {
            Ok((outcome, is_old)) => done(Ok(outcome), is_old),
            Err(error) => done(Err(error), false),
        }
    }

    fn try_one(
        &self,
        recording: &FoundRecording,
        pipeline: &mut Option<Pipeline>,
    ) -> Result<(Outcome, bool), String> {
        let at = |path: &Path| {
            let path = path.display().to_string();
            move |error: io::Error| format!("{path}: {error}")
        };
        let identity = Identity::of(recording, &self.rest).map_err(at(&recording.path))?;
        let target = self.job.out.join(recording.results());
        let unfinished = self.job.out.join(UNFINISHED).join(&identity.key);
        let lock_path = unfinished.with_extension("lock");
        let lock = File::create(&lock_path).map_err(at(&lock_path))?;
        if lock.try_lock().is_err() {
            return Err("another run is at work on it".into());
        }
        if target.exists() {
            let known = known(&target, &identity);
            std::fs::remove_file(&lock_path).map_err(at(&lock_path))?;
            return known.map(|outcome| (outcome, true));
        }
        // What a run that was cut off left there is nobody's.
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished).map_err(at(&unfinished))?;
        }
        let outcome = self.analyse(recording, &identity, &unfinished, pipeline);
        let moved = outcome.and_then(|outcome| {
            target.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(at(&target))?;
            std::fs::rename(&unfinished, &target).map_err(at(&target))?;
            Ok((outcome, false))
        });
        std::fs::remove_file(&lock_path).map_err(at(&lock_path))?;
        moved
    }

    /// Measures one and writes everything into `folder`. What was measured before a recording broke is
    /// kept; where nothing was, there is nothing to keep.
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
            target: recording.path.to_string_lossy().into_owned(),
            options: crate::source::SourceOptions::default(),
        };
        spec.options.fps = self.job.fps;
        spec.options.limit_secs = self.job.limit_secs;
        let mut source = spec.open().map_err(|error| error.to_string())?;
        let pipeline = self.ready(pipeline)?;
        let mut session = Session::keeping_all();
        let analysed = analyse_all(source.as_mut(), pipeline, &mut session, |_| ());
        let error = analysed.err().map(|error| error.to_string());
        if let Some(error) = error.as_ref().filter(|_| session.history.is_empty()) {
            return Err(error.clone());
        }
        let mut files = Vec::new();
        let shown = self.job.formats.iter().any(|format| format.pictures != PictureUse::None);
        let pictures = shown.then(|| pictures::of_source(&spec)).transpose();
        let mut pictures = pictures.map_err(|error| error.to_string())?;
        let mut view = View::of_model(&session);
        view.pictures = pictures.as_deref_mut();
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

/// What an earlier run found out about the same recording in the same way.
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
