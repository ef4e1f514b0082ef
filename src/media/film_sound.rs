//! The sound track of a film (MP4, QuickTime, Matroska), packet by packet, from any place.
//!
//! Several channels become one, their mean. The packets' own times place the sound, and in MP4 the edit list
//! does, which says what players leave out: an encoder puts up to a twentieth of a second of nothing before
//! the sound.

use std::path::{Path, PathBuf};

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::units::{Time, TimeBase};

use super::mp4;
use super::sound::{MOST_SECS, SoundFile, SoundFileError};
use crate::files;
use crate::measure::time::Timestamp;

/// Sound that is further on than this is sought and not decoded up to, seconds.
const FAR_SECS: f64 = 2.0;

/// Decoding begins this long before the sound that is wanted, because a packet needs the one before it,
/// seconds.
const BEFORE_SECS: f64 = 0.2;

/// Seeking in Matroska begins this much earlier, seconds. After a seek, the packets of the first cluster have
/// the time of the cue where that of the cluster belongs, and no cluster is longer than this: its times are 16
/// bits of milliseconds.
const CLUSTER_SECS: f64 = 33.0;

/// Matroska, as its reader names it.
const MATROSKA: &str = "matroska";

/// A packet that follows the previous one this closely follows it exactly, seconds: times in Matroska are
/// whole milliseconds.
const CLOSE_SECS: f64 = 0.005;

/// Greatest number of channels and of samples in a packet that are taken.
const MOST_SAMPLES: usize = 1 << 20;

/// The open sound track.
pub struct FilmSound {
    path: PathBuf,
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    time_base: TimeBase,
    rate_hz: u32,
    samples: u64,
    /// Seconds to be added to a packet's time, which give the time of the session.
    shift_secs: f64,
    /// What was decoded last, and the number of its first sample.
    decoded: (i64, Vec<i16>),
    /// All channels of a packet.
    interleaved: Vec<f32>,
    /// Packets before this second of the session are not decoded.
    from_secs: f64,
}

impl std::fmt::Debug for FilmSound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilmSound").field("path", &self.path).finish_non_exhaustive()
    }
}

impl FilmSound {
    /// Opens the first sound track. `film_start` is time zero of the session on the film's own clock, see
    /// [`SourceInfo::media_start`](super::stream::SourceInfo::media_start).
    pub fn open(path: &Path, film_start: Timestamp) -> Result<Self, SoundFileError> {
        let wrong = |found: &str| SoundFileError::new(path, found);
        let failed = |error: Error| SoundFileError::new(path, in_words(&error));
        let format = Self::format(path)?;
        let track = format
            .first_track_known_codec(TrackType::Audio)
            .ok_or_else(|| wrong("its sound is of a kind that cannot be read here"))?;
        let params = track.codec_params.as_ref().and_then(|params| params.audio());
        let params = params.ok_or_else(|| wrong("its sound track says nothing of itself"))?;
        let time_base = track.time_base.or_else(|| TimeBase::try_new(1, params.sample_rate?));
        let time_base = time_base.ok_or_else(|| wrong("its sound has no times"))?;
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(params, &AudioDecoderOptions::default())
            .map_err(failed)?;
        // Matroska states the length of the whole film only.
        let about = format.media_info();
        let of_track = track.duration.and_then(|duration| time_base.calc_duration(duration));
        let of_film = || about.time_base?.calc_duration(about.duration?);
        let length = of_track.or_else(of_film).ok_or_else(|| wrong("its sound has no length"))?;
        let length_secs = length.as_secs_f64();
        let rate_hz = params.sample_rate.unwrap_or(0);
        let edited_secs = mp4::sound_start_secs(path).unwrap_or(0.0);
        let mut sound = Self {
            path: path.into(),
            track: track.id,
            format,
            decoder,
            time_base,
            rate_hz,
            samples: 0,
            shift_secs: edited_secs - film_start.secs(),
            decoded: (0, Vec::new()),
            interleaved: Vec::new(),
            from_secs: f64::NEG_INFINITY,
        };
        // Only a decoded packet tells the rate: some encoders state twice or half of it.
        if !sound.decode_next()? {
            return Err(wrong("its sound cannot be decoded"));
        }
        let samples = (length_secs + sound.shift_secs) * f64::from(sound.rate_hz);
        sound.samples = samples.clamp(0.0, MOST_SECS * f64::from(sound.rate_hz)) as u64;
        Ok(sound)
    }

    /// Opens the film at its beginning.
    fn format(path: &Path) -> Result<Box<dyn FormatReader>, SoundFileError> {
        let file = files::open(path).map_err(|error| SoundFileError::new(path, error))?;
        let stream = MediaSourceStream::new(Box::new(file), Default::default());
        let mut hint = Hint::new();
        if let Some(ending) = path.extension().and_then(|ending| ending.to_str()) {
            hint.with_extension(ending);
        }
        let (options, about) = (FormatOptions::default(), MetadataOptions::default());
        let probed = symphonia::default::get_probe().probe(&hint, stream, options, about);
        probed.map_err(|error| SoundFileError::new(path, in_words(&error)))
    }

    /// Decodes the next packet; false at the end. Damaged packets are left out.
    fn decode_next(&mut self) -> Result<bool, SoundFileError> {
        loop {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) | Err(Error::ResetRequired) => return Ok(false),
                Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Ok(false);
                }
                Err(error) => return Err(SoundFileError::new(&self.path, in_words(&error))),
            };
            let secs = self.time_base.calc_time_saturating(packet.pts).as_secs_f64();
            let secs = secs + self.shift_secs;
            // A damaged time lies nowhere.
            if secs.abs() > MOST_SECS {
                continue;
            }
            if packet.track_id != self.track || secs < self.from_secs {
                continue;
            }
            let Ok(decoded) = self.decoder.decode(&packet) else { continue };
            let channels = decoded.num_planes();
            let rate_hz = decoded.spec().rate();
            let is_usable = (1..=768_000).contains(&rate_hz)
                && (1..=MOST_SAMPLES).contains(&decoded.samples_interleaved());
            if !is_usable || channels == 0 {
                continue;
            }
            self.rate_hz = rate_hz;
            decoded.copy_to_vec_interleaved(&mut self.interleaved);
            let place = (secs * f64::from(rate_hz)).round() as i64;
            let next = self.decoded.0 + self.decoded.1.len() as i64;
            let is_close = !self.decoded.1.is_empty()
                && (place - next).unsigned_abs() as f64 <= CLOSE_SECS * f64::from(rate_hz);
            self.decoded.0 = if is_close { next } else { place };
            let mean = |all: &[f32]| {
                let mean = all.iter().sum::<f32>() / channels as f32;
                (mean * -f32::from(i16::MIN)) as i16
            };
            self.decoded.1.clear();
            self.decoded.1.extend(self.interleaved.chunks_exact(channels).map(mean));
            return Ok(true);
        }
    }

    /// Goes to a place from which the sample `first` is reached.
    fn go_to(&mut self, first: i64) -> Result<(), SoundFileError> {
        let rate = f64::from(self.rate_hz);
        let (begin, held) = (self.decoded.0, self.decoded.1.len() as i64);
        let is_near = (begin..=begin + held + (FAR_SECS * rate) as i64).contains(&first);
        if is_near {
            return Ok(());
        }
        self.from_secs = first as f64 / rate - BEFORE_SECS;
        let is_exact = self.format.format_info().short_name != MATROSKA;
        let earlier = if is_exact { 0.0 } else { CLUSTER_SECS };
        let secs = (self.from_secs - self.shift_secs - earlier).max(0.0);
        let Some(time) = Time::try_from_secs_f64(secs) else { return Ok(()) };
        let to = SeekTo::Time { time, track_id: Some(self.track) };
        // Before the first cue of Matroska it cannot be sought.
        if secs == 0.0 || self.format.seek(SeekMode::Accurate, to).is_err() {
            self.format = Self::format(&self.path)?;
        }
        self.decoder.reset();
        self.decoded = (i64::MIN / 2, Vec::new());
        Ok(())
    }
}

impl SoundFile for FilmSound {
    fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn samples(&self) -> u64 {
        self.samples
    }

    fn read(&mut self, first: i64, out: &mut [i16]) -> Result<(), SoundFileError> {
        out.fill(0);
        let end = first.saturating_add(out.len() as i64);
        if end <= 0 || first >= i64::try_from(self.samples).unwrap_or(i64::MAX) {
            return Ok(());
        }
        self.go_to(first.max(0))?;
        loop {
            let (begin, held) = (self.decoded.0, self.decoded.1.len() as i64);
            let (from, to) = (begin.max(first), (begin + held).min(end));
            if from < to {
                let source = (from - begin) as usize..(to - begin) as usize;
                let place = (from - first) as usize..(to - first) as usize;
                out[place].copy_from_slice(&self.decoded.1[source]);
            }
            if begin + held >= end || !self.decode_next()? {
                return Ok(());
            }
        }
    }
}

fn in_words(error: &Error) -> String {
    match error {
        Error::Unsupported(what) => format!("its sound cannot be read here ({what})"),
        error => format!("its sound cannot be read ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn what_is_no_film_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.mp4");
        std::fs::write(&path, b"not a film at all, and short").expect("written");
        let error = FilmSound::open(&path, Timestamp::ZERO).expect_err("no film");
        assert!(error.to_string().contains("x.mp4: its sound"), "{error}");
    }
}
