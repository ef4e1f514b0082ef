//! MP4 and QuickTime files with H.264, read sample by sample.
//!
//! The index is parsed up to the first top-level box that is cut off. So a recording whose end is missing can
//! be seen up to there.
//!
//! What the file says about its pictures is followed as players follow it: which of them are shown and when
//! (edit list), how they are turned or mirrored, and the shape of their pixels. What cannot be followed here
//! is left to ffmpeg, and the reason is given.

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom};
use std::path::Path;

use re_mp4::{Mp4, Sample, StsdBoxContent, Track, TrakBox};

use super::container::{Opened, read_chunk};
use crate::measure::time::Timestamp;
use crate::media::display::{Display, Orientation, PixelAspect};
use crate::media::pictures::Pictures;
use crate::media::stream::{Notice, NoticeKind, Source, SourceError, SourceInfo, check_size};
use entry::Description;
use h264::{AvcConfig, H264};
use order::{DisplayOrder, Edit, composition_ticks, may_be_empty, movie_start_nanos};

mod entry;
pub mod h264;
mod layout;
mod order;
mod seek;
pub mod sps;
mod video;

use layout::{Layout, parse};

/// Greatest number of samples in a track. The parser lists every sample of every track with 80 bytes. Three
/// hours of video at 1,000 frames a second have this many samples; uncompressed sound has more in minutes, in
/// a table of a few bytes.
const MOST_SAMPLES: u64 = 10_000_000;

/// Greatest number of key frames that are checked for what cannot be followed here. If there are more, this
/// many are checked, evenly spaced.
const MOST_LOOKED_AT: usize = 4096;

/// Opens video track `track` of an MP4 file, counted from 1, for reading from front to back. `None` means the
/// first.
pub(crate) fn open(
    path: &Path,
    track: Option<usize>,
) -> Result<Opened<Box<dyn Source>>, SourceError> {
    Ok(match Movie::open(path, track)? {
        Opened::Ready(movie) => Opened::Ready(Box::new(video::Mp4Video::new(movie)?)),
        Opened::Foreign(what) => Opened::Foreign(what),
    })
}

/// Seconds on a player's clock at which the beginning of the first sound track is heard; below zero if players
/// leave out a part of it. `None` for a file without sound or of another kind.
pub(crate) fn sound_start_secs(path: &Path) -> Option<f64> {
    let mut reader = BufReader::new(File::open(path).ok()?);
    let layout = Layout::read(&mut reader).ok()?;
    if !layout.has_index || !layout.is_sound || layout.samples > MOST_SAMPLES {
        return None;
    }
    let mp4 = parse(&mut reader, &layout).ok()?;
    order::sound_start_secs(&mp4)
}

/// Opens a track of an MP4 file for reading in any order.
pub(crate) fn pictures(
    path: &Path,
    track: Option<usize>,
) -> Result<Opened<Box<dyn Pictures>>, SourceError> {
    Ok(match Movie::open(path, track)? {
        Opened::Ready(movie) => Opened::Ready(Box::new(seek::Mp4Pictures::new(path, movie))),
        Opened::Foreign(what) => Opened::Foreign(what),
    })
}

/// A video track of a file.
struct Movie {
    info: SourceInfo,
    reader: BufReader<File>,
    samples: Vec<Sample>,
    order: DisplayOrder,
    config: AvcConfig,
    orientation: Orientation,
    aspect: PixelAspect,
    /// True if the file ends inside a box and no notice about it was given yet.
    is_cut: bool,
    /// Notices to give before the first picture.
    remarks: Vec<Notice>,
    buffer: Vec<u8>,
}

/// What is read here, or why it is left to ffmpeg. The text follows "an MP4 file with …".
type Readable<T> = Result<T, String>;

/// What is known about a track before its samples are read.
struct Setup {
    config: AvcConfig,
    orientation: Orientation,
    aspect: PixelAspect,
    edit: Edit,
}

impl Movie {
    fn open(path: &Path, track: Option<usize>) -> Result<Opened<Self>, SourceError> {
        let file = File::open(path).map_err(|error| SourceError::io(path, error))?;
        let mut reader = BufReader::new(file);
        let layout = Layout::read(&mut reader).map_err(|error| SourceError::io(path, error))?;
        check_layout(path, &layout)?;
        let foreign = |what: String| Ok(Opened::Foreign(format!("an MP4 file with {what}")));
        if !layout.has_type {
            return foreign("a beginning as QuickTime wrote it before 2005".into());
        }
        if layout.samples > MOST_SAMPLES {
            let samples = layout.samples;
            return foreign(format!("a track of {samples} samples, more than are listed here"));
        }
        let mp4 = parse(&mut reader, &layout)
            .map_err(|found| SourceError::unusable(path.display(), "a complete MP4 file", found))?;
        let Some((place, trak)) = video_track(path, &mp4, track)? else {
            return foreign("no video track that is known here".into());
        };
        let Some(listed) = mp4.tracks().get(&trak.tkhd.track_id) else {
            return foreign("two tracks of one number".into());
        };
        let description = match layout.descriptions.get(place) {
            Some(Some(content)) => Description::read(&mut reader, content),
            _ => Ok(Description::default()),
        };
        let description = description.map_err(|error| SourceError::io(path, error))?;
        let setup = match setup(&mp4, trak, listed, &description) {
            Ok(setup) => setup,
            Err(what) => return foreign(what),
        };
        if listed.samples.is_empty() {
            return Err(SourceError::unusable(path.display(), "a video with frames", "none"));
        }
        let edit = setup.edit;
        let mut movie = Self::with(path, reader, listed, setup);
        movie.is_cut = layout.is_cut;
        if let Some(what) = movie.look_at_key_frames().map_err(|error| movie.io(error))? {
            return foreign(what);
        }
        check_size(path.display(), movie.config.stream.size_px)?;
        movie.put_in_order(path, &mp4, listed, &edit)?;
        movie.describe(path, &mp4)?;
        let others = video_tracks(&mp4).count();
        if others > 1 {
            let number = track.unwrap_or(1);
            movie.remarks.push(Notice::of_tracks(path, number, others));
        }
        Ok(Opened::Ready(movie))
    }

    fn with(path: &Path, reader: BufReader<File>, track: &Track, setup: Setup) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self {
            info: SourceInfo { name, ..SourceInfo::default() },
            reader,
            samples: track.samples.clone(),
            order: DisplayOrder::of(&[], 1, &setup.edit, |_| false),
            config: setup.config,
            orientation: setup.orientation,
            aspect: setup.aspect,
            is_cut: false,
            remarks: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Checks key frames, where parameter sets may change. Returns the first thing that cannot be followed
    /// here. The first set in a sample replaces that of the index.
    fn look_at_key_frames(&mut self) -> io::Result<Option<String>> {
        let keys: Vec<Sample> = self.samples.iter().filter(|s| s.is_sync).copied().collect();
        let step = keys.len().div_ceil(MOST_LOOKED_AT).max(1);
        for (i, sample) in keys.iter().step_by(step).enumerate() {
            if !self.read_sample(sample)? {
                break;
            }
            if let Some(trouble) = self.config.trouble_in(&self.buffer) {
                return Ok(Some(trouble.into()));
            }
            if let Some(stream) = self.config.stream_in(&self.buffer).filter(|_| i == 0) {
                self.config.stream = stream;
            }
        }
        Ok(None)
    }

    fn put_in_order(
        &mut self,
        path: &Path,
        mp4: &Mp4,
        track: &Track,
        edit: &Edit,
    ) -> Result<(), SourceError> {
        let empty = self.empty_samples().map_err(|error| self.io(error))?;
        let ticks = composition_ticks(mp4, track);
        let is_empty = |i: usize| empty.get(i).copied().unwrap_or(false);
        self.order = DisplayOrder::of(&ticks, track.timescale, edit, is_empty);
        if self.order.times.is_empty() {
            let found = "none that its edit list shows";
            return Err(SourceError::unusable(path.display(), "a video with frames", found));
        }
        let without = empty.iter().filter(|is_empty| **is_empty).count();
        if without > 0 {
            let text = format!(
                "{}: {without} of {} samples hold no picture; they count as no frames.",
                self.info.name,
                self.samples.len()
            );
            self.remarks.push(Notice::new(NoticeKind::Info, text));
        }
        Ok(())
    }

    /// Finds the samples without a picture. Only samples that are very short are read.
    fn empty_samples(&mut self) -> io::Result<Vec<bool>> {
        let samples = self.samples.clone();
        let mut is_empty = vec![false; samples.len()];
        for (sample, is_empty) in samples.iter().zip(&mut is_empty) {
            if may_be_empty(sample) {
                *is_empty =
                    self.read_sample(sample)? && self.config.is_without_picture(&self.buffer);
            }
        }
        Ok(is_empty)
    }

    fn describe(&mut self, path: &Path, mp4: &Mp4) -> Result<(), SourceError> {
        let size_px = self.display().size_px();
        check_size(path.display(), size_px)?;
        let fps = self.order.mean_fps();
        let start = self.order.start_nanos - movie_start_nanos(mp4).unwrap_or(0);
        let is_sound = |trak: &TrakBox| trak.mdia.hdlr.handler_type.value == *b"soun";
        self.info.size_px = size_px;
        self.info.nominal_fps = fps;
        self.info.frames = Some(self.order.times.len() as u64);
        self.info.media_start = Timestamp::from_nanos(start.max(0).try_into().unwrap_or(0));
        self.info.has_sound = Some(mp4.moov.traks.iter().any(is_sound));
        let fps = fps.unwrap_or_default();
        self.info.detail = format!("H.264 {}×{} at {fps:.4}", size_px.0, size_px.1);
        Ok(())
    }

    fn decoder(&self) -> Result<H264, SourceError> {
        H264::new(self.config.clone())
            .map_err(|found| SourceError::unusable(&self.info.name, "an H.264 decoder", found))
    }

    fn display(&self) -> Display {
        Display::new(self.orientation, self.config.stream.size_px, self.aspect)
    }

    /// Reads a sample into the buffer; false if it is cut off.
    fn read_sample(&mut self, sample: &Sample) -> io::Result<bool> {
        self.reader.seek(SeekFrom::Start(sample.offset))?;
        read_chunk(&mut self.reader, sample.size, &mut self.buffer)
    }

    /// The last sample at or before `sample` with which decoding may begin.
    fn beginning(&mut self, sample: usize) -> io::Result<usize> {
        for at in (1..=sample).rev() {
            let found = self.samples[at];
            if found.is_sync && self.read_sample(&found)? && self.config.is_beginning(&self.buffer)
            {
                return Ok(at);
            }
        }
        Ok(0)
    }

    fn io(&self, error: io::Error) -> SourceError {
        SourceError::Io { path: self.info.name.clone(), error }
    }
}

fn check_layout(path: &Path, layout: &Layout) -> Result<(), SourceError> {
    let found = if layout.has_index && layout.is_sound {
        return Ok(());
    } else if layout.has_index {
        "a damaged index (a box that does not fit into the one round it)"
    } else if layout.is_cut {
        "one cut off before its index (its end is missing)"
    } else {
        "one without an index (moov box)"
    };
    Err(SourceError::unusable(path.display(), "a complete MP4 file", found))
}

/// The video tracks in the order of the file, as ffmpeg counts them, each with its place among all tracks.
fn video_tracks(mp4: &Mp4) -> impl Iterator<Item = (usize, &TrakBox)> {
    let traks = mp4.moov.traks.iter().enumerate();
    traks.filter(|(_, trak)| trak.mdia.hdlr.handler_type.value == *b"vide")
}

fn video_track<'a>(
    path: &Path,
    mp4: &'a Mp4,
    track: Option<usize>,
) -> Result<Option<(usize, &'a TrakBox)>, SourceError> {
    let found = video_tracks(mp4).nth(track.map_or(0, |number| number.saturating_sub(1)));
    match track {
        Some(number) if found.is_none() || number == 0 => {
            Err(SourceError::no_such_track(path, number, video_tracks(mp4).count()))
        }
        _ => Ok(found),
    }
}

fn setup(mp4: &Mp4, trak: &TrakBox, track: &Track, description: &Description) -> Readable<Setup> {
    let StsdBoxContent::Avc1(avc1) = &trak.mdia.minf.stbl.stsd.contents else {
        let codec = track.codec_string(mp4).unwrap_or_else(|| "an unknown codec".into());
        return Err(format!("{codec} rather than H.264"));
    };
    if description.entries > 1 {
        return Err(format!("{} kinds of sample in one track", description.entries));
    }
    let mut config = AvcConfig::parse(&avc1.avcc.raw).ok_or("broken H.264 parameters")?;
    config.container_colour = description.colour;
    if !config.is_known {
        return Err("H.264 of a profile that is not decoded here".into());
    }
    if !config.stream.is_plain {
        return Err("H.264 that is interlaced or not 8-bit 4:2:0".into());
    }
    if config.encoding(&config.stream).is_none() {
        return Err("colours that are not converted here".into());
    }
    let (of_track, of_movie) = (&trak.tkhd.matrix, &mp4.moov.mvhd.matrix);
    let orientation = Orientation::from_matrices(
        [of_track.a, of_track.b, of_track.c, of_track.d],
        [of_movie.a, of_movie.b, of_movie.c, of_movie.d],
    );
    let orientation = orientation.ok_or("a picture turned by no right angle")?;
    let aspect = description.aspect.or(config.stream.aspect).unwrap_or_default();
    Ok(Setup { config, orientation, aspect, edit: Edit::of(mp4, trak)? })
}
