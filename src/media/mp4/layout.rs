//! How an MP4 file is built, checked before the parser reads it. The parser trusts every number in a file, so
//! it is stopped here if it panics or does not end.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use re_mp4::Mp4;

/// Parses the index. The parser reads from tables that a damaged file may have made too short, and panics.
/// That is a fault of the file, so it becomes an error.
pub(crate) fn parse(reader: &mut BufReader<File>, layout: &Layout) -> Result<Mp4, String> {
    reader.seek(SeekFrom::Start(0)).map_err(|error| error.to_string())?;
    let left = layout.index_bytes.saturating_mul(READS_PER_BYTE).saturating_add(LEAST_READS);
    let reader = Budget { reader, left };
    match catching(|| Mp4::read(reader, layout.whole_bytes)) {
        Some(Ok(mp4)) => Ok(mp4),
        Some(Err(error)) => Err(format!("a damaged index ({error})")),
        None => Err("a damaged index (its tables contradict each other)".into()),
    }
}

thread_local! {
    /// True while a panic in this thread is expected and must not be reported.
    static IS_EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// The result of `parse`; `None` if it panics.
fn catching<T>(parse: impl FnOnce() -> T) -> Option<T> {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_EXPECTED.get() {
                tell(info)
            }
        }));
    });
    IS_EXPECTED.set(true);
    let parsed = panic::catch_unwind(AssertUnwindSafe(parse));
    IS_EXPECTED.set(false);
    parsed.ok()
}

/// Greatest number of reads per byte of an index. The parser reads every byte once or twice, mostly four at a
/// time.
const READS_PER_BYTE: u64 = 16;
const LEAST_READS: u64 = 1 << 16;

/// A reader with a limited number of reads. Without the limit, the parser would never end in a box that
/// claims to have no bytes.
struct Budget<'a> {
    reader: &'a mut BufReader<File>,
    left: u64,
}

impl Budget<'_> {
    fn spend(&mut self, reads: u64) -> io::Result<()> {
        let left = self.left.checked_sub(reads);
        self.left = left.ok_or_else(|| io::Error::other("it is read in circles"))?;
        Ok(())
    }
}

impl Read for Budget<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.spend(1 + count as u64)?;
        Ok(count)
    }
}

impl Seek for Budget<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.spend(1)?;
        self.reader.seek(to)
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        self.spend(1)?;
        self.reader.stream_position()
    }
}

/// The top-level boxes (ISO/IEC 14496-12, 4.2).
pub(crate) struct Layout {
    /// Bytes before the first box that is cut off.
    pub(crate) whole_bytes: u64,
    pub(crate) has_index: bool,
    /// True if the file says what kind of file it is. Old QuickTime files do not.
    pub(crate) has_type: bool,
    pub(crate) is_cut: bool,
    /// True if every box of the index lies inside the box around it. In a box that claims to have no bytes,
    /// the parser would never end.
    pub(crate) is_sound: bool,
    /// The largest number of samples that any table claims.
    pub(crate) samples: u64,
    /// The content of every track's sample description.
    pub(crate) descriptions: Vec<Option<Range<u64>>>,
    /// Bytes of everything except pictures and sound.
    index_bytes: u64,
}

impl Layout {
    pub(crate) fn read(reader: &mut BufReader<File>) -> io::Result<Self> {
        let file_bytes = reader.get_ref().metadata()?.len();
        let mut layout = Self {
            whole_bytes: 0,
            has_index: false,
            has_type: false,
            is_cut: false,
            is_sound: true,
            samples: 0,
            descriptions: Vec::new(),
            index_bytes: 0,
        };
        while layout.whole_bytes < file_bytes {
            reader.seek(SeekFrom::Start(layout.whole_bytes))?;
            let mut header = [0; 16];
            let got = read_up_to(reader, &mut header)?;
            let (size, header_bytes) =
                match u32::from_be_bytes([header[0], header[1], header[2], header[3]]) {
                    // Size 0 means "to the end of the file"; size 1 means that the size did not fit into 32
                    // bits.
                    0 => (file_bytes - layout.whole_bytes, 8),
                    1 => (u64::from_be_bytes(header[8..].try_into().unwrap_or_default()), 16),
                    size => (u64::from(size), 8),
                };
            let end = layout.whole_bytes.saturating_add(size);
            if got < header_bytes || size < header_bytes as u64 || end > file_bytes {
                layout.is_cut = !layout.has_index
                    || is_part(&header[4..8])
                    || holds_parts(reader, layout.whole_bytes)?;
                break;
            }
            layout.has_index |= &header[4..8] == b"moov";
            layout.has_type |= &header[4..8] == b"ftyp";
            layout.index_bytes += if &header[4..8] == b"mdat" { 0 } else { size };
            let content = layout.whole_bytes + header_bytes as u64..end;
            layout.is_sound &= layout.look_into(reader, &header[4..8], content, 0)?;
            layout.whole_bytes = end;
        }
        Ok(layout)
    }

    /// Keeps the place of a track's sample description.
    fn note_description(&mut self, name: &[u8], content: &Range<u64>) {
        match (name, self.descriptions.last_mut()) {
            (b"trak", _) => self.descriptions.push(None),
            (b"stsd", Some(description)) => *description = Some(content.clone()),
            _ => {}
        }
    }

    /// True if the boxes in a box called `name` fill it one after the other, and the boxes in these do so
    /// too.
    fn look_into(
        &mut self,
        reader: &mut BufReader<File>,
        name: &[u8],
        content: Range<u64>,
        depth: usize,
    ) -> io::Result<bool> {
        const HEADER_BYTES: u64 = 8;
        /// Sample tables are five boxes deep.
        const DEEPEST: usize = 8;
        const PARENTS: [&[u8]; 10] = [
            b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"edts", b"mvex", b"moof",
            b"traf",
        ];
        self.note_description(name, &content);
        let mut at = content.start;
        // Fewer bytes than a header may follow the last box.
        while PARENTS.contains(&name) && at + HEADER_BYTES <= content.end {
            let mut header = [0; HEADER_BYTES as usize];
            reader.seek(SeekFrom::Start(at))?;
            reader.read_exact(&mut header)?;
            let [a, b, c, d, inner @ ..] = header;
            let size = u64::from(u32::from_be_bytes([a, b, c, d]));
            let end = at + size;
            if size < HEADER_BYTES
                || end > content.end
                || depth > DEEPEST
                || !self.look_into(reader, &inner, at + HEADER_BYTES..end, depth + 1)?
            {
                return Ok(false);
            }
            at = end;
        }
        self.count_samples(reader, name, content)?;
        Ok(true)
    }

    /// Keeps the number of samples that a table claims: in `stsz` it follows the version and the size of all
    /// samples, in `trun` the version and the flags (ISO/IEC 14496-12, 8.7.3.2 and 8.8.8).
    fn count_samples(
        &mut self,
        reader: &mut BufReader<File>,
        name: &[u8],
        content: Range<u64>,
    ) -> io::Result<()> {
        let at = match name {
            b"stsz" => content.start + 8,
            b"trun" => content.start + 4,
            _ => return Ok(()),
        };
        let mut count = [0; 4];
        if at + 4 <= content.end {
            reader.seek(SeekFrom::Start(at))?;
            reader.read_exact(&mut count)?;
        }
        self.samples = self.samples.max(u32::from_be_bytes(count).into());
        Ok(())
    }
}

/// True if boxes of this name stand at the top of a file. Recovery programs and memory cards of cameras leave
/// bytes behind the last box that begin with no such name.
fn is_part(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 16] = [
        b"ftyp", b"moov", b"mdat", b"moof", b"mfra", b"free", b"skip", b"wide", b"uuid", b"meta",
        b"udta", b"sidx", b"ssix", b"styp", b"emsg", b"pdin",
    ];
    NAMES.contains(&name)
}

/// True if there may be pictures after `from`, where a damaged box begins: the first bytes hold the name of a
/// box with pictures.
fn holds_parts(reader: &mut BufReader<File>, from: u64) -> io::Result<bool> {
    const LOOKED_AT_BYTES: u64 = 1 << 20;
    let mut bytes = Vec::new();
    reader.seek(SeekFrom::Start(from))?;
    reader.take(LOOKED_AT_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes.windows(4).any(|name| name == b"moof" || name == b"mdat"))
}

/// Fills as much of `buffer` as the file has.
fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match reader.read(&mut buffer[got..])? {
            0 => break,
            count => got += count,
        }
    }
    Ok(got)
}
