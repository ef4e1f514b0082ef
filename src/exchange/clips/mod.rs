//! Pictures of events: clips that any player shows, and the strip of onset, apex and offset.
//!
//! A clip is an event with a little before and after it, at real speed or slower, every picture at its own
//! time. If faces are hidden, regions that hold each face in every picture of the event are reduced to a few
//! squares before anything is encoded: the face of the person who was measured, and faces of bystanders of
//! any size. If the person who was measured is not found, the whole picture is hidden.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use image::codecs::gif::{GifEncoder, Repeat};
use image::imageops::{self, FilterType};
use openh264::OpenH264API;
use openh264::encoder::{
    BitRate, Encoder, EncoderConfig, FrameRate, FrameType, QpRange, RateControlMode, VuiConfig,
};
use openh264::formats::{RgbSliceU8, YUVBuffer};

pub mod extract;
pub mod face_pictures;
pub mod faces;
mod hide;
mod search;
mod strip;

use extract::EventPictures;
use faces::{FaceFollower, SessionFaces, followed_face};
use hide::{Hidden, hide};
pub use strip::{Strip, strip};

use super::{FileFormat, Format, PictureUse, Sink, View};
use crate::measure::geometry::Rect;
use crate::measure::time::Timestamp;
use crate::media::image::{Frame, RgbImage};
use crate::media::pictures::Pictures;
use crate::pipeline::Overlay;
use crate::session::Session;
use crate::session::annotation::Bounds;
use crate::session::clip::slow_loop::{LoopSpeed, MARGIN_SECS, REST_SECS};
use crate::session::table::Row;

/// The registry entry of video clips.
pub const FORMAT: Format = Format::written(
    "clips",
    "Every event as a film at a quarter of its speed (MP4 with H.264)",
    PictureUse::Needed,
    |view| files(view, "mp4", write_mp4),
);

/// The registry entry of GIF clips.
pub const GIF_FORMAT: Format = Format::written(
    "gif",
    "Every event as a moving picture at a quarter of its speed (GIF)",
    PictureUse::Needed,
    |view| files(view, "gif", write_gif),
);

/// Speeds that a clip can have, as shares of the real speed.
pub const SPEEDS: std::ops::RangeInclusive<f64> = 0.1..=1.0;

/// How a clip is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipOptions {
    /// Share of the real speed; limited to [`SPEEDS`].
    pub speed: f64,
    /// Seconds that are shown before the onset and after the offset.
    pub margin_secs: f64,
    /// True if the faces that are found are hidden.
    pub blur: bool,
    /// Distance of the outer eye corners of the person who was measured, pixels; `None` if it is not known.
    pub eye_distance_px: Option<f32>,
}

/// The eye distance of the same face may differ by these factors from the one that the analysis measured.
const SAME_EYES: std::ops::RangeInclusive<f32> = 0.7..=1.4;

/// Seconds between two searches for bystanders in the pictures of a clip; no one moves far in this time.
const SEARCH_EVERY_SECS: f64 = 0.25;

/// Median distance of the outer eye corners during an event, pixels.
pub fn eye_distance_px(session: &Session, bounds: &Bounds) -> Option<f32> {
    let frames = bounds.onset.frame..=bounds.offset.frame;
    let during = session.history.samples().iter().filter(|sample| frames.contains(&sample.seq));
    let eyes = during.map(|sample| sample.quality.eye_distance_px);
    let mut eyes: Vec<f32> = eyes.filter(|eyes| eyes.is_finite() && *eyes > 0.0).collect();
    eyes.sort_by(f32::total_cmp);
    eyes.get(eyes.len() / 2).copied()
}

impl Default for ClipOptions {
    fn default() -> Self {
        let speed = LoopSpeed::default().factor();
        Self { speed, margin_secs: MARGIN_SECS, blur: false, eye_distance_px: None }
    }
}

type WriteClip = fn(
    &mut dyn Pictures,
    &Bounds,
    &ClipOptions,
    &mut dyn FaceFollower,
    &mut Sink,
) -> io::Result<()>;

fn files(view: &View<'_>, ending: &str, write: WriteClip) -> Vec<FileFormat> {
    let faces = Rc::new(RefCell::new(None));
    let file = |row: &Row| {
        let (bounds, faces) = (row.bounds, Rc::clone(&faces));
        FileFormat::new(format!("{}.{ending}", clip_name(row)), move |view, out| {
            let eye_distance_px = eye_distance_px(view.session, &bounds);
            let options =
                ClipOptions { blur: view.blur, eye_distance_px, ..ClipOptions::default() };
            let Some(pictures) = view.pictures.as_deref_mut() else { return Ok(()) };
            if !options.blur {
                return write(pictures, &bounds, &options, &mut Nobody, out);
            }
            // Opened for the first clip, because it takes a second.
            let mut faces = faces.borrow_mut();
            let opened = match faces.take() {
                Some(opened) => opened,
                None => SessionFaces::open(&view.session.provenance, &view.models)
                    .map_err(io::Error::other)?,
            };
            write(pictures, &bounds, &options, faces.insert(opened), out)
        })
    };
    view.held().map(file).collect()
}

/// File name of a clip without its ending: `event-3-micro-frame-120-to-134`.
pub fn clip_name(row: &Row) -> String {
    let (onset, offset) = (row.bounds.onset.frame, row.bounds.offset.frame);
    format!("event-{}-{}-frame-{onset}-to-{offset}", row.id(), row.kind)
}

/// Finds no face.
pub(crate) struct Nobody;

impl FaceFollower for Nobody {
    fn forget(&mut self) {}

    fn follow(&mut self, _: &Frame) -> Result<Overlay, String> {
        Ok(Overlay::default())
    }

    fn faces(&mut self, _: &RgbImage) -> Result<Vec<Rect>, String> {
        Ok(Vec::new())
    }
}

/// The pictures of an event that are shown, and what is hidden in all of them.
struct Cut<'a> {
    recorded: EventPictures<'a>,
    hidden: Option<Hidden>,
}

impl<'a> Cut<'a> {
    fn new(
        pictures: &'a mut dyn Pictures,
        bounds: &Bounds,
        options: &ClipOptions,
        faces: &mut dyn FaceFollower,
    ) -> io::Result<Self> {
        let recorded = EventPictures::of(pictures, bounds, options.margin_secs);
        let recorded = recorded.ok_or_else(|| {
            let (onset, offset) = (bounds.onset.frame, bounds.offset.frame);
            io::Error::other(format!(
                "expected pictures of frames {onset} to {offset}, found none that are stored"
            ))
        })?;
        let mut cut = Self { recorded, hidden: None };
        if options.blur {
            cut.hidden =
                Some(cut.hiding(options.eye_distance_px, faces).map_err(io::Error::other)?);
        }
        Ok(cut)
    }

    /// Number of pictures; at least one.
    fn len(&self) -> usize {
        self.recorded.moments().len()
    }

    /// The regions to hide, the same for all pictures, so that a face is hidden also in a picture in which it
    /// is not found. They hold the face that was measured and every other face that is found.
    fn hiding(
        &mut self,
        eye_distance_px: Option<f32>,
        faces: &mut dyn FaceFollower,
    ) -> Result<Hidden, String> {
        let (mut subject, mut others) = (Vec::new(), Vec::new());
        let last = self.recorded.moments().last().map(|moment| moment.frame);
        let mut searched: Option<Timestamp> = None;
        self.recorded.follow(faces, f64::INFINITY, |frame, overlay, faces| {
            let found = overlay.landmarks.eye_distance_px();
            let is_same = eye_distance_px.is_none_or(|eyes| SAME_EYES.contains(&(found / eyes)));
            subject.extend(followed_face(overlay).filter(|_| is_same));
            let is_due = |before: Timestamp| frame.time.secs_since(before) >= SEARCH_EVERY_SECS;
            if Some(frame.seq) == last || searched.is_none_or(is_due) {
                others.extend(faces.everyone(&frame.image)?);
                searched = Some(frame.time);
            } else {
                others.extend(faces.faces(&frame.image)?);
            }
            Ok(())
        })?;
        Ok(Hidden::of(&subject, &others))
    }

    /// Picture `index` of the event.
    fn frame(&mut self, index: usize) -> io::Result<Frame> {
        let mut frame = self.recorded.picture(index).map_err(io::Error::other)?;
        if let Some(hidden) = &self.hidden {
            let mut image = (*frame.image).clone();
            hide(&mut image, hidden);
            (frame.image, frame.jpeg) = (image.into(), None);
        }
        Ok(frame)
    }
}

/// Seconds from a clip's first picture to picture `index`.
fn shown_at_secs(cut: &Cut<'_>, index: usize, options: &ClipOptions) -> f64 {
    let moments = cut.recorded.moments();
    let speed = options.speed.clamp(*SPEEDS.start(), *SPEEDS.end());
    moments[index].time.secs_since(moments[0].time) / speed
}

/// Writes the event as MP4. Pictures of an odd width or height lose a line.
pub fn write_mp4(
    pictures: &mut dyn Pictures,
    bounds: &Bounds,
    options: &ClipOptions,
    faces: &mut dyn FaceFollower,
    out: &mut Sink,
) -> io::Result<()> {
    let mut cut = Cut::new(pictures, bounds, options, faces)?;
    let first = cut.frame(0)?;
    let size_px = (first.image.width & !1, first.image.height & !1);
    if size_px.0 == 0 || size_px.1 == 0 {
        return Err(io::Error::other(
            "expected pictures of at least 2×2 pixels, found smaller ones",
        ));
    }
    let last_secs = shown_at_secs(&cut, cut.len() - 1, options);
    let fps = if last_secs > 0.0 { (cut.len() - 1) as f64 / last_secs } else { 30.0 };
    let mut encoder = encoder(fps, size_px)?;
    let mut film = muxide::api::MuxerBuilder::new(out)
        .video(muxide::api::VideoCodec::H264, size_px.0 as u32, size_px.1 as u32, fps)
        .with_fast_start(true)
        .build()
        .map_err(io::Error::other)?;
    for index in 0..cut.len() {
        let pixels = exactly(&cut.frame(index)?.image, size_px);
        let yuv = YUVBuffer::from_rgb8_source(RgbSliceU8::new(&pixels.data, size_px));
        let encoded = encoder.encode(&yuv).map_err(io::Error::other)?;
        if matches!(encoded.frame_type(), FrameType::Skip | FrameType::Invalid) {
            let text = format!("expected every picture encoded, found number {index} left out");
            return Err(io::Error::other(text));
        }
        let is_key = encoded.frame_type() == FrameType::IDR;
        let bytes = encoded.to_vec();
        let secs = shown_at_secs(&cut, index, options);
        film.write_video(secs, &bytes, is_key).map_err(io::Error::other)?;
    }
    film.finish().map_err(io::Error::other)
}

/// Quality that looks perfect: a clip lasts seconds and is small.
fn encoder(fps: f64, (width, height): (usize, usize)) -> io::Result<Encoder> {
    /// More than any picture needs with the coarsest quantiser below.
    const BITS_A_PIXEL: f64 = 6.0;
    /// Least and greatest bit rate. Below the least, the quantiser is needlessly coarse; beyond the greatest,
    /// H.264 has no level.
    const BITS_A_SECOND: (f64, f64) = (20e6, 240e6);
    let bits = (width * height) as f64 * fps * BITS_A_PIXEL;
    let bits = bits.clamp(BITS_A_SECOND.0, BITS_A_SECOND.1) as u32;
    let config = EncoderConfig::new()
        // Without rate control, the encoder ignores the range of its quantiser.
        .rate_control_mode(RateControlMode::Quality)
        .qp(QpRange::new(10, 20))
        .bitrate(BitRate::from_bps(bits))
        .max_frame_rate(FrameRate::from_hz(fps as f32))
        // It never skips with so many bits. If it may not, it complains on standard error.
        .skip_frames(true)
        .vui(VuiConfig::bt601());
    Encoder::with_api_config(OpenH264API::from_source(), config).map_err(io::Error::other)
}

/// `image` cut to `size_px`, or its border repeated outwards.
fn exactly(image: &RgbImage, (width, height): (usize, usize)) -> RgbImage {
    let mut exact = RgbImage::new(width, height);
    for (i, px) in exact.data.chunks_exact_mut(3).enumerate() {
        px.copy_from_slice(&image.at((i % width) as isize, (i / width) as isize));
    }
    exact
}

/// Writes the event as an endless GIF of at most 320 pixels in width.
pub fn write_gif(
    pictures: &mut dyn Pictures,
    bounds: &Bounds,
    options: &ClipOptions,
    faces: &mut dyn FaceFollower,
    out: &mut Sink,
) -> io::Result<()> {
    /// Balance between speed and colours: one of the encoder's thirty steps.
    const ENCODER_STEP: i32 = 10;
    let mut cut = Cut::new(pictures, bounds, options, faces)?;
    let mut gif = GifEncoder::new_with_speed(out, ENCODER_STEP);
    gif.set_repeat(Repeat::Infinite).map_err(io::Error::other)?;
    let mut told_ms = 0;
    for index in 0..cut.len() {
        let is_last = index + 1 == cut.len();
        let end_secs = match is_last {
            true => shown_at_secs(&cut, index, options) + REST_SECS,
            false => shown_at_secs(&cut, index + 1, options),
        };
        // GIF counts hundredths of a second. What is cut off from one picture is added to the next.
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

pub(crate) fn buffer_of(picture: &RgbImage) -> io::Result<image::RgbImage> {
    let (width, height) = (picture.width as u32, picture.height as u32);
    image::RgbImage::from_raw(width, height, picture.data.clone())
        .ok_or_else(|| io::Error::other("expected three bytes a pixel, found another number"))
}

#[cfg(test)]
mod tests;
