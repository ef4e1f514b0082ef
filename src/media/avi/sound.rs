//! The sound of AVI files, where it is plain samples of 8 or 16 bits.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::{Chunks, Header};
use crate::measure::time::Timestamp;
use crate::media::sound::{MOST_SECS, SoundFile, SoundFileError};

/// Plain samples (`WAVE_FORMAT_PCM`).
const PLAIN: u16 = 1;

/// Greatest number of chunks of sound: a day of one for each of sixty pictures a second.
const MOST_CHUNKS: usize = 6_000_000;

/// How the samples of a sound stream are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SoundFormat {
    kind: u16,
    channels: u16,
    rate_hz: u32,
    bits: u16,
}

impl SoundFormat {
    /// From the stream's format chunk.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let half = |at: usize| Some(u16::from_le_bytes(data.get(at..at + 2)?.try_into().ok()?));
        let rate_hz = u32::from_le_bytes(data.get(4..8)?.try_into().ok()?);
        Some(Self { kind: half(0)?, channels: half(2)?, rate_hz, bits: half(14)? })
    }

    fn is_plain(self) -> bool {
        self.kind == PLAIN
            && (1..=32).contains(&self.channels)
            && (1..=768_000).contains(&self.rate_hz)
            && [8, 16].contains(&self.bits)
    }

    /// Bytes of one sample of every channel.
    fn width(self) -> u64 {
        u64::from(self.channels) * u64::from(self.bits / 8)
    }
}

/// A stretch of the file that holds sound.
#[derive(Clone, Copy, Debug)]
struct SoundChunk {
    at: u64,
    /// Number of its first sample in the stream.
    first: u64,
    samples: u64,
}

/// The open sound.
#[derive(Debug)]
pub struct AviSound {
    path: PathBuf,
    file: BufReader<File>,
    format: SoundFormat,
    chunks: Vec<SoundChunk>,
    /// The session's sample at which the stream begins.
    begin: i64,
}

impl AviSound {
    /// Opens the first sound stream, and looks through the whole file for its chunks. `film_start` is time zero
    /// of the session on the film's own clock.
    pub fn open(path: &Path, film_start: Timestamp) -> Result<Self, SoundFileError> {
        let failed = |error: io::Error| SoundFileError::new(path, error);
        let wrong = |found: &str| SoundFileError::new(path, found);
        let file = crate::files::open(path).map_err(failed)?;
        let mut chunks = Chunks { reader: BufReader::new(file), data: Vec::new() };
        let header = Header::read(&mut chunks).map_err(failed)?;
        let sounds = header.streams.iter().enumerate();
        let (number, stream) =
            sounds.clone().find(|(_, one)| one.is_sound).ok_or_else(|| wrong("it has no sound"))?;
        let format = stream.sound.filter(|format| format.is_plain());
        let format = format.ok_or_else(|| {
            wrong("its sound cannot be read here: of AVI files, plain samples of 8 or 16 bits are")
        })?;
        let start = header.start_of(stream).secs_since(film_start);
        let begin = (start * f64::from(format.rate_hz)).round() as i64;
        let name = format!("{number:02}wb").into_bytes();
        let chunks = Self::index(chunks, &name, format).map_err(failed)?;
        let file = BufReader::new(crate::files::open(path).map_err(failed)?);
        Ok(Self { path: path.into(), file, format, chunks, begin })
    }

    /// Where the chunks of this name are, up to where the file was cut off.
    fn index(mut chunks: Chunks, name: &[u8], format: SoundFormat) -> io::Result<Vec<SoundChunk>> {
        let length = chunks.reader.get_ref().metadata()?.len();
        let (mut found, mut first) = (Vec::new(), 0);
        while let Some((id, size)) = chunks.next_chunk()? {
            let at = chunks.reader.stream_position()?;
            if at >= length || found.len() == MOST_CHUNKS {
                break;
            }
            match &id {
                b"LIST" | b"RIFF" => {
                    if !chunks.read(4)? {
                        break;
                    }
                }
                id => {
                    if id == name {
                        let samples = size.min(length - at) / format.width();
                        found.push(SoundChunk { at, first, samples });
                        first += samples;
                    }
                    chunks.skip(size)?;
                }
            }
        }
        Ok(found)
    }

    /// The mean of all channels of one sample.
    fn mean(&self, bytes: &[u8]) -> i16 {
        let sum: i32 = match self.format.bits {
            8 => bytes.iter().map(|byte| (i32::from(*byte) - 128) << 8).sum(),
            _ => bytes
                .chunks_exact(2)
                .map(|two| i32::from(i16::from_le_bytes([two[0], two[1]])))
                .sum(),
        };
        (sum / i32::from(self.format.channels)) as i16
    }
}

impl SoundFile for AviSound {
    fn rate_hz(&self) -> u32 {
        self.format.rate_hz
    }

    fn samples(&self) -> u64 {
        let end = self.chunks.last().map_or(0, |chunk| chunk.first + chunk.samples);
        let most = (MOST_SECS * f64::from(self.rate_hz())) as u64;
        end.saturating_add_signed(self.begin).min(most)
    }

    fn read(&mut self, first: i64, out: &mut [i16]) -> Result<(), SoundFileError> {
        out.fill(0);
        let from = first.saturating_sub(self.begin);
        let before = usize::try_from(from.saturating_neg()).unwrap_or(0).min(out.len());
        let (mut at, mut place) = (u64::try_from(from).unwrap_or(0), before);
        let width = self.format.width();
        while place < out.len() {
            let next = self.chunks.partition_point(|chunk| chunk.first + chunk.samples <= at);
            let Some(chunk) = self.chunks.get(next).copied() else { break };
            let left = (chunk.first + chunk.samples - at).min((out.len() - place) as u64);
            let mut bytes = vec![0; (left * width) as usize];
            let seek = SeekFrom::Start(chunk.at + (at - chunk.first) * width);
            self.file
                .seek(seek)
                .and_then(|_| self.file.read_exact(&mut bytes))
                .map_err(|error| SoundFileError::new(&self.path, error))?;
            for sample in bytes.chunks_exact(width as usize) {
                out[place] = self.mean(sample);
                place += 1;
            }
            at += left;
        }
        Ok(())
    }
}
