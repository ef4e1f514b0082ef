//! Labelled video: a synthetic person's performance as a file that any player opens, and its true events.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::RenderError;
use super::filming::{CAMERAS, Filming, as_filmed};
use super::portrait::{Portrait, PortraitError};
use super::portrait_file;
use super::scene::{Performance, Scene};
use crate::files;
use crate::measure::event::Event;
use crate::measure::time::Timestamp;
use crate::media::image::{Frame, RgbImage};
use crate::media::jpeg;
use crate::media::mkv::MkvWriter;
use crate::synth::Renderer;
use crate::synth::rig::facs_rig::FacsFace;

/// The name of the file inside the folder.
pub const VIDEO_FILE: &str = "video.mkv";

/// The video to make.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoJob {
    /// Folder, created if it does not exist. Files in it are never overwritten.
    pub out: PathBuf,
    /// Length.
    pub minutes: f64,
    /// The same seed and settings make the same files.
    pub seed: u64,
    /// What the person does.
    pub scene: Scene,
    /// Name of a portrait or path of a picture; `None` chooses by the seed, as the demo does.
    pub portrait: Option<String>,
    /// Frames per second, 1–1000.
    pub fps: f64,
    /// Width and height in pixels.
    pub size_px: (usize, usize),
    /// Size of the expressions, as a factor of the scene's usual size.
    pub amplitude: f32,
    /// The camera.
    pub camera: Filming,
}

impl VideoJob {
    /// Mixed behaviour at real sizes, 640×480 at 30 frames per second.
    pub fn new(out: PathBuf, minutes: f64, seed: u64) -> Self {
        Self {
            out,
            minutes,
            seed,
            scene: Scene::Mixed,
            portrait: None,
            fps: 30.0,
            size_px: (640, 480),
            amplitude: 1.0,
            camera: CAMERAS[0].clone(),
        }
    }

    /// How many frames the video will have.
    pub fn frames(&self) -> u64 {
        (self.minutes * 60.0 * self.fps).round().max(1.0) as u64
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenVideo {
    /// The video.
    pub video: PathBuf,
    /// Frames in the video.
    pub frames: u64,
    /// The true events.
    pub events: Vec<Event>,
}

/// Why no video was made.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
    /// A file is there already.
    #[error("{}: there is such a file already, and it is not overwritten", .0.display())]
    Exists(PathBuf),
    /// A file could not be made or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system answered.
        error: io::Error,
    },
    /// A setting out of its range.
    #[error("{what}: expected {expected}, found {found}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// Its range.
        expected: &'static str,
        /// Its value.
        found: String,
    },
    /// The portrait cannot be used.
    #[error(transparent)]
    Portrait(#[from] PortraitError),
    /// The size or the face cannot be used.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// Makes the video of `job`. `progress` gets the number of frames that are done, and of all frames.
pub fn write(
    job: &VideoJob,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<WrittenVideo, VideoError> {
    check(job)?;
    let portrait = match &job.portrait {
        Some(name) if Path::new(name).is_file() => portrait_file::open(Path::new(name))?,
        Some(name) => Portrait::named(name)?,
        None => Portrait::numbered(job.seed)?,
    };
    let mut renderer = Renderer::new(&portrait, job.size_px, job.camera.sensor, job.seed)?;
    let face = FacsFace::new(&portrait.points_px)
        .ok_or_else(|| RenderError::Face(portrait.name.clone()))?;
    let mut performance = Performance::new(job.scene, job.seed, job.amplitude, face);
    let frames = job.frames();
    let moments = job.camera.moments(job.seed, frames, job.fps);
    let last_secs = moments.last().copied().unwrap_or_default();
    let performed = (last_secs * job.fps).round() as u64 + 1;
    let events = as_filmed(performance.truth(performed, job.fps), &moments, job.fps);

    let video = job.out.join(VIDEO_FILE);
    files::create_folder(&job.out)
        .map_err(|error| VideoError::Io { path: job.out.clone(), error })?;
    let filmed = files::write_new(&video, |file| {
        let mut film = MkvWriter::begin(file.try_clone()?, job.size_px)?;
        let mut image = Arc::new(RgbImage::default());
        for (seq, secs) in (0..).zip(moments) {
            renderer.render(&performance.pose(secs), seq, secs, Arc::make_mut(&mut image));
            let jpeg = jpeg::encode(&image, job.camera.jpeg_quality)?;
            let time = Timestamp::of_frame(seq, job.fps);
            let frame = Frame { seq, time, image: Arc::clone(&image), jpeg: Some(jpeg.into()) };
            film.push(&frame)?;
            progress(seq + 1, frames);
        }
        film.finish()
    });
    filmed.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => VideoError::Exists(video.clone()),
        _ => VideoError::Io { path: video.clone(), error },
    })?;
    Ok(WrittenVideo { video, frames, events })
}

fn check(job: &VideoJob) -> Result<(), VideoError> {
    let within = |ok: bool, what, expected, found: f64| {
        let error = VideoError::Setting { what, expected, found: found.to_string() };
        if ok { Ok(()) } else { Err(error) }
    };
    let (minutes, fps, amplitude) = (job.minutes, job.fps, f64::from(job.amplitude));
    within(minutes > 0.0 && minutes <= 1e4, "length", "up to 10000 minutes", minutes)?;
    within((1.0..=1000.0).contains(&fps), "rate", "1 to 1000 frames per second", fps)?;
    within((0.0..=10.0).contains(&amplitude), "amplitude", "0 to 10", amplitude)?;
    let quality = job.camera.jpeg_quality;
    within((1..=100).contains(&quality), "JPEG quality", "1 to 100", f64::from(quality))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::stream::Next;
    use crate::source::SourceSpec;

    fn job(out: PathBuf) -> VideoJob {
        VideoJob { size_px: (160, 120), scene: Scene::Show, ..VideoJob::new(out, 0.3, 5) }
    }

    #[test]
    fn the_program_reads_back_what_was_filmed_and_the_true_events_lie_inside() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (mut told, video) = (0, dir.path().join("new").join(VIDEO_FILE));
        let mut follow = |done, _| {
            told = done;
            assert!(!video.exists(), "half a film has its name");
        };
        let written = write(&job(dir.path().join("new")), &mut follow).expect("ok");
        assert_eq!((written.frames, told), (540, 540));
        assert!(!written.events.is_empty());
        let spec: SourceSpec = written.video.to_string_lossy().parse().expect("a path");
        let mut source = spec.open().expect("opens");
        assert_eq!(source.info().frames, Some(540));
        let mut seqs = Vec::new();
        while let Next::Frame(frame) = source.next().expect("reads") {
            assert_eq!((frame.image.width, frame.image.height), (160, 120));
            let off = frame.time.nanos() - Timestamp::of_frame(frame.seq, 30.0).nanos();
            assert!(off.abs() <= 1, "{off} ns");
            seqs.push(frame.seq);
        }
        assert_eq!(seqs, (0..540).collect::<Vec<_>>());
        assert!(written.events.iter().all(|event| event.offset.frame < 540));
    }

    #[test]
    fn the_same_seed_makes_the_same_files_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let small = |name: &str| VideoJob { minutes: 0.01, ..job(dir.path().join(name)) };
        let films = ["a", "b"].map(|n| write(&small(n), &mut |_, _| ()).expect("ok"));
        let [a, b] = films.map(|w| std::fs::read(w.video).expect("bytes"));
        assert_eq!(a, b);
        let error = write(&small("a"), &mut |_, _| ()).expect_err("in the way");
        assert!(matches!(error, VideoError::Exists(_)), "{error}");
        assert_eq!(std::fs::read(dir.path().join("a").join(VIDEO_FILE)).expect("bytes"), a);
    }

    #[test]
    fn settings_out_of_range_are_named_with_their_range() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let base = || job(dir.path().join("never"));
        let bad = [
            VideoJob { minutes: f64::NAN, ..base() },
            VideoJob { fps: 0.0, ..base() },
            VideoJob { camera: Filming { jpeg_quality: 0, ..CAMERAS[0].clone() }, ..base() },
            VideoJob { size_px: (0, 0), ..base() },
            VideoJob { portrait: Some("nobody".into()), ..base() },
        ];
        for job in bad {
            let error = write(&job, &mut |_, _| ()).expect_err("out of range").to_string();
            assert!(error.contains("expected") && error.contains("found"), "{error}");
        }
        assert!(!dir.path().join("never").exists());
    }
}
