//! Where the sound of a session is: beside it, or in the video that was analysed.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::files;
use crate::measure::time::Timestamp;
use crate::media::avi::sound::AviSound;
use crate::media::film_sound::FilmSound;
use crate::media::sound::{SoundFile, SoundFileError};
use crate::media::stream::SourceInfo;
use crate::media::wav::WavReader;
use crate::source::{SourceSpec, video};

/// A sound file that can be opened.
#[derive(Clone, Debug, PartialEq)]
pub struct SoundPlace {
    path: PathBuf,
    /// Time zero of the session on the film's own clock; `None` for a file that begins at time zero.
    film_start: Option<Timestamp>,
}

impl SoundPlace {
    /// The session's own file.
    pub fn beside(path: PathBuf) -> Self {
        Self { path, film_start: None }
    }

    /// Opens it. Its sample 0 is time zero of the session.
    pub fn open(&self) -> Result<Box<dyn SoundFile>, SoundFileError> {
        Ok(match self.film_start {
            None => Box::new(WavReader::open(&self.path)?),
            Some(start) if is_avi(&self.path) => Box::new(AviSound::open(&self.path, start)?),
            Some(start) => Box::new(FilmSound::open(&self.path, start)?),
        })
    }
}

/// True if the file begins as AVI files do, whatever its name.
fn is_avi(path: &Path) -> bool {
    let mut begin = [0; 12];
    let read = files::open(path).and_then(|mut file| file.read_exact(&mut begin));
    read.is_ok() && begin.starts_with(b"RIFF") && begin.ends_with(b"AVI ")
}

/// The sound of a recording whose frames are as `info` says; `None` if it is no video or is known to have no
/// sound.
pub fn of_source(source: &SourceSpec, info: &SourceInfo) -> Option<SoundPlace> {
    // At a rate that was stated for it, the film no longer goes with its sound.
    let goes_along = source.options.told_fps.is_none();
    let is_video = source.kind == video::KIND.name;
    let has_sound = is_video && goes_along && info.has_sound != Some(false);
    let film_start = Some(info.media_start);
    has_sound.then(|| SoundPlace { path: source.path(), film_start })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// A film of 90 seconds with a clap each second, made by ffmpeg; `None` without it.
    fn film(folder: &Path, name: &str, sound: &[&str]) -> Option<PathBuf> {
        let path = folder.join(name);
        let claps = "aevalsrc=exprs='0.8*lt(mod(t\\,1)\\,0.004)*sin(2000*PI*t+1)':s=44100:d=90";
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x48:r=30:d=90"])
            .args(["-f", "lavfi", "-i", claps, "-c:v", "libx264", "-pix_fmt", "yuv420p"])
            .args(sound)
            .arg(&path)
            .status();
        made.is_ok_and(|made| made.success()).then_some(path)
    }

    /// Where sound begins in the second round `secs`, seconds.
    fn clap(sound: &mut dyn SoundFile, secs: u32) -> f64 {
        let rate = f64::from(sound.rate_hz());
        let first = ((f64::from(secs) - 0.5) * rate) as i64;
        let mut around = vec![0; rate as usize];
        sound.read(first, &mut around).expect("read");
        let at = around.iter().position(|sample| sample.unsigned_abs() > 4000).expect("a clap");
        (first + at as i64) as f64 / rate
    }

    /// Where players show the first picture: some programs put the picture later because the sound begins with
    /// a pause of its encoder.
    fn first_picture_secs(path: &Path) -> f64 {
        let output = Command::new("ffprobe")
            .args(["-v", "error", "-select_streams", "v", "-show_entries", "stream=start_time"])
            .args(["-of", "csv=p=0"])
            .arg(path)
            .output();
        let text = String::from_utf8(output.expect("runs").stdout).expect("text");
        text.trim().parse().expect("a number")
    }

    fn open(path: &Path, film_start_secs: f64) -> Box<dyn SoundFile> {
        let film_start = Some(Timestamp::from_secs(film_start_secs));
        SoundPlace { path: path.into(), film_start }.open().expect("opens")
    }

    #[test]
    fn the_sound_of_films_is_where_players_play_it_from_any_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let kinds: [(&str, &[&str]); 7] = [
            ("aac.mp4", &["-c:a", "aac", "-ac", "2"]),
            ("pcm.mov", &["-c:a", "pcm_s16le"]),
            ("mp3.mkv", &["-c:a", "libmp3lame"]),
            ("pcm.mkv", &["-c:a", "pcm_s16le", "-ar", "48000"]),
            ("aac.mkv", &["-c:a", "aac"]),
            ("pcm.avi", &["-c:a", "pcm_s16le", "-ac", "2"]),
            ("bytes.avi", &["-c:a", "pcm_u8"]),
        ];
        for (name, sound) in kinds {
            let Some(path) = film(folder.path(), name, sound) else {
                assert!(std::env::var_os("CI").is_none(), "expected ffmpeg in CI");
                return;
            };
            let start_secs = first_picture_secs(&path);
            let mut sound = open(&path, start_secs);
            let secs = sound.samples() as f64 / f64::from(sound.rate_hz());
            assert!((secs - 90.0).abs() < 0.1, "{name}: {secs} s");
            // Forward, back, and forward again.
            for second in [1, 2, 80, 45, 62, 3, 88] {
                let apart = clap(sound.as_mut(), second) - f64::from(second);
                assert!(apart.abs() < 0.012, "{name}: {apart} s apart at {second} s");
            }
            let mut late = open(&path, start_secs + 0.5);
            let at = clap(late.as_mut(), 4);
            assert!((at - 3.5).abs() < 0.012 || (at - 4.5).abs() < 0.012, "{name}: {at} s");
            let mut beyond = [1; 100];
            sound.read(i64::MAX - 100, &mut beyond).expect("read");
            sound.read(-1_000_000, &mut beyond).expect("read");
            assert_eq!(beyond, [0; 100]);
        }
    }
}
