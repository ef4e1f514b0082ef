//! MP4 and QuickTime files with H.264, read sample by sample.
//!
//! The index is parsed up to the first top-level box that is cut off, so that of a recording whose
//! end is missing everything before it can still be seen.

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom};
use std::path::Path;

use re_mp4::{Sample, StsdBoxContent, TrackKind};

use super::container::{Opened, read_chunk};
use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::media::pictures::Pictures;
use crate::media::stream::{Next, Notice, NoticeKind, Source, SourceError, SourceInfo, check_size};
use h264::{AvcConfig, H264, Shown};
use turn::Turn;

pub mod h264;
mod layout;
mod seek;
pub mod sps;
pub mod turn;

use layout::{Layout, parse};

/// The parser lists every sample of every track, 80 bytes each. Video of 1,000 frames a second for
/// three hours has so many; uncompressed sound has more in minutes, in a table of a few bytes.
const MOST_SAMPLES: u64 = 10_000_000;

/// Opens an MP4 file for reading from front to back.
pub(crate) fn open(path: &Path) -> Result<Opened<Box<dyn Source>>, SourceError> {
    Ok(match Movie::open(path)? {
        Opened::Ready(movie) => {
            let decoder = movie.decoder()?;
            Opened::Ready(Box::new(Mp4Video {
                movie,
                decoder,
                next_sample: 0,
                next_place: 0,
                ready: Vec::new(),
                lost: 0,
                stage: Stage::Decoding,
            }))
        }
        Opened::Foreign(what) => Opened::Foreign(what),
    })
}

/// Opens an MP4 file for looking at in any order.
pub(crate) fn pictures(path: &Path) -> Result<Opened<Box<dyn Pictures>>, SourceError> {
    Ok(match Movie::open(path)? {
        Opened::Ready(movie) => Opened::Ready(Box::new(seek::Mp4Pictures::new(path, movie))),
        Opened::Foreign(what) => Opened::Foreign(what),
    })
}

/// The video track of a file.
struct Movie {
    info: SourceInfo,
    reader: BufReader<File>,
    samples: Vec<Sample>,
    order: DisplayOrder,
    config: AvcConfig,
    turn: Turn,
    /// The file ends inside a box, and nobody has been told.
    is_cut: bool,
    buffer: Vec<u8>,
}

impl Movie {
    fn open(path: &Path) -> Result<Opened<Self>, SourceError> {
        let file = File::open(path).map_err(|error| SourceError::io(path, error))?;
        let mut reader = BufReader::new(file);
        let layout = Layout::read(&mut reader).map_err(|error| SourceError::io(path, error))?;
        let expected = "a complete MP4 file";
        if !layout.has_index {
            let found = if layout.is_cut {
                "one cut off before its index (its end is missing)"
            } else {
                "one without an index (moov box)"
            };
            return Err(SourceError::unusable(path.display(), expected, found));
        }
        if !layout.is_sound {
            let found = "a damaged index (a box that does not fit into the one round it)";
            return Err(SourceError::unusable(path.display(), expected, found));
        }
        if layout.samples > MOST_SAMPLES {
            return Ok(Opened::Foreign(format!(
                "an MP4 file with a track of {} samples, more than are listed here",
                layout.samples
            )));
        }
        let mp4 = parse(&mut reader, &layout)
            .map_err(|found| SourceError::unusable(path.display(), expected, found))?;
        let track = mp4.tracks().values().find(|track| track.kind == Some(TrackKind::Video));
        let Some(track) = track else {
            return Ok(Opened::Foreign(
                "an MP4 file without a video track that is known here".into(),
            ));
        };
        let description = &track.trak(&mp4).mdia.minf.stbl.stsd.contents;
        let StsdBoxContent::Avc1(avc1) = description else {
            let codec = track.codec_string(&mp4).unwrap_or_else(|| "an unknown codec".into());
            return Ok(Opened::Foreign(format!("an MP4 file with {codec} rather than H.264")));
        };
        let Some(config) = AvcConfig::parse(&avc1.avcc.raw) else {
            return Err(SourceError::unusable(path.display(), expected, "broken H.264 parameters"));
        };
        if !config.stream.is_plain {
            return Ok(Opened::Foreign(
                "an MP4 file whose H.264 is interlaced or not 8-bit 4:2:0".into(),
            ));
        }
        let size_px = (usize::from(avc1.width), usize::from(avc1.height));
        check_size(path.display(), size_px)?;
        if track.samples.is_empty() {
            return Err(SourceError::unusable(path.display(), "a video with frames", "none"));
        }
        let matrix = &track.trak(&mp4).tkhd.matrix;
        let turn = Turn::from_matrix([matrix.a, matrix.b, matrix.c, matrix.d]);
        let order = DisplayOrder::of(&track.samples, track.timescale);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let fps = order.mean_fps();
        let shown_size_px = turn.size_px(size_px);
        let info = SourceInfo {
            name,
            size_px: shown_size_px,
            nominal_fps: fps,
            frames: Some(track.samples.len() as u64),
            detail: format!(
                "H.264 {}×{} at {:.4}",
                shown_size_px.0,
                shown_size_px.1,
                fps.unwrap_or_default()
            ),
            stamped_on_arrival: false,
            ..SourceInfo::default()
        };
        Ok(Opened::Ready(Self {
            info,
            reader,
            samples: track.samples.clone(),
            order,
            config,
            turn,
            is_cut: layout.is_cut,
            buffer: Vec::new(),
        }))
    }

    fn decoder(&self) -> Result<H264, SourceError> {
        H264::new(self.config.clone())
            .map_err(|found| SourceError::unusable(&self.info.name, "an H.264 decoder", found))
    }

    /// Reads a sample into the buffer; false where it is cut off.
    fn read_sample(&mut self, sample: &Sample) -> io::Result<bool> {
        self.reader.seek(SeekFrom::Start(sample.offset))?;
        read_chunk(&mut self.reader, sample.size, &mut self.buffer)
    }

    fn io(&self, error: io::Error) -> SourceError {
        SourceError::Io { path: self.info.name.clone(), error }
    }
}

/// In which order, and when, the samples are shown.
struct DisplayOrder {
    /// Of every sample in file order, its place in the order of display.
    places: Vec<u64>,
    /// Of every place, its time since the first.
    times: Vec<Timestamp>,
}

impl DisplayOrder {
    fn of(samples: &[Sample], timescale: u64) -> Self {
        let mut by_time: Vec<usize> = (0..samples.len()).collect();
        by_time.sort_by_key(|&i| samples[i].composition_timestamp);
        let first = by_time.first().map_or(0, |&i| samples[i].composition_timestamp);
        let mut places = vec![0; samples.len()];
        let mut times = Vec::with_capacity(samples.len());
        for (place, &i) in by_time.iter().enumerate() {
            places[i] = place as u64;
            let ticks = i128::from(samples[i].composition_timestamp) - i128::from(first);
            let nanos = ticks * 1_000_000_000 / i128::from(timescale.max(1));
            times.push(Timestamp::from_nanos(nanos.try_into().unwrap_or(i64::MAX)));
        }
        Self { places, times }
    }

    fn mean_fps(&self) -> Option<f64> {
        let (first, last) = (self.times.first()?, self.times.last()?);
        let secs = last.secs_since(*first);
        (secs > 0.0).then(|| (self.times.len() - 1) as f64 / secs)
    }
}

/// How far the reading is.
#[derive(PartialEq, Eq)]
enum Stage {
    Decoding,
    /// All samples have gone in; the last pictures are coming out.
    Emptying,
    Done,
}

struct Mp4Video {
    movie: Movie,
    decoder: H264,
    next_sample: usize,
    /// The place after that of the newest frame delivered.
    next_place: u64,
    /// Pictures out of the decoder, latest first.
    ready: Vec<Shown>,
    /// Samples that gave no picture and have been told.
    lost: u64,
    stage: Stage,
}

impl Mp4Video {
    /// Feeds one sample, or empties the decoder after the last.
    fn advance(&mut self) -> Result<Option<Notice>, SourceError> {
        let Some(sample) = self.movie.samples.get(self.next_sample).copied() else {
            self.ready = self.decoder.finish();
            self.ready.reverse();
            self.stage = Stage::Emptying;
            return Ok(None);
        };
        let place = self.movie.order.places[self.next_sample];
        self.next_sample += 1;
        if !self.movie.read_sample(&sample).map_err(|error| self.movie.io(error))? {
            let missing = self.movie.samples.len() - self.next_sample + 1;
            self.next_sample = self.movie.samples.len();
            self.lost += missing as u64;
            self.movie.is_cut = false;
            return Ok(Some(Notice::new(
                NoticeKind::CorruptFrame,
                format!(
                    "{} is cut off: its last {missing} of {} frames are missing",
                    self.movie.info.name,
                    self.movie.samples.len()
                ),
            )));
        }
        self.ready.extend(self.decoder.decode(place, &self.movie.buffer));
        Ok(None)
    }

    fn shown(&mut self, (place, picture): Shown) -> Result<Next, SourceError> {
        let time = self.movie.order.times.get(place as usize).copied().unwrap_or_default();
        match picture {
            // Damage can make a decoder give pictures out of turn; time must not run backwards.
            Ok(_) if place < self.next_place => Ok(self.lost(place, time, "it came out of turn")),
            Ok(image) => {
                self.next_place = place + 1;
                let image = self.movie.turn.apply(image);
                check_size(&self.movie.info.name, (image.width, image.height))?;
                Ok(Next::Frame(Frame::new(place, time, image)))
            }
            Err(why) => Ok(self.lost(place, time, &why)),
        }
    }

    fn lost(&mut self, place: u64, time: Timestamp, why: &str) -> Next {
        self.lost += 1;
        let text = format!("frame {place} of {} at {time} is lost: {why}", self.movie.info.name);
        Next::Notice(Notice::new(NoticeKind::CorruptFrame, text))
    }
}

impl Source for Mp4Video {
    fn info(&self) -> &SourceInfo {
        &self.movie.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        loop {
            if let Some(shown) = self.ready.pop() {
                return self.shown(shown);
            }
            match self.stage {
                Stage::Decoding => {
                    if let Some(notice) = self.advance()? {
                        return Ok(Next::Notice(notice));
                    }
                }
                Stage::Emptying => {
                    self.stage = Stage::Done;
                    if self.lost == self.movie.samples.len() as u64 {
                        let found = format!("none among {} samples", self.lost);
                        let expected = "a video with frames that decode";
                        return Err(SourceError::unusable(&self.movie.info.name, expected, found));
                    }
                    if self.movie.is_cut {
                        let text =
                            format!("{} is cut off: its end is missing", self.movie.info.name);
                        return Ok(Next::Notice(Notice::new(NoticeKind::CorruptFrame, text)));
                    }
                }
                Stage::Done => return Ok(Next::End),
            }
        }
    }
}
