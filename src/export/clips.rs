//! Pictures of events: clips that any player shows, and the strip of onset, apex and offset.
//!
//! A clip is an event with a little before and after, as it was recorded or slower, every picture at
//! its own time. Where faces are hidden, one region that holds the face in every picture of the event
//! is reduced to a few squares before anything is encoded; where no face is found at all, the whole
//! picture is.

use std::io;

use image::codecs::gif::{GifEncoder, Repeat};
use image::imageops::{self, FilterType};
use openh264::OpenH264API;
use openh264::encoder::{
    BitRate, Encoder, EncoderConfig, FrameRate, FrameType, QpRange, RateControlMode, VuiConfig,
};
use openh264::formats::{RgbSliceU8, YUVBuffer};

use super::{Exporter, FileFormat, Sink, View};
use crate::geom::{Point, Rect};
use crate::image::{Frame, RgbImage, luma};
use crate::model::Models;
use crate::pipeline::detect::FaceFinder;
use crate::session::annotation::Bounds;
use crate::session::pictures::Pictures;
use crate::session::table::Row;

/// The registry entry of films.
pub const EXPORTER: Exporter = Exporter {
    name: "clips",
    about: "Every event as a film at a quarter of its speed (MP4 with H.264)",
    files: |view| files(view, "mp4", write_mp4),
};

/// The registry entry of moving pictures.
pub const GIF_EXPORTER: Exporter = Exporter {
    name: "gif",
    about: "Every event as a moving picture at a quarter of its speed (GIF)",
    files: |view| files(view, "gif", write_gif),
};

/// Shares of the real speed that a clip can have.
pub const SPEEDS: std::ops::RangeInclusive<f64> = 0.1..=1.0;

/// How a clip is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipOptions {
    /// Share of the real speed; brought into [`SPEEDS`].
    pub speed: f64,
    /// What is shown before onset and after offset, seconds.
    pub margin_secs: f64,
    /// Whether faces are hidden.
    pub blur: bool,
}

impl Default for ClipOptions {
    fn default() -> Self {
        Self { speed: 0.25, margin_secs: 0.25, blur: false }
    }
}

/// Finds the faces in a picture.
pub trait FaceLocator {
    /// A box round every face, pixels.
    fn faces(&mut self, picture: &RgbImage) -> io::Result<Vec<Rect>>;
}

/// The program's own detectors.
pub struct Detectors(FaceFinder);

impl Detectors {
    /// Opens the models inside the program.
    pub fn new() -> io::Result<Self> {
        let models = Models::load(&Default::default()).map_err(io::Error::other)?;
        FaceFinder::new(&models).map(Self).map_err(io::Error::other)
    }
}

impl FaceLocator for Detectors {
    fn faces(&mut self, picture: &RgbImage) -> io::Result<Vec<Rect>> {
        /// A face that may not be one is hidden all the same.
        const LEAST_CONFIDENCE: f32 = 0.3;
        let mut faces = Vec::new();
        self.0.reset();
        let mut keep = |face: &crate::pipeline::FaceBox| {
            faces.push(face.rect_in_frame);
            Ok(false)
        };
        self.0.find(picture, LEAST_CONFIDENCE, &mut keep).map_err(io::Error::other)?;
        Ok(faces)
    }
}

type WriteClip =
    fn(&mut dyn Pictures, &Bounds, &ClipOptions, &mut dyn FaceLocator, &mut Sink) -> io::Result<()>;

fn files(view: &View<'_>, ending: &str, write: WriteClip) -> Vec<FileFormat> {
    if view.pictures.is_none() {
        let missing = |_: &mut View<'_>, _: &mut Sink| {
            Err(io::Error::other("expected stored pictures, found a session without any"))
        };
        return vec![FileFormat::new(format!("clips.{ending}"), missing)];
    }
    let file = |row: &Row| {
        let bounds = row.bounds;
        FileFormat::new(format!("{}.{ending}", clip_name(row)), move |view, out| {
            let options = ClipOptions { blur: view.blur, ..ClipOptions::default() };
            let Some(pictures) = view.pictures.as_deref_mut() else { return Ok(()) };
            let mut locator: Box<dyn FaceLocator> =
                if options.blur { Box::new(Detectors::new()?) } else { Box::new(Nobody) };
            write(pictures, &bounds, &options, locator.as_mut(), out)
        })
    };
    view.held().map(file).collect()
}

/// What a clip's file is called, without its ending: `event-3-micro-frame-120-to-134`.
pub fn clip_name(row: &Row) -> String {
    let (onset, offset) = (row.bounds.onset.frame, row.bounds.offset.frame);
    format!("event-{}-{}-frame-{onset}-to-{offset}", row.id(), row.kind)
}

/// Where nobody is to be found.
struct Nobody;

impl FaceLocator for Nobody {
    fn faces(&mut self, _: &RgbImage) -> io::Result<Vec<Rect>> {
        Ok(Vec::new())
    }
}

/// The pictures of an event that are shown, and what is hidden in all of them.
struct Cut<'a> {
    pictures: &'a mut dyn Pictures,
    indices: std::ops::Range<usize>,
    hidden: Option<Hidden>,
}

/// What is hidden.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Hidden {
    Region(Rect),
    Everything,
}

impl<'a> Cut<'a> {
    fn new(
        pictures: &'a mut dyn Pictures,
        bounds: &Bounds,
        options: &ClipOptions,
        locator: &mut dyn FaceLocator,
    ) -> io::Result<Self> {
        let moments = pictures.moments();
        let margin_secs = options.margin_secs.max(0.0);
        let (from, to) = (bounds.onset.time - margin_secs, bounds.offset.time + margin_secs);
        let first = moments.partition_point(|moment| moment.time < from);
        let last = moments.partition_point(|moment| moment.time <= to);
        if first >= last {
            let (onset, offset) = (bounds.onset.frame, bounds.offset.frame);
            let text = format!(
                "expected pictures of frames {onset} to {offset}, found none that are stored"
            );
            return Err(io::Error::other(text));
        }
        let mut cut = Self { pictures, indices: first..last, hidden: None };
        if options.blur {
            cut.hidden = Some(cut.hiding(locator)?);
        }
        Ok(cut)
    }

    /// One region for all pictures, so that a picture in which the face is not found hides it too.
    fn hiding(&mut self, locator: &mut dyn FaceLocator) -> io::Result<Hidden> {
        let mut corners = Vec::new();
        for index in self.indices.clone() {
            let frame = self.pictures.picture(index).map_err(io::Error::other)?;
            let faces = locator.faces(&frame.image)?;
            corners.extend(faces.iter().map(wider).flat_map(|face| [face.min, face.max]));
        }
        Ok(Rect::around(&corners).map_or(Hidden::Everything, Hidden::Region))
    }

    fn frame(&mut self, index: usize) -> io::Result<Frame> {
        let mut frame = self.pictures.picture(index).map_err(io::Error::other)?;
        if let Some(hidden) = self.hidden {
            let mut image = (*frame.image).clone();
            hide(&mut image, hidden);
            (frame.image, frame.jpeg) = (image.into(), None);
        }
        Ok(frame)
    }
}

/// A box that holds hair, chin and ears too.
fn wider(face: &Rect) -> Rect {
    const MARGIN: f32 = 0.35;
    let margin = Point::new(face.width() * MARGIN, face.height() * MARGIN);
    Rect { min: face.min - margin, max: face.max + margin }
}

/// Reduces what is to be hidden to squares of one colour.
fn hide(image: &mut RgbImage, hidden: Hidden) {
    /// Squares across a hidden region: too few for a face to be known by.
    const SQUARES: usize = 6;
    let (width, height) = (image.width, image.height);
    let inside = |v: f32, most: usize| (v.max(0.0) as usize).min(most);
    let (xs, ys) = match hidden {
        Hidden::Everything => (0..width, 0..height),
        Hidden::Region(r) => (
            inside(r.min.x.floor(), width)..inside(r.max.x.ceil(), width),
            inside(r.min.y.floor(), height)..inside(r.max.y.ceil(), height),
        ),
    };
    let side = xs.len().max(ys.len()).div_ceil(SQUARES).max(1);
    for top in ys.clone().step_by(side) {
        for left in xs.clone().step_by(side) {
            let right = (left + side).min(xs.end);
            fill_with_mean(image, left..right, top..(top + side).min(ys.end));
        }
    }
}

fn fill_with_mean(image: &mut RgbImage, xs: std::ops::Range<usize>, ys: std::ops::Range<usize>) {
    let width = image.width;
    let row = |y: usize| (y * width + xs.start) * 3..(y * width + xs.end) * 3;
    let mut sums = [0_u64; 3];
    for px in ys.clone().flat_map(|y| image.data[row(y)].chunks_exact(3)) {
        sums.iter_mut().zip(px).for_each(|(sum, value)| *sum += u64::from(*value));
    }
    let count = (xs.len() * ys.len()).max(1) as u64;
    let mean = sums.map(|sum| (sum / count) as u8);
    for y in ys {
        image.data[row(y)].chunks_exact_mut(3).for_each(|px| px.copy_from_slice(&mean));
    }
}

/// When a clip's picture `index` is shown, seconds after its first.
fn shown_at_secs(cut: &Cut<'_>, index: usize, options: &ClipOptions) -> f64 {
    let moments = cut.pictures.moments();
    let speed = options.speed.clamp(*SPEEDS.start(), *SPEEDS.end());
    moments[index].time.secs_since(moments[cut.indices.start].time) / speed
}

/// Writes the event as an MP4 film. Pictures of an odd width or height lose a line.
pub fn write_mp4(
    pictures: &mut dyn Pictures,
    bounds: &Bounds,
    options: &ClipOptions,
    locator: &mut dyn FaceLocator,
    out: &mut Sink,
) -> io::Result<()> {
    let mut cut = Cut::new(pictures, bounds, options, locator)?;
    let first = cut.frame(cut.indices.start)?;
    let size_px = (first.image.width & !1, first.image.height & !1);
    if size_px.0 == 0 || size_px.1 == 0 {
        return Err(io::Error::other(
            "expected pictures of at least 2×2 pixels, found smaller ones",
        ));
    }
    let last_secs = shown_at_secs(&cut, cut.indices.end - 1, options);
    let fps = if last_secs > 0.0 { (cut.indices.len() - 1) as f64 / last_secs } else { 30.0 };
    let mut encoder = encoder(fps)?;
    let mut film = muxide::api::MuxerBuilder::new(out)
        .video(muxide::api::VideoCodec::H264, size_px.0 as u32, size_px.1 as u32, fps)
        .with_fast_start(true)
        .build()
        .map_err(io::Error::other)?;
    for index in cut.indices.clone() {
        let pixels = exactly(&cut.frame(index)?.image, size_px);
        let yuv = YUVBuffer::from_rgb8_source(RgbSliceU8::new(&pixels.data, size_px));
        let encoded = encoder.encode(&yuv).map_err(io::Error::other)?;
        let is_key = encoded.frame_type() == FrameType::IDR;
        let bytes = encoded.to_vec();
        let secs = shown_at_secs(&cut, index, options);
        film.write_video(secs, &bytes, is_key).map_err(io::Error::other)?;
    }
    film.finish().map_err(io::Error::other)
}

/// As good as eyes can tell: a clip lasts seconds, and what it shows is small.
fn encoder(fps: f64) -> io::Result<Encoder> {
    let config = EncoderConfig::new()
        // Without rate control the encoder does not ask for the range of its quantiser.
        .rate_control_mode(RateControlMode::Quality)
        .qp(QpRange::new(10, 20))
        .bitrate(BitRate::from_bps(20_000_000))
        .max_frame_rate(FrameRate::from_hz(fps as f32))
        .skip_frames(false)
        .vui(VuiConfig::bt601());
    Encoder::with_api_config(OpenH264API::from_source(), config).map_err(io::Error::other)
}

/// `image` cut or repeated outwards to `size_px`.
fn exactly(image: &RgbImage, (width, height): (usize, usize)) -> RgbImage {
    let mut exact = RgbImage::new(width, height);
    for (i, px) in exact.data.chunks_exact_mut(3).enumerate() {
        px.copy_from_slice(&image.at((i % width) as isize, (i / width) as isize));
    }
    exact
}

/// Writes the event as a moving GIF without end, no wider than 320 pixels.
pub fn write_gif(
    pictures: &mut dyn Pictures,
    bounds: &Bounds,
    options: &ClipOptions,
    locator: &mut dyn FaceLocator,
    out: &mut Sink,
) -> io::Result<()> {
    /// Shown that long before it begins again, seconds.
    const LAST_SECS: f64 = 0.8;
    /// Balances speed and colours: one of the encoder's thirty steps.
    const ENCODER_STEP: i32 = 10;
    let mut cut = Cut::new(pictures, bounds, options, locator)?;
    let mut gif = GifEncoder::new_with_speed(out, ENCODER_STEP);
    gif.set_repeat(Repeat::Infinite).map_err(io::Error::other)?;
    let mut told_ms = 0;
    for index in cut.indices.clone() {
        let is_last = index + 1 == cut.indices.end;
        let end_secs = match is_last {
            true => shown_at_secs(&cut, index, options) + LAST_SECS,
            false => shown_at_secs(&cut, index + 1, options),
        };
        // GIF counts hundredths of a second; what is cut off one picture goes to the next.
        let shown_ms = ((end_secs * 100.0).round() as u32 * 10).saturating_sub(told_ms).max(20);
        told_ms += shown_ms;
        let picture = small(&cut.frame(index)?.image)?;
        let delay = image::Delay::from_numer_denom_ms(shown_ms, 1);
        let rgba = image::DynamicImage::ImageRgb8(picture).into_rgba8();
        gif.encode_frame(image::Frame::from_parts(rgba, 0, 0, delay)).map_err(io::Error::other)?;
    }
    Ok(())
}

fn small(picture: &RgbImage) -> io::Result<image::RgbImage> {
    const WIDEST_PX: u32 = 320;
    let buffer = buffer_of(picture)?;
    if buffer.width() <= WIDEST_PX {
        return Ok(buffer);
    }
    let height = (buffer.height() * WIDEST_PX).div_ceil(buffer.width());
    Ok(imageops::resize(&buffer, WIDEST_PX, height, FilterType::Triangle))
}

fn buffer_of(picture: &RgbImage) -> io::Result<image::RgbImage> {
    let (width, height) = (picture.width as u32, picture.height as u32);
    image::RgbImage::from_raw(width, height, picture.data.clone())
        .ok_or_else(|| io::Error::other("expected three bytes a pixel, found another number"))
}

/// The face at the three moments of an event, PNG files each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strip {
    /// At onset.
    pub onset: Vec<u8>,
    /// At the apex.
    pub apex: Vec<u8>,
    /// At offset.
    pub offset: Vec<u8>,
    /// Brightness at the apex minus that at onset: grey where nothing changed.
    pub difference: Vec<u8>,
}

/// Cuts the strip of an event: one and the same part of the picture at each moment, round the face
/// where it is found, else all of it.
pub fn strip(
    pictures: &mut dyn Pictures,
    bounds: &Bounds,
    blur: bool,
    locator: &mut dyn FaceLocator,
) -> io::Result<Strip> {
    let options = ClipOptions { margin_secs: 0.0, blur, ..ClipOptions::default() };
    let mut cut = Cut::new(pictures, bounds, &options, locator)?;
    let mut at = |frame: u64| {
        let index = cut.pictures.index_of(frame).unwrap_or(cut.indices.start);
        cut.frame(index.clamp(cut.indices.start, cut.indices.end - 1))
    };
    let [onset, apex, offset] =
        [at(bounds.onset.frame)?, at(bounds.apex.frame)?, at(bounds.offset.frame)?];
    let face = match cut.hidden {
        Some(Hidden::Region(region)) => Some(region),
        Some(Hidden::Everything) => None,
        None => locator.faces(&onset.image)?.first().map(wider),
    };
    let [onset, apex, offset] = [onset, apex, offset].map(|frame| part(&frame.image, face));
    let difference = difference(&onset, &exactly(&apex, (onset.width, onset.height)));
    let [onset, apex, offset, difference] =
        [onset, apex, offset, difference].map(|picture| png(&picture));
    Ok(Strip { onset: onset?, apex: apex?, offset: offset?, difference: difference? })
}

fn part(image: &RgbImage, region: Option<Rect>) -> RgbImage {
    let Some(region) = region else { return image.clone() };
    let within = |v: f32, most: usize| (v.max(0.0) as usize).min(most);
    let (left, top) = (within(region.min.x, image.width), within(region.min.y, image.height));
    let (right, bottom) = (within(region.max.x, image.width), within(region.max.y, image.height));
    if right <= left || bottom <= top {
        return image.clone();
    }
    let rows = (top..bottom)
        .flat_map(|y| &image.data[(y * image.width + left) * 3..(y * image.width + right) * 3]);
    let data = rows.copied().collect();
    RgbImage::from_vec(right - left, bottom - top, data).unwrap_or_else(|| image.clone())
}

/// Mid-grey where nothing changed; twelve grey levels are full black or white at the most.
fn difference(earlier: &RgbImage, later: &RgbImage) -> RgbImage {
    const LEAST_SCALE: f32 = 12.0;
    let gray = |px: &[u8]| luma([f32::from(px[0]), f32::from(px[1]), f32::from(px[2])]);
    let pairs = earlier.data.chunks_exact(3).zip(later.data.chunks_exact(3));
    let levels: Vec<f32> = pairs.map(|(a, b)| gray(b) - gray(a)).collect();
    let mut sizes: Vec<f32> = levels.iter().map(|level| level.abs()).collect();
    sizes.sort_by(f32::total_cmp);
    // One pixel in two hundred may saturate, so that a glint does not hide the movement.
    let rank = sizes.len().saturating_sub(1 + sizes.len() / 200);
    let scale = sizes.get(rank).copied().unwrap_or(0.0).max(LEAST_SCALE);
    let shade = |level: &f32| [(127.5 + 127.5 * level / scale).clamp(0.0, 255.0) as u8; 3];
    let data = levels.iter().flat_map(shade).collect();
    RgbImage { width: earlier.width, height: earlier.height, data }
}

fn png(picture: &RgbImage) -> io::Result<Vec<u8>> {
    let mut bytes = io::Cursor::new(Vec::new());
    buffer_of(picture)?.write_to(&mut bytes, image::ImageFormat::Png).map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Moment;
    use crate::session::pictures::{self, PictureError};
    use crate::time::Timestamp;

    const SIZE_PX: (usize, usize) = (81, 64);

    fn at(frame: u64) -> Moment {
        // No rate is kept: every third frame comes late.
        Moment {
            frame,
            time: Timestamp::from_nanos((frame * 33_000_000 + frame % 3 * 9_000_000) as i64),
        }
    }

    fn bounds([onset, apex, offset]: [u64; 3]) -> Bounds {
        Bounds { onset: at(onset), apex: at(apex), offset: at(offset) }
    }

    /// A hundred pictures: a soft ground, and a fine pattern where the face is, which turns brighter.
    struct Person(Vec<Moment>);

    const FACE: Rect = Rect { min: Point::new(24.0, 16.0), max: Point::new(48.0, 40.0) };

    impl Person {
        fn new() -> Self {
            Self((0..100).map(at).collect())
        }

        fn image(frame: u64) -> RgbImage {
            let mut image = RgbImage::new(SIZE_PX.0, SIZE_PX.1);
            for (i, px) in image.data.chunks_exact_mut(3).enumerate() {
                let (x, y) = (i % SIZE_PX.0, i / SIZE_PX.0);
                let in_face = (24..48).contains(&x) && (16..40).contains(&y);
                let face = (x % 2 * 90 + y % 2 * 60) as u8 + frame as u8;
                let value = if in_face { face } else { (x + y) as u8 };
                px.fill(value);
            }
            image
        }
    }

    impl Pictures for Person {
        fn moments(&self) -> &[Moment] {
            &self.0
        }

        fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
            let Moment { frame, time } = self.0[index];
            Ok(Frame::new(frame, time, Self::image(frame).into()))
        }
    }

    /// Finds the face in one picture of three.
    struct Finder(u32);

    impl FaceLocator for Finder {
        fn faces(&mut self, _: &RgbImage) -> io::Result<Vec<Rect>> {
            self.0 += 1;
            Ok(if self.0 % 3 == 1 { vec![FACE] } else { Vec::new() })
        }
    }

    fn options(speed: f64, blur: bool) -> ClipOptions {
        ClipOptions { speed, blur, ..ClipOptions::default() }
    }

    fn written(write: WriteClip, bounds: Bounds, options: ClipOptions) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        write(&mut Person::new(), &bounds, &options, &mut Finder(0), &mut bytes)?;
        Ok(bytes)
    }

    /// The frames of a film, read back.
    fn read_back(bytes: &[u8]) -> Vec<Frame> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("clip.mp4");
        std::fs::write(&path, bytes).expect("writes");
        let mut film = pictures::open(&path).expect("opens");
        (0..film.moments().len()).map(|i| film.picture(i).expect("a picture")).collect()
    }

    fn mean_apart(a: &RgbImage, b: &RgbImage) -> f64 {
        let apart = a.data.iter().zip(&b.data).map(|(a, b)| f64::from(a.abs_diff(*b)));
        apart.sum::<f64>() / a.data.len() as f64
    }

    #[test]
    fn a_film_shows_the_event_and_a_quarter_second_around_it_at_its_own_times() {
        for speed in [0.25, 1.0] {
            let film = written(write_mp4, bounds([40, 45, 50]), options(speed, false));
            let frames = read_back(&film.expect("written"));
            let first = Person::new().0.partition_point(|m| m.time < at(40).time - 0.25);
            let last = Person::new().0.partition_point(|m| m.time <= at(50).time + 0.25);
            assert_eq!(frames.len(), last - first);
            for (i, frame) in frames.iter().enumerate() {
                let expected =
                    at((first + i) as u64).time.secs_since(at(first as u64).time) / speed;
                assert!((frame.time.secs() - expected).abs() < 1e-4, "picture {i}");
                let original = exactly(&Person::image((first + i) as u64), (80, 64));
                assert!(mean_apart(&frame.image, &original) < 2.5, "picture {i}");
            }
        }
    }

    #[test]
    fn a_moving_picture_lasts_as_long_as_the_event_slowed_down() {
        use image::AnimationDecoder;
        let gif = written(write_gif, bounds([40, 45, 50]), options(0.25, false)).expect("written");
        let gif = image::codecs::gif::GifDecoder::new(io::Cursor::new(gif)).expect("a GIF");
        let frames = gif.into_frames().collect_frames().expect("frames");
        let ms: u32 = frames.iter().map(|f| f.delay().numer_denom_ms()).map(|(n, d)| n / d).sum();
        let first = Person::new().0.partition_point(|m| m.time < at(40).time - 0.25);
        let last = first + frames.len() - 1;
        let expected = at(last as u64).time.secs_since(at(first as u64).time) * 4e3 + 800.0;
        assert!((f64::from(ms) - expected).abs() < 11.0, "{ms} ms, not {expected}");
    }

    #[test]
    fn no_detail_of_a_hidden_face_is_left_in_any_picture() {
        let cut_of = |frame| {
            let mut person = Person::new();
            let mut cut =
                Cut::new(&mut person, &bounds([40, 45, 50]), &options(1.0, true), &mut Finder(0))
                    .expect("pictures");
            cut.frame(frame).expect("a picture").image
        };
        let region = wider(&FACE);
        let side = (region.width().ceil() as usize).div_ceil(6);
        for frame in [40, 41, 42, 50] {
            let image = cut_of(frame);
            let mut colours = std::collections::BTreeSet::new();
            for y in region.min.y as usize..region.max.y as usize {
                for x in region.min.x as usize..region.max.x as usize {
                    colours.insert(image.at(x as isize, y as isize));
                }
            }
            assert!(colours.len() <= 36, "{} colours in squares of {side}", colours.len());
            // The pattern of the face is one grey level in a square; outside, nothing has changed.
            assert_eq!(image.at(30, 30), image.at(31, 30));
            assert_eq!(image.at(2, 60), Person::image(frame as u64).at(2, 60));
        }
    }

    #[test]
    fn where_no_face_is_found_the_whole_picture_is_hidden() {
        let mut person = Person::new();
        let options = options(1.0, true);
        let mut cut =
            Cut::new(&mut person, &bounds([40, 45, 50]), &options, &mut Nobody).expect("pictures");
        assert_eq!(cut.hidden, Some(Hidden::Everything));
        let image = cut.frame(40).expect("a picture").image;
        let colours: std::collections::BTreeSet<_> = image.data.chunks_exact(3).collect();
        assert!(colours.len() <= 36, "{}", colours.len());
    }

    #[test]
    fn a_strip_shows_the_face_at_its_three_moments_and_what_changed() {
        let strip = strip(&mut Person::new(), &bounds([40, 60, 70]), false, &mut Finder(0));
        let strip = strip.expect("a strip");
        let open = |png: &[u8]| image::load_from_memory(png).expect("a PNG").into_rgb8();
        let [onset, apex, difference] =
            [&strip.onset, &strip.apex, &strip.difference].map(|p| open(p));
        let region = wider(&FACE);
        assert_eq!(onset.width(), region.max.x as u32 - region.min.x as u32);
        // Twenty levels brighter in the face; mid-grey where nothing moved.
        let (x, y) = (onset.width() / 2, onset.height() / 2);
        assert_eq!(apex.get_pixel(x, y).0[0] - onset.get_pixel(x, y).0[0], 20);
        assert!(difference.get_pixel(x, y).0[0] >= 254);
        assert_eq!(difference.get_pixel(0, 0).0[0], 127);
        assert_ne!(strip.offset, strip.onset);
    }

    #[test]
    fn an_event_without_stored_pictures_says_so() {
        let late = bounds([400, 410, 420]);
        let error = written(write_mp4, late, options(1.0, false)).expect_err("nothing is there");
        assert!(error.to_string().contains("frames 400 to 420"), "{error}");
    }
}
