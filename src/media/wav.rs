//! Sound as WAV, one channel of 16 bits: the file beside the film of a session.
//!
//! The header stands before the samples and says how many there are. While the file grows, it is written anew
//! again and again; so a killed program leaves a file that every player opens. Room is kept for the longer
//! header that a file of more than 4 GB needs, which is reached after twelve hours (EBU Tech 3306, RF64).

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::sound::{SoundFile, SoundFileError};
use crate::files;

/// Bytes before the samples.
const HEADER: u64 = 80;

/// Bytes of a sample.
const WIDTH: u64 = 2;

/// Greatest number of chunks that are looked at before the samples, in a file of another program.
const MOST_CHUNKS: usize = 64;

/// Writes a file that grows.
#[derive(Debug)]
pub struct WavWriter {
    file: File,
    rate_hz: u32,
    samples: u64,
    /// Samples in bytes, kept to be used again.
    bytes: Vec<u8>,
}

impl WavWriter {
    /// Begins a new file; only its owner can read it. Fails if there is one of this name.
    pub fn create(path: &Path, rate_hz: u32) -> io::Result<Self> {
        let file = files::options().read(true).write(true).create_new(true).open(path)?;
        let mut writer = Self { file, rate_hz, samples: 0, bytes: Vec::new() };
        writer.write_header()?;
        Ok(writer)
    }

    /// Number of samples so far.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Samples per second.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Adds samples and hands them to the system.
    pub fn push(&mut self, samples: &[i16]) -> io::Result<()> {
        self.bytes.clear();
        self.bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        self.file.write_all(&self.bytes)?;
        self.samples += samples.len() as u64;
        Ok(())
    }

    /// Adds this many samples of silence.
    pub fn push_silence(&mut self, samples: u64) -> io::Result<()> {
        const SILENCE: [i16; 4800] = [0; 4800];
        let mut left = samples;
        while left > 0 {
            let now = left.min(SILENCE.len() as u64);
            self.push(&SILENCE[..now as usize])?;
            left -= now;
        }
        Ok(())
    }

    /// Writes into the header how many samples there are.
    pub fn write_header(&mut self) -> io::Result<()> {
        let header = header(self.rate_hz, self.samples);
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header)?;
        self.file.seek(SeekFrom::Start(HEADER + self.samples * WIDTH))?;
        Ok(())
    }

    /// The same, and waits until the file is on the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        self.write_header()?;
        self.file.sync_data()
    }
}

/// The header of a file with this many samples.
fn header(rate_hz: u32, samples: u64) -> Vec<u8> {
    let data = samples * WIDTH;
    let whole = data + HEADER - 8;
    let is_long = whole > u64::from(u32::MAX);
    let short = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
    let mut header = Vec::with_capacity(HEADER as usize);
    header.extend(if is_long { b"RF64" } else { b"RIFF" });
    header.extend(short(whole));
    header.extend(b"WAVE");
    header.extend(if is_long { b"ds64" } else { b"JUNK" });
    header.extend(28u32.to_le_bytes());
    let long = if is_long { [whole, data, samples] } else { [0; 3] };
    header.extend(long.iter().flat_map(|number| number.to_le_bytes()));
    header.extend(0u32.to_le_bytes());
    header.extend(b"fmt ");
    header.extend(16u32.to_le_bytes());
    // Plain whole numbers, one channel.
    header.extend([1u16, 1].iter().flat_map(|number| number.to_le_bytes()));
    header.extend(rate_hz.to_le_bytes());
    header.extend((rate_hz * WIDTH as u32).to_le_bytes());
    header.extend([WIDTH as u16, 16].iter().flat_map(|number| number.to_le_bytes()));
    header.extend(b"data");
    header.extend(short(data));
    header
}

/// Reads such a file, also one that was cut off.
#[derive(Debug)]
pub struct WavReader {
    path: PathBuf,
    file: BufReader<File>,
    rate_hz: u32,
    /// Where the samples begin.
    begin: u64,
    samples: u64,
    /// The sample at which the file stands.
    at: Option<u64>,
}

impl WavReader {
    /// Opens a file. Its samples are those that are there: if it was cut off, or still grows, the number in
    /// its header is not the newest.
    pub fn open(path: &Path) -> Result<Self, SoundFileError> {
        let failed = |error: io::Error| SoundFileError::new(path, error);
        let wrong = |found: &str| {
            let found = format!("expected sound of one channel and 16 bits (WAV), found {found}");
            SoundFileError { path: path.into(), found }
        };
        let file = files::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut file = BufReader::new(file);
        let mut begin = [0; 12];
        file.read_exact(&mut begin).map_err(|_| wrong("an empty or cut-off file"))?;
        let is_wave =
            (begin.starts_with(b"RIFF") || begin.starts_with(b"RF64")) && begin.ends_with(b"WAVE");
        if !is_wave {
            return Err(wrong("a file of another kind"));
        }
        let (mut rate_hz, mut at) = (None, 12u64);
        for _ in 0..MOST_CHUNKS {
            let mut chunk = [0; 8];
            file.read_exact(&mut chunk).map_err(|_| wrong("a file that was cut off"))?;
            let size = u64::from(u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]));
            at += 8;
            match (&chunk[..4], rate_hz) {
                (b"data", Some(rate_hz)) => {
                    let samples = length.saturating_sub(at) / WIDTH;
                    return Ok(Self {
                        path: path.into(),
                        file,
                        rate_hz,
                        begin: at,
                        samples,
                        at: None,
                    });
                }
                (b"fmt ", _) => {
                    let mut format = [0; 16];
                    file.read_exact(&mut format).map_err(|_| wrong("a file that was cut off"))?;
                    let number = |at: usize| u16::from_le_bytes([format[at], format[at + 1]]);
                    if [number(0), number(2), number(14)] != [1, 1, 16] {
                        return Err(wrong("other samples"));
                    }
                    let rate = u32::from_le_bytes([format[4], format[5], format[6], format[7]]);
                    if !(1..=768_000).contains(&rate) {
                        return Err(wrong(&format!("{rate} samples a second")));
                    }
                    rate_hz = Some(rate);
                }
                _ => {}
            }
            // A chunk begins at an even byte.
            at = at.saturating_add(size + size % 2);
            file.seek(SeekFrom::Start(at)).map_err(failed)?;
        }
        Err(wrong("no samples"))
    }

    /// Seconds of sound.
    pub fn secs(&self) -> f64 {
        self.samples as f64 / f64::from(self.rate_hz)
    }
}

impl SoundFile for WavReader {
    fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn samples(&self) -> u64 {
        self.samples
    }

    fn read(&mut self, first: i64, out: &mut [i16]) -> Result<(), SoundFileError> {
        out.fill(0);
        let before = usize::try_from(first.saturating_neg()).unwrap_or(0).min(out.len());
        let from = u64::try_from(first).unwrap_or(0);
        let left = usize::try_from(self.samples.saturating_sub(from)).unwrap_or(usize::MAX);
        let wanted = left.min(out.len() - before);
        if wanted == 0 {
            return Ok(());
        }
        let failed = |path: &Path, error: io::Error| SoundFileError::new(path, error);
        if self.at != Some(from) {
            let at = SeekFrom::Start(self.begin + from * WIDTH);
            self.file.seek(at).map_err(|error| failed(&self.path, error))?;
        }
        self.at = None;
        let mut bytes = vec![0; wanted * WIDTH as usize];
        self.file.read_exact(&mut bytes).map_err(|error| failed(&self.path, error))?;
        for (sample, bytes) in out[before..].iter_mut().zip(bytes.chunks_exact(2)) {
            *sample = i16::from_le_bytes([bytes[0], bytes[1]]);
        }
        self.at = Some(from + wanted as u64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ramp(samples: i16) -> Vec<i16> {
        (0..samples).collect()
    }

    #[test]
    fn what_is_written_is_read_from_any_place_with_silence_around() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sound.wav");
        let mut writer = WavWriter::create(&path, 48_000).expect("made");
        writer.push(&ramp(1000)).expect("written");
        writer.push_silence(10_000).expect("written");
        writer.sync().expect("written");
        let mut reader = WavReader::open(&path).expect("opens");
        assert_eq!((reader.rate_hz(), reader.samples()), (48_000, 11_000));
        let mut read = |first| {
            let mut out = [7; 4];
            reader.read(first, &mut out).expect("read");
            out
        };
        assert_eq!(read(500), [500, 501, 502, 503]);
        assert_eq!(read(504), [504, 505, 506, 507]);
        assert_eq!(read(-2), [0, 0, 0, 1]);
        assert_eq!(read(998), [998, 999, 0, 0]);
        assert_eq!(read(-9), [0; 4]);
        assert_eq!(read(i64::MIN), [0; 4]);
        assert_eq!(read(i64::MAX), [0; 4]);
        assert!(WavWriter::create(&path, 48_000).is_err(), "nothing is overwritten");
    }

    #[test]
    fn what_came_after_the_newest_header_is_read_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sound.wav");
        let mut writer = WavWriter::create(&path, 16_000).expect("made");
        writer.push(&ramp(100)).expect("written");
        // Killed here: the header still says that there is nothing.
        drop(writer);
        assert_eq!(WavReader::open(&path).expect("opens").samples(), 100);
    }

    #[test]
    fn a_file_of_more_than_four_gigabytes_has_the_longer_header() {
        let twelve_hours = 12 * 3600 * 48_000;
        assert!(header(48_000, twelve_hours).starts_with(b"RIFF"));
        let longer = header(48_000, twelve_hours + 3600 * 48_000);
        assert!(longer.starts_with(b"RF64") && longer.len() as u64 == HEADER);
        let data = u64::from_le_bytes(longer[28..36].try_into().expect("eight bytes"));
        assert_eq!(data, (twelve_hours + 3600 * 48_000) * WIDTH);
    }

    proptest! {
        #[test]
        fn no_file_makes_the_reader_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), keep: bool) {
            if keep {
                let mut whole = header(8000, 40);
                let place = bytes.first().map_or(0, |at| usize::from(*at) % whole.len());
                whole.truncate(80);
                if let Some(byte) = bytes.get(1) { whole[place] = *byte; }
                whole.append(&mut bytes);
                bytes = whole;
            }
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("x.wav");
            std::fs::write(&path, bytes).expect("written");
            if let Ok(mut reader) = WavReader::open(&path) {
                prop_assert!(reader.read(-3, &mut [0; 64]).is_ok());
            }
        }
    }
}
