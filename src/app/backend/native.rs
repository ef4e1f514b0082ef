//! The real system: engines, cameras and file dialogs.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::{Assignment, Backend, CameraChoice, EngineHandle, Pending, Pick, Picked, Wake};
use crate::app::backend::pictures::Projection;
use crate::app::backend::sound::SoundStage;
use crate::app::recording;
use crate::app::recording::SessionList;
use crate::app::review::outside::{
    AnnotationSink, ExportContent, ExportJob, ImportJob, Kept, OpenedSession, SessionPictures,
    SessionSound,
};
use crate::engine::workers::annotation_writer::AnnotationWriter;
use crate::engine::workers::background_task::BackgroundTask;
use crate::engine::{Busy, Engine, EngineCommand, Preview, Update};
use crate::evaluate::agreement::Agreement;
use crate::evaluate::{LimitError, detection_limit_while, known_limit};
use crate::exchange::import;
use crate::exchange::import::ImportedLayer;
use crate::exchange::{ExportError, View, Written, write_new};
use crate::measure::detection_limit::DetectionLimit;
use crate::media::stream::SourceInfo;
use crate::model::provenance::Provenance;
use crate::model::{ModelChoice, Models};
use crate::session::sound::SoundPlace;
use crate::session::{self, Session, pictures, store};
use crate::source::{SourceSpec, camera, video};

/// A dialog that closes faster than this was never shown; no person is so fast.
const SHORTEST_LOOK: Duration = Duration::from_millis(250);

/// Starts real engines.
#[derive(Debug, Default)]
pub struct NativeBackend {
    /// A session's folder, and the recording that the user named for it.
    pub recording: Option<(PathBuf, SourceSpec)>,
}

impl EngineHandle for Engine {
    fn send(&self, command: EngineCommand) -> Result<(), Busy> {
        Engine::send(self, command)
    }

    fn updates(&self) -> Vec<Update> {
        Engine::updates(self).collect()
    }

    fn preview(&self) -> Option<Preview> {
        Engine::preview(self)
    }

    fn finish(self: Box<Self>) -> Vec<Update> {
        Engine::finish(*self)
    }
}

impl Backend for NativeBackend {
    fn start(&mut self, assignment: &Assignment, wake: Wake) -> Box<dyn EngineHandle> {
        let Assignment { source, models, config } = assignment.clone();
        Box::new(Engine::start(source, models, config, move || wake()))
    }

    fn stop(&mut self, engine: Box<dyn EngineHandle>, wake: Wake) -> Pending<Vec<Update>> {
        // Its threads are joined, and one of them may wait for a camera or a disk.
        run_task("fleeting-stop", move || engine.finish(), wake, Vec::new)
    }

    fn list_sessions(&mut self, folder: &Path, wake: Wake) -> Pending<SessionList> {
        let folder = folder.to_owned();
        run_task(
            "fleeting-sessions",
            move || SessionList::look(&folder),
            wake,
            SessionList::default,
        )
    }

    fn delete_sessions(&mut self, folders: &[PathBuf], wake: Wake) -> Pending<Vec<String>> {
        let folders = folders.to_owned();
        let failed = || vec!["Nothing was deleted: the system has no thread to give.".to_owned()];
        run_task("fleeting-delete", move || recording::delete(&folders), wake, failed)
    }

    fn find_cameras(&mut self, wake: Wake) -> Pending<Result<Vec<CameraChoice>, String>> {
        let failed = || Err("The system does not say which cameras there are.".to_owned());
        run_task("fleeting-cameras", cameras, wake, failed)
    }

    fn open_session(
        &mut self,
        folder: &Path,
        models: &ModelChoice,
        wake: Wake,
    ) -> Pending<Result<OpenedSession, String>> {
        let (folder, models, woken) = (folder.to_owned(), models.clone(), wake.clone());
        let named = self.recording.as_ref().filter(|(session, _)| *session == folder);
        let recording = named.map(|(_, recording)| recording.clone());
        let failed = || Err("The system has no thread to give for opening a session.".to_owned());
        run_task("fleeting-open", move || open(&folder, recording, &models, woken), wake, failed)
    }

    fn screen(
        &mut self,
        source: &SourceSpec,
        provenance: &Provenance,
        models: &ModelChoice,
        wake: Wake,
    ) -> Option<Box<dyn SessionPictures>> {
        if !pictures::can_be_seen_again(source) {
            return None;
        }
        match Projection::of_source(source, provenance, models, wake) {
            Ok(projection) => Some(Box::new(projection)),
            Err(error) => {
                tracing::error!("{source}: {error}");
                None
            }
        }
    }

    fn sound(
        &mut self,
        source: &SourceSpec,
        info: &SourceInfo,
        wake: Wake,
    ) -> Option<Box<dyn SessionSound>> {
        stage(session::sound::of_source(source, info)?, wake)
    }

    fn recording_pictures(
        &mut self,
        folder: &Path,
        provenance: &Provenance,
        models: &ModelChoice,
        wake: Wake,
    ) -> Option<Box<dyn SessionPictures>> {
        match Projection::of_recording(folder, provenance, models, wake) {
            Ok(projection) => Some(Box::new(projection)),
            Err(error) => {
                tracing::error!("{}: {error}", folder.display());
                None
            }
        }
    }

    fn detection_limit(
        &mut self,
        session: Arc<Session>,
        models: &ModelChoice,
        wake: Wake,
    ) -> Pending<Option<DetectionLimit>> {
        let (stop, models) = (Arc::new(AtomicBool::new(false)), models.clone());
        let stopped = Arc::clone(&stop);
        let is_wanted = move || !stopped.load(Ordering::Relaxed);
        let work = move || limit(&session, &models, is_wanted);
        let mut task = StoppedTask { stop, task: run_task("fleeting-limit", work, wake, || None) };
        Box::new(move || task.poll())
    }

    fn export(&mut self, job: ExportJob, wake: Wake) -> Pending<Result<Written, String>> {
        let failed = || Err("The system has no thread to give for the export.".to_owned());
        run_task("fleeting-export", move || write(&job), wake, failed)
    }

    fn import(&mut self, job: ImportJob, wake: Wake) -> Pending<Result<ImportedLayer, String>> {
        let failed = || Err("The system has no thread to give for the import.".to_owned());
        run_task("fleeting-import", move || job.read(), wake, failed)
    }

    fn show_folder(&mut self, folder: &Path) -> Result<(), String> {
        let program = match std::env::consts::OS {
            "macos" => "open",
            "windows" => "explorer",
            _ => "xdg-open",
        };
        let mut command = std::process::Command::new(program);
        let quiet = std::process::Stdio::null;
        command.arg(folder).stdin(quiet()).stdout(quiet()).stderr(quiet());
        command.spawn().map(drop).map_err(|error| format!("{program}: {error}."))
    }

    fn pick(&mut self, pick: Pick, wake: Wake) -> Pending<Picked> {
        if !may_have_dialogs() {
            return Box::new(|| Some(Picked::NoDialog));
        }
        let asked = Instant::now();
        let dialog = rfd::AsyncFileDialog::new();
        let picked: Pin<Box<dyn Future<Output = Option<rfd::FileHandle>>>> = match pick {
            Pick::Video => Box::pin(
                dialog
                    .set_title("Open a video")
                    .add_filter("Videos", &video::ENDINGS)
                    .add_filter("All files", &["*"])
                    .pick_file(),
            ),
            Pick::Images => {
                Box::pin(dialog.set_title("Open a folder of numbered pictures").pick_folder())
            }
            Pick::Export => {
                Box::pin(dialog.set_title("Choose a folder to write into").pick_folder())
            }
            Pick::Import => Box::pin(
                dialog
                    .set_title("Open a table or an ELAN file")
                    .add_filter("Tables and ELAN files", &import::endings())
                    .add_filter("All files", &["*"])
                    .pick_file(),
            ),
            Pick::Session => Box::pin(dialog.set_title("Open a session").pick_folder()),
            Pick::Recordings => Box::pin(dialog.set_title("Where to store sessions").pick_folder()),
            Pick::Models => {
                Box::pin(dialog.set_title("Open a folder with manifest.toml").pick_folder())
            }
        };
        let mut poll = poll_future(picked, wake);
        Box::new(move || {
            poll().map(|file| match file {
                Some(file) => Picked::Path(file.path().to_owned()),
                None if asked.elapsed() < SHORTEST_LOOK => Picked::NoDialog,
                None => Picked::Nothing,
            })
        })
    }
}

impl AnnotationSink for AnnotationWriter {
    fn keep(&mut self, kept: Kept) {
        AnnotationWriter::keep(self, kept);
    }

    fn fault(&mut self) -> Option<String> {
        AnnotationWriter::fault(self)
    }

    fn remark(&mut self) -> Option<String> {
        AnnotationWriter::remark(self)
    }
}

/// Writes an export; the error is one sentence.
fn write(job: &ExportJob) -> Result<Written, String> {
    let written = match &job.what {
        ExportContent::Format(exporter) => {
            let mut view =
                View::new(&job.session, job.rater.as_deref()).map_err(|e| e.to_string())?;
            view.blur = job.blur;
            view.models = job.models.clone();
            if exporter.tells_limit {
                view.detection_limit = limit(&job.session, &job.models, || true);
            }
            let mut pictures = job.pictures().transpose()?;
            if let Some(pictures) = &mut pictures {
                view.pictures = Some(pictures.as_mut());
            }
            exporter.write(&mut view, &job.folder)
        }
        ExportContent::Agreement(agreement) => write_agreement(agreement, &job.folder),
    };
    written.map_err(|error| error.to_string())
}

/// Measures the detection limit of the session while it is wanted. If that is not possible, the log says why.
fn limit(
    session: &Session,
    models: &ModelChoice,
    is_wanted: impl Fn() -> bool,
) -> Option<DetectionLimit> {
    let measured = Models::load(models)
        .map_err(LimitError::from)
        .and_then(|models| detection_limit_while(session, &models, is_wanted));
    known_limit(measured)
}

fn write_agreement(agreement: &Agreement, folder: &Path) -> Result<Written, ExportError> {
    let [first, second] = &agreement.between;
    let name = format!("agreement {first} {second}").replace(['/', '\\', ':'], "_");
    let files = ["json", "txt"].map(|ending| folder.join(format!("{name}.{ending}")));
    if let Some(path) = files.iter().find(|path| path.exists()) {
        return Err(ExportError::Exists { path: path.clone() });
    }
    write_new(&files[0], |out| Ok(serde_json::to_writer_pretty(out, agreement)?))?;
    write_new(&files[1], |out| write!(out, "{agreement}"))?;
    Ok(Written { files: files.to_vec(), remarks: agreement.remarks.clone() })
}

/// Reads the session in `folder`; the error is one sentence.
fn open(
    folder: &Path,
    recording: Option<SourceSpec>,
    models: &ModelChoice,
    wake: Wake,
) -> Result<OpenedSession, String> {
    let stored = store::open_of_recording(folder, recording.as_ref());
    let mut stored = stored.map_err(|error| error.to_string())?;
    stored.remarks.extend(stored.store.hold_for_review());
    let second = stored.store.pictures().map_err(|error| error.to_string())?;
    let woken = wake.clone();
    let writer = AnnotationWriter::start(stored.store, move || woken())
        .map_err(|error| error.to_string())?;
    let sound = stored.sound.and_then(|place| stage(place, wake.clone()));
    let readers = stored.pictures.zip(second);
    let provenance = &stored.session.provenance;
    let of_session = |(a, b)| Projection::of_session([a, b], provenance, models, wake);
    let screen = readers.map(of_session).transpose();
    let screen = screen.map_err(|error| error.to_string())?;
    Ok(OpenedSession {
        session: stored.session,
        place: Some(folder.to_owned()),
        source: recording,
        remarks: stored.remarks,
        screen: screen.map(|projection| Box::new(projection) as Box<dyn SessionPictures>),
        sound,
        keeper: Some(Box::new(writer)),
    })
}

/// Plays the sound at `place`; `None`, with a word in the log, if the system has no thread to give.
fn stage(place: SoundPlace, wake: Wake) -> Option<Box<dyn SessionSound>> {
    let open = move || place.open().map_err(|error| error.to_string());
    match SoundStage::start(open, wake) {
        Ok(stage) => Some(Box::new(stage)),
        Err(error) => {
            tracing::error!("the sound: {error}");
            None
        }
    }
}

/// True if the system can show a file dialog: on Linux, through its portal on the session bus, or with
/// zenity.
fn may_have_dialogs() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let has_bus = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some()
        || std::env::var_os("XDG_RUNTIME_DIR")
            .is_some_and(|dir| Path::new(&dir).join("bus").exists());
    let path = std::env::var_os("PATH").unwrap_or_default();
    has_bus || std::env::split_paths(&path).any(|folder| folder.join("zenity").is_file())
}

/// Cameras that can be opened. An error if there are some and none can be opened.
fn cameras() -> Result<Vec<CameraChoice>, String> {
    let entries = camera::list();
    let usable: Vec<_> = entries
        .iter()
        .filter(|entry| entry.trouble.is_none())
        .map(|entry| CameraChoice { target: entry.index.to_string(), name: entry.name.clone() })
        .collect();
    match entries.iter().find_map(|entry| entry.trouble.as_ref().map(|t| (&entry.name, t))) {
        Some((name, trouble)) if usable.is_empty() => Err(format!(
            "The camera “{name}” cannot be used: {trouble}. `fleeting doctor` says what helps."
        )),
        _ => Ok(usable),
    }
}

/// Runs `work` in a thread of the engine; `failed` gives the result if the system cannot start a thread.
fn run_task<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
    wake: Wake,
    failed: impl FnOnce() -> T + 'static,
) -> Pending<T> {
    match BackgroundTask::start(name, work, move || wake()) {
        Ok(task) => Box::new(move || task.poll()),
        Err(error) => {
            tracing::error!("{name}: {error}");
            let mut failed = Some(failed);
            Box::new(move || failed.take().map(|failed| failed()))
        }
    }
}

/// A task that is told to stop before it is waited for.
struct StoppedTask<T> {
    stop: Arc<AtomicBool>,
    task: Pending<T>,
}

impl<T> StoppedTask<T> {
    fn poll(&mut self) -> Option<T> {
        (self.task)()
    }
}

impl<T> Drop for StoppedTask<T> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct WakeUp(Wake);

impl std::task::Wake for WakeUp {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// Polls a future in every frame; it wakes the window when it is worth polling.
fn poll_future<T: 'static>(future: Pin<Box<dyn Future<Output = T>>>, wake: Wake) -> Pending<T> {
    let waker = Waker::from(Arc::new(WakeUp(wake)));
    let mut future = Some(future);
    Box::new(move || {
        match future.as_mut()?.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => {
                // A finished future must not be polled again.
                future = None;
                Some(result)
            }
            Poll::Pending => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn a_future_gives_its_result_once_and_wakes_the_window() {
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        let wake: Wake = Arc::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let mut asked = 0;
        let future = std::future::poll_fn(move |cx| {
            asked += 1;
            cx.waker().wake_by_ref();
            if asked < 3 { Poll::Pending } else { Poll::Ready(7) }
        });
        let mut poll = poll_future(Box::pin(future), wake);
        assert_eq!([poll(), poll(), poll(), poll()], [None, None, Some(7), None]);
        assert_eq!(woken.load(Ordering::SeqCst), 3);
    }
}
