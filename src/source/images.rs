//! A folder of numbered frames, as research data sets have them; `sequence` explains the numbers.
//!
//! Pictures carry no time, so the user must state the rate. If the rate was assumed, the source's detail says
//! so.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{ImageDecoder, ImageReader};

use super::{SourceKind, SourceSpec};
use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::media::image::{Frame, RgbImage};
use crate::media::pictures::{PictureError, Pictures, nth};
use crate::media::stream::{Next, Notice, NoticeKind, Source, SourceError, SourceInfo, check_size};

mod sequence;

use sequence::Sequence;

/// Rate of a folder whose rate was not stated: the one at which the spotter works.
const DEFAULT_FPS: f64 = 30.0;

/// Rates that are accepted, frames per second: from one picture a minute to a fast high-speed camera.
const FPS_RANGE: std::ops::RangeInclusive<f64> = 1.0 / 60.0..=100_000.0;

/// File endings that are read, in lower case.
const ENDINGS: [&str; 7] = ["png", "jpg", "jpeg", "jpe", "bmp", "tif", "tiff"];

/// True if the name of a file says that it is a picture.
pub fn has_ending(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The registry entry.
pub const KIND: SourceKind = SourceKind {
    name: "images",
    target_help: "DIR",
    about: "a folder of numbered pictures (PNG, JPEG, BMP, TIFF), 30 a second unless --fps says else",
    is_live: false,
    open,
};

fn open(spec: &SourceSpec) -> Result<Box<dyn Source>, SourceError> {
    let folder = spec.path();
    let fps = rate(spec)?;
    let sequence = pictures_in(&folder)?;
    let Some(first) = sequence.files.first() else { return Err(no_pictures(&folder)) };
    // A first picture that cannot be read is reported when its turn comes.
    let size_px = match ImageReader::open(first).map(ImageReader::into_dimensions) {
        Ok(Ok((width, height))) => (width as usize, height as usize),
        _ => (0, 0),
    };
    let assumed = if spec.options.fps.is_none() { ", assumed (--fps)" } else { "" };
    let info = SourceInfo {
        name: folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned(),
        size_px,
        nominal_fps: Some(fps),
        frames: Some(sequence.span()),
        detail: format!("{} pictures at {fps} per second{assumed}", sequence.files.len()),
        stamped_on_arrival: false,
        name_of_frame_0: sequence.name_of_frame_0,
        ..SourceInfo::default()
    };
    Ok(Box::new(Images {
        info,
        moments: moments(&sequence, fps),
        sequence,
        told: None,
        next: 0,
        delivered: 0,
        last_size_px: None,
        first_failure: None,
    }))
}

/// The rate that was stated, else the default.
fn rate(spec: &SourceSpec) -> Result<f64, SourceError> {
    let fps = spec.options.fps.unwrap_or(DEFAULT_FPS);
    if !FPS_RANGE.contains(&fps) {
        let expected = "a rate from 1/60 to 100000 frames per second";
        return Err(SourceError::unusable(spec.target.display(), expected, fps.to_string()));
    }
    Ok(fps)
}

fn no_pictures(folder: &Path) -> SourceError {
    let expected = "pictures (PNG, JPEG, BMP or TIFF)";
    SourceError::unusable(folder.display(), expected, "a folder without any")
}

/// Numbers and times of the pictures. The first is at zero, whatever its number.
fn moments(sequence: &Sequence, fps: f64) -> Vec<Moment> {
    let first = sequence.frames.first().copied().unwrap_or(0);
    let moment =
        |frame: &u64| Moment { frame: *frame, time: Timestamp::of_frame(frame - first, fps) };
    sequence.frames.iter().map(moment).collect()
}

/// The folder's pictures, in order.
fn pictures_in(folder: &Path) -> Result<Sequence, SourceError> {
    if folder.is_file() {
        return Err(SourceError::unusable(folder.display(), "a folder of pictures", "a file"));
    }
    let io = |error| SourceError::io(folder, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let is_hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if !is_hidden && has_ending(&path) && path.is_file() {
            files.push(path);
        }
    }
    Sequence::of(files)
        .map_err(|(expected, found)| SourceError::unusable(folder.display(), expected, found))
}

/// Orders names as people count: `img2` before `img10`. Equal numbers are ordered by their spelling.
fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    loop {
        let (part_a, part_b) = (first_part(rest_a), first_part(rest_b));
        if part_a.is_empty() || part_b.is_empty() {
            return rest_a.len().cmp(&rest_b.len()).then_with(|| a.cmp(b));
        }
        let are_numbers = starts_with_digit(part_a) && starts_with_digit(part_b);
        let order = if are_numbers {
            // Numbers may be longer than any integer type: they are compared by length without leading zeros,
            // then by digits.
            let (a, b) = (part_a.trim_start_matches('0'), part_b.trim_start_matches('0'));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        } else {
            part_a.cmp(part_b)
        };
        if order.is_ne() {
            return order;
        }
        rest_a = &rest_a[part_a.len()..];
        rest_b = &rest_b[part_b.len()..];
    }
}

/// The digits at the start, or the text up to the first digit.
fn first_part(text: &str) -> &str {
    let is_number = starts_with_digit(text);
    let end = text.find(|c: char| c.is_ascii_digit() != is_number).unwrap_or(text.len());
    &text[..end]
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Opens a folder for reading in any order.
pub fn pictures(spec: &SourceSpec) -> Result<Box<dyn Pictures>, SourceError> {
    let folder = spec.path();
    let fps = rate(spec)?;
    let sequence = pictures_in(&folder)?;
    if sequence.files.is_empty() {
        return Err(no_pictures(&folder));
    }
    let moments = moments(&sequence, fps);
    Ok(Box::new(FolderPictures { files: sequence.files, moments }))
}

struct FolderPictures {
    files: Vec<PathBuf>,
    moments: Vec<Moment>,
}

impl Pictures for FolderPictures {
    fn moments(&self) -> &[Moment] {
        &self.moments
    }

    fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
        let moment = nth(&self.moments, index, &self.files[0])?;
        let path = &self.files[index];
        let image = read_picture(path).map_err(|error| PictureError::of(path, error))?;
        Ok(Frame::new(moment.frame, moment.time, Arc::new(image)))
    }
}

struct Images {
    info: SourceInfo,
    sequence: Sequence,
    moments: Vec<Moment>,
    /// The place of the picture before which all notices were given.
    told: Option<usize>,
    next: usize,
    delivered: u64,
    last_size_px: Option<(usize, usize)>,
    first_failure: Option<String>,
}

impl Images {
    fn frame(&mut self, moment: Moment, image: RgbImage) -> Next {
        self.delivered += 1;
        Next::Frame(Frame::new(moment.frame, moment.time, Arc::new(image)))
    }

    /// A notice to give before the next picture, once.
    fn tell(&mut self) -> Option<Notice> {
        if self.told.replace(self.next) == Some(self.next) {
            return None;
        }
        if self.next == 0 {
            let remark = self.sequence.remark.as_ref()?;
            return Some(Notice::new(NoticeKind::Info, format!("{}: {remark}", self.info.name)));
        }
        let (lost, frame) = (self.sequence.lost_before(self.next), self.moments[self.next].frame);
        let [first, last] = [frame.saturating_sub(lost), frame.saturating_sub(1)]
            .map(|f| self.sequence.number_of(f));
        let name = &self.info.name;
        let text = match lost {
            0 => return None,
            1 => format!("{name}: picture number {first} is missing; 1 frame is lost"),
            _ => format!(
                "{name}: pictures number {first} to {last} are missing; {lost} frames are lost"
            ),
        };
        Some(Notice::new(NoticeKind::Missing, text))
    }
}

impl Source for Images {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self) -> Result<Next, SourceError> {
        let Some(moment) = self.moments.get(self.next).copied() else {
            if self.delivered == 0 {
                let why = self.first_failure.take().unwrap_or_default();
                let found = format!("none among {} ({why})", self.moments.len());
                let expected = "pictures that can be read";
                return Err(SourceError::unusable(&self.info.name, expected, found));
            }
            return Ok(Next::End);
        };
        if let Some(notice) = self.tell() {
            return Ok(Next::Notice(notice));
        }
        let path = &self.sequence.files[self.next];
        match read_picture(path) {
            Ok(image) => {
                let size_px = (image.width, image.height);
                if self.last_size_px.replace(size_px).is_some_and(|last| last != size_px) {
                    // The picture itself follows with the next call.
                    self.info.size_px = size_px;
                    let text = format!(
                        "from {} on, pictures are {}×{}",
                        path.display(),
                        size_px.0,
                        size_px.1
                    );
                    return Ok(Next::Notice(Notice::new(NoticeKind::Changed, text)));
                }
                self.info.size_px = size_px;
                self.next += 1;
                Ok(self.frame(moment, image))
            }
            Err(error) => {
                self.next += 1;
                let text = format!("{error}; counted as lost");
                self.first_failure.get_or_insert_with(|| error.to_string());
                Ok(Next::Notice(Notice::new(NoticeKind::CorruptFrame, text)))
            }
        }
    }
}

/// Reads one picture, turned as its EXIF says. Its size is checked before its pixels take memory.
fn read_picture(path: &Path) -> Result<RgbImage, SourceError> {
    let broken = |error: image::ImageError| {
        SourceError::unusable(path.display(), "a picture", error.to_string())
    };
    let reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|error| SourceError::io(path, error))?;
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    check_size(path.display(), (width as usize, height as usize))?;
    let orientation = decoder.orientation().map_err(broken)?;
    let mut picture = image::DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    let rgb = picture.into_rgb8();
    let (width, height) = (rgb.width() as usize, rgb.height() as usize);
    RgbImage::from_vec(width, height, rgb.into_raw()).ok_or_else(|| {
        SourceError::unusable(path.display(), "three bytes a pixel", "another number")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn folder() -> TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    fn write(folder: &TempDir, name: &str, size_px: (u32, u32), red: u8) {
        let picture = image::RgbImage::from_pixel(size_px.0, size_px.1, image::Rgb([red, 2, 3]));
        picture.save(folder.path().join(name)).expect("writes");
    }

    fn open_folder(path: &Path, fps: Option<f64>) -> Result<Box<dyn Source>, SourceError> {
        let options = crate::source::SourceOptions { fps, ..Default::default() };
        open(&SourceSpec { kind: KIND.name, target: path.into(), options })
    }

    /// Sequence numbers with the red of the first pixel, and the texts of notices.
    fn play(folder: &TempDir) -> (Vec<(u64, u8)>, Vec<String>) {
        let mut source = open_folder(folder.path(), None).expect("opens");
        let (mut frames, mut notices) = (Vec::new(), Vec::new());
        loop {
            match source.next().expect("reads") {
                Next::Frame(frame) => frames.push((frame.seq, frame.image.data[0])),
                Next::Notice(notice) => notices.push(notice.text),
                Next::Idle | Next::Lost(_) => {}
                Next::End => return (frames, notices),
            }
        }
    }

    fn error(result: Result<Box<dyn Source>, SourceError>) -> String {
        result.err().expect("an error").to_string()
    }

    #[test]
    fn frames_come_in_the_order_in_which_people_count() {
        let folder = folder();
        for (i, name) in ["img10.png", "img2.png", "img1.png"].iter().enumerate() {
            write(&folder, name, (2, 2), i as u8);
        }
        assert_eq!(play(&folder).0, [(0, 2), (1, 1), (9, 0)]);
    }

    #[test]
    fn a_gap_in_the_numbers_is_a_gap_in_time_and_is_told() {
        let folder = folder();
        for number in [46, 47, 48, 52, 54, 55, 56] {
            write(&folder, &format!("img{number}.png"), (2, 2), number);
        }
        let (frames, notices) = play(&folder);
        assert_eq!(frames[2..5], [(48, 48), (52, 52), (54, 54)]);
        assert!(notices[0].contains("pictures number 49 to 51 are missing; 3 frames are lost"));
        assert!(notices[1].contains("picture number 53 is missing; 1 frame is lost"));
        assert_eq!(notices.len(), 2, "{notices:?}");
        let mut source = open_folder(folder.path(), Some(10.0)).expect("opens");
        assert_eq!(source.info().frames, Some(11));
        let mut times = Vec::new();
        loop {
            match source.next().expect("reads") {
                Next::Frame(frame) => times.push(frame.time.secs()),
                Next::End => break,
                _ => {}
            }
        }
        assert_eq!(times, [0.0, 0.1, 0.2, 0.6, 0.8, 0.9, 1.0]);
        let target = folder.path().into();
        let spec = SourceSpec { kind: KIND.name, target, options: Default::default() };
        let pictures = pictures(&spec).expect("opens");
        let seen: Vec<u64> = pictures.moments().iter().map(|moment| moment.frame).collect();
        assert_eq!(seen, [46, 47, 48, 52, 54, 55, 56], "review shows the same frames");
    }

    #[test]
    fn two_streams_in_one_folder_are_refused_with_both_names() {
        let folder = folder();
        for name in ["color_0.png", "color_1.png", "depth_0.png", "depth_1.png"] {
            write(&folder, name, (2, 2), 1);
        }
        let text = error(open_folder(folder.path(), None));
        assert!(text.contains("`color_#` (2), `depth_#` (2)"), "{text}");
    }

    #[test]
    fn every_accepted_ending_is_read_and_other_files_are_left_alone() {
        let folder = folder();
        for (i, name) in ["1.png", "2.JPG", "3.bmp", "4.tiff"].iter().enumerate() {
            write(&folder, name, (8, 8), 60 * i as u8);
        }
        fs::write(folder.path().join("notes.txt"), "no picture").expect("writes");
        fs::write(folder.path().join("._1.png"), "a shadow file of macOS").expect("writes");
        assert_eq!(play(&folder).0.len(), 4);
    }

    #[test]
    fn the_rate_gives_the_times_and_an_assumed_one_is_said() {
        let folder = folder();
        for name in ["0.png", "1.png", "2.png"] {
            write(&folder, name, (1, 1), 9);
        }
        let mut source = open_folder(folder.path(), Some(200.0)).expect("opens");
        let Ok(Next::Frame(_)) = source.next() else { panic!("a frame") };
        let Ok(Next::Frame(frame)) = source.next() else { panic!("a frame") };
        assert_eq!(frame.time, Timestamp::from_secs(0.005));
        let assumed = open_folder(folder.path(), None).expect("opens");
        assert!(assumed.info().detail.contains("30 per second, assumed"));
        assert_eq!((assumed.info().frames, assumed.info().size_px), (Some(3), (1, 1)));
    }

    #[test]
    fn an_unreadable_picture_is_told_and_counted() {
        let folder = folder();
        write(&folder, "1.png", (2, 2), 1);
        fs::write(folder.path().join("2.png"), "text").expect("writes");
        write(&folder, "3.png", (2, 2), 3);
        let (frames, notices) = play(&folder);
        assert_eq!(frames, [(0, 1), (2, 3)]);
        assert!(notices[0].contains("2.png") && notices[0].contains("counted as lost"));
    }

    #[test]
    fn a_change_of_size_is_told_and_loses_nothing() {
        let folder = folder();
        write(&folder, "1.png", (2, 2), 1);
        write(&folder, "2.png", (4, 2), 2);
        let (frames, notices) = play(&folder);
        assert_eq!(frames, [(0, 1), (1, 2)]);
        assert!(notices[0].contains("4×2"));
    }

    #[test]
    fn a_picture_of_10_000_pixels_a_side_is_refused_before_it_is_decoded() {
        let folder = folder();
        let path = folder.path().join("1.png");
        let gray = image::GrayImage::new(10_000, 10_000);
        gray.save(&path).expect("writes");
        let text = read_picture(&path).expect_err("too large").to_string();
        assert!(text.contains("1 to 8192 pixels a side, found 10000×10000"), "{text}");
        let mut source = open_folder(folder.path(), None).expect("opens");
        assert!(matches!(source.next(), Ok(Next::Notice(_))));
        let end = source.next().expect_err("nothing was readable").to_string();
        assert!(end.contains("pictures that can be read") && end.contains("10000"), "{end}");
    }

    #[test]
    fn what_is_no_folder_of_pictures_is_one_clear_error() {
        let folder = folder();
        let empty = error(open_folder(folder.path(), None));
        assert!(empty.contains("expected pictures (PNG"), "{empty}");
        let missing = error(open_folder(&folder.path().join("none"), None));
        assert!(missing.contains("none") && missing.contains("No such file"), "{missing}");
        write(&folder, "1.png", (1, 1), 1);
        let file = error(open_folder(&folder.path().join("1.png"), None));
        assert!(file.contains("found a file"), "{file}");
        let rate = error(open_folder(folder.path(), Some(0.0)));
        assert!(rate.contains("a rate from"), "{rate}");
        let no_rate = error(open_folder(folder.path(), Some(f64::NAN)));
        assert!(no_rate.contains("found NaN"), "{no_rate}");
    }

    proptest::proptest! {
        #[test]
        fn natural_order_sorts_numbers_by_value(a in 0u64..1_000_000, b in 0u64..1_000_000) {
            let names = (format!("a{a}.png"), format!("a{b:07}.png"));
            let order = natural_order(&names.0, &names.1);
            proptest::prop_assert!(order == a.cmp(&b) || a == b);
        }

        #[test]
        fn natural_order_is_the_same_both_ways(a in "[a-c0-2ü]{0,6}", b in "[a-c0-2ü]{0,6}") {
            proptest::prop_assert_eq!(natural_order(&a, &b), natural_order(&b, &a).reverse());
        }
    }
}
