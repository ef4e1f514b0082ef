//! Reading a film, also one that is unfinished or damaged.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ebml::crc_32;
use super::layout::{
    CHECKED_FROM, Header, PICTURE_HEADER_BYTES, PictureHeader, PicturePlace, Start, index_at,
    read_index,
};
use super::writer::MkvWriter;
use crate::measure::event::Moment;
use crate::media::image::Frame;
use crate::media::jpeg;
use crate::media::pictures::{PictureError, Pictures};

/// The pictures of a film.
#[derive(Debug)]
pub struct MkvReader {
    path: PathBuf,
    file: File,
    places: Vec<PicturePlace>,
    moments: Vec<Moment>,
    troubles: Vec<String>,
    buffer: Vec<u8>,
}

/// Every complete picture, and what else was found.
struct Found {
    places: Vec<PicturePlace>,
    troubles: Vec<String>,
    /// True if the film was finished.
    is_complete: bool,
    /// Byte after the last complete picture.
    end: u64,
}

impl MkvReader {
    /// Opens a film without changing it. A film that is cut off or damaged opens with all its complete
    /// pictures, and [`troubles`](Self::troubles) says what is wrong.
    pub fn open(path: &Path) -> Result<Self, PictureError> {
        let refuse = |error: io::Error| error_of(path, error.to_string());
        let mut file = File::open(path).map_err(refuse)?;
        let found = find(path, &mut file)?;
        let moments = found.places.iter().map(|place| place.moment).collect();
        Ok(Self {
            path: path.to_owned(),
            file,
            places: found.places,
            moments,
            troubles: found.troubles,
            buffer: Vec::new(),
        })
    }

    /// What is wrong with the film, one sentence each; empty for a finished film.
    pub fn troubles(&self) -> &[String] {
        &self.troubles
    }

    /// The JPEG of picture `index` as it was recorded.
    pub fn jpeg(&mut self, index: usize) -> Result<&[u8], PictureError> {
        let place = self.places.get(index).ok_or_else(|| {
            let found = format!("expected one of {} pictures, found {index}", self.places.len());
            error_of(&self.path, found)
        })?;
        let header = read_picture(&mut self.file, place.offset, &mut self.buffer)
            .map_err(|error| error_of(&self.path, error.to_string()))?;
        if header.is_none_or(|header| header.moment != place.moment) {
            let Moment { frame, time } = place.moment;
            let found = format!("frame {frame} at {time} is damaged: its checksum does not fit");
            return Err(error_of(&self.path, found));
        }
        Ok(&self.buffer)
    }
}

impl Pictures for MkvReader {
    fn moments(&self) -> &[Moment] {
        &self.moments
    }

    fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
        let bytes: Arc<[u8]> = self.jpeg(index)?.into();
        let Moment { frame, time } = self.moments[index];
        let image = jpeg::decode(&bytes).map_err(|found| {
            error_of(
                &self.path,
                format!("frame {frame} at {time}: expected a picture, found {found}"),
            )
        })?;
        Ok(Frame { seq: frame, time, image: Arc::new(image), jpeg: Some(bytes) })
    }
}

/// True if the file at `path` begins like a film with pictures; false if it cannot be read.
pub fn is_film(path: &Path) -> bool {
    let mut start = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(Start::BYTES as u64).read_to_end(&mut start));
    read.is_ok() && matches!(Start::of(&start), Start::Film { .. })
}

/// Finishes an unfinished film, so that players can jump in it. What follows the last complete picture is
/// removed, and an index is added. Returns what was done, one sentence each; empty for a finished film.
pub fn mend(path: &Path) -> Result<Vec<String>, PictureError> {
    let refuse = |error: io::Error| error_of(path, error.to_string());
    let mut file = File::open(path).map_err(refuse)?;
    let mut found = find(path, &mut file)?;
    if found.is_complete || found.places.is_empty() {
        return Ok(found.troubles);
    }
    let mut file = File::options().read(true).write(true).open(path).map_err(refuse)?;
    file.set_len(found.end).and_then(|()| file.seek(SeekFrom::End(0))).map_err(refuse)?;
    let header = Header::new((0, 0));
    MkvWriter::resume(file, header, found.places, found.end).finish().map_err(refuse)?;
    found.troubles.push("Its index was made again.".into());
    Ok(found.troubles)
}

fn error_of(path: &Path, found: String) -> PictureError {
    PictureError { path: path.to_owned(), found }
}

fn find(path: &Path, file: &mut File) -> Result<Found, PictureError> {
    let refuse = |error: io::Error| error_of(path, error.to_string());
    let mut start = Vec::new();
    file.take(Start::BYTES as u64).read_to_end(&mut start).map_err(refuse)?;
    match Start::of(&start) {
        Start::Foreign => {
            Err(error_of(path, "expected a film of Fleeting, found another kind of file".into()))
        }
        Start::Cut => Ok(Found {
            places: Vec::new(),
            troubles: vec!["It was cut off before its first picture.".into()],
            is_complete: false,
            end: 0,
        }),
        Start::Film { segment, pictures } => {
            let whole = complete(file, &start, segment).map_err(refuse)?;
            whole.map_or_else(|| scan(file, pictures).map_err(refuse), Ok)
        }
    }
}

/// Reads the index of a finished film; `None` if there is no index or if it is wrong.
fn complete(file: &mut File, start: &[u8], segment: u64) -> io::Result<Option<Found>> {
    let Some(at) = index_at(start, segment) else { return Ok(None) };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.read_to_end(&mut bytes)?;
    let Some(places) = read_index(&bytes, segment) else { return Ok(None) };
    let mut end = at;
    if let Some(last) = places.last() {
        let Some(header) = read_header(file, last.offset)? else { return Ok(None) };
        end = last.offset + (PICTURE_HEADER_BYTES + header.jpeg_bytes) as u64;
        if header.moment != last.moment || end != at {
            return Ok(None);
        }
    }
    Ok(Some(Found { places, troubles: Vec::new(), is_complete: true, end }))
}

/// Goes from picture to picture. Behind damaged bytes it searches for the next picture.
fn scan(file: &mut File, from: u64) -> io::Result<Found> {
    let length = file.metadata()?.len();
    let mut found =
        Found { places: Vec::new(), troubles: Vec::new(), is_complete: false, end: from };
    let mut at = from;
    while at < length {
        let whole = read_header(file, at)?
            .map(|header| (header, at + (PICTURE_HEADER_BYTES + header.jpeg_bytes) as u64))
            .filter(|(_, end)| *end <= length);
        if let Some((header, end)) = whole {
            found.take(PicturePlace { offset: at, moment: header.moment });
            (at, found.end) = (end, end);
            continue;
        }
        match next_picture(file, at + 1)? {
            Some(next) => {
                found.troubles.push(format!("{} damaged bytes were skipped.", next - at));
                at = next;
            }
            None => break,
        }
    }
    found.drop_torn(file)?;
    let cut = match length - found.end {
        0 => "It was not finished; every picture is whole.".into(),
        bytes => format!("It was not finished; its last {bytes} bytes hold no whole picture."),
    };
    found.troubles.push(cut);
    Ok(found)
}

impl Found {
    /// Numbers and times must grow. A picture that breaks this is not part of the film.
    fn take(&mut self, place: PicturePlace) {
        if self.places.last().is_none_or(|last| place.moment.is_after(last.moment)) {
            self.places.push(place);
        }
    }

    /// After a power cut, the end of a file may have its length but not its content.
    fn drop_torn(&mut self, file: &mut File) -> io::Result<()> {
        let mut buffer = Vec::new();
        while let Some(last) = self.places.last() {
            if read_picture(file, last.offset, &mut buffer)?.is_some() {
                break;
            }
            self.end = last.offset;
            self.places.pop();
        }
        Ok(())
    }
}

/// The header at byte `at`; `None` if there is none.
fn read_header(file: &mut File, at: u64) -> io::Result<Option<PictureHeader>> {
    let mut header = [0; PICTURE_HEADER_BYTES];
    file.seek(SeekFrom::Start(at))?;
    match file.read_exact(&mut header) {
        Ok(()) => Ok(PictureHeader::parse(&header)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads the JPEG at `at` into `buffer`; `None` if it is cut off or its checksum does not match.
fn read_picture(
    file: &mut File,
    at: u64,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<PictureHeader>> {
    let mut header = [0; PICTURE_HEADER_BYTES];
    buffer.clear();
    file.seek(SeekFrom::Start(at))?;
    if file.take(header.len() as u64).read_to_end(buffer)? < header.len() {
        return Ok(None);
    }
    header.copy_from_slice(buffer);
    let Some(parsed) = PictureHeader::parse(&header) else { return Ok(None) };
    buffer.clear();
    let got = file.take(parsed.jpeg_bytes as u64).read_to_end(buffer)?;
    let is_whole =
        got == parsed.jpeg_bytes && crc_32(&[&header[CHECKED_FROM..], buffer]) == parsed.crc;
    Ok(is_whole.then_some(parsed))
}

/// The first complete picture that begins at `from` or later.
fn next_picture(file: &mut File, from: u64) -> io::Result<Option<u64>> {
    const STEP: usize = 1 << 20;
    const NAME: [u8; 4] = super::ebml::id::CLUSTER.to_be_bytes();
    let mut buffer = Vec::with_capacity(STEP);
    let mut picture = Vec::new();
    let mut from = from;
    loop {
        buffer.clear();
        file.seek(SeekFrom::Start(from))?;
        let got = file.take(STEP as u64).read_to_end(&mut buffer)?;
        for (i, _) in buffer.windows(NAME.len()).enumerate().filter(|(_, word)| *word == NAME) {
            let at = from + i as u64;
            if read_picture(file, at, &mut picture)?.is_some() {
                return Ok(Some(at));
            }
        }
        if got < STEP {
            return Ok(None);
        }
        // A name may cross the border between two steps.
        from += (STEP - NAME.len() + 1) as u64;
    }
}
