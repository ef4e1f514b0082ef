//! H.264 pictures from samples as MP4 stores them.
//!
//! Pictures leave a decoder in display order, later than they went in, and carry no name. Each is
//! paired with the earliest display time that went in and has not come out yet.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, Decoder, DecoderConfig, Flush};
use openh264::formats::YUVSource;

use super::sps::Stream;
use crate::media::colour::{Planes, rgb_from_planes};
use crate::media::image::RgbImage;
use crate::media::pool::Pool;

const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// The decoder's set-up, from an MP4's `avcC` box (ISO/IEC 14496-15, 5.3.3).
#[derive(Clone, Debug)]
pub(crate) struct AvcConfig {
    /// How many bytes give the length of a unit inside a sample: 1, 2 or 4.
    length_bytes: usize,
    /// The parameter sets with start codes, as the decoder wants them.
    parameter_sets: Vec<u8>,
    /// What the first parameter set says.
    pub(crate) stream: Stream,
}

impl AvcConfig {
    /// None when the box is cut short or holds no parameter set.
    pub(crate) fn parse(avcc: &[u8]) -> Option<Self> {
        let length_bytes = usize::from(avcc.get(4)? & 3) + 1;
        let mut parameter_sets = Vec::new();
        let mut stream = None;
        let mut rest = avcc.get(5..)?;
        for mask in [0x1F, 0xFF] {
            let (count, after) = rest.split_first()?;
            rest = after;
            for _ in 0..count & mask {
                let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
                let unit = rest.get(2..2 + length)?;
                stream = stream.or_else(|| Stream::parse(unit));
                parameter_sets.extend(START_CODE);
                parameter_sets.extend(unit);
                rest = &rest[2 + length..];
            }
        }
        Some(Self { length_bytes, parameter_sets, stream: stream? })
    }

    /// Whether decoding may begin with this sample: no picture from it on needs one before it. Other
    /// key frames do not promise that of the pictures that are shown before them.
    pub(crate) fn is_beginning(&self, sample: &[u8]) -> bool {
        const INSTANTANEOUS_REFRESH: u8 = 5;
        self.units(sample)
            .map_while(|unit| unit)
            .any(|unit| unit.first().is_some_and(|header| header & 0x1F == INSTANTANEOUS_REFRESH))
    }

    /// The sample's units; none where a length lies, which ends them.
    fn units<'a>(&self, sample: &'a [u8]) -> impl Iterator<Item = Option<&'a [u8]>> {
        let (length_bytes, mut rest) = (self.length_bytes, sample);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let unit = rest.split_at_checked(length_bytes).and_then(|(length, after)| {
                let length = length.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
                after.split_at_checked(length)
            });
            rest = unit.map_or(&[], |(_, after)| after);
            Some(unit.map(|(unit, _)| unit))
        })
    }

    /// Writes a sample's units with start codes into `units`; false when a length lies.
    fn with_start_codes(&self, sample: &[u8], units: &mut Vec<u8>) -> bool {
        self.units(sample).all(|unit| {
            units.extend(START_CODE);
            units.extend(unit.unwrap_or_default());
            unit.is_some()
        })
    }
}

/// A picture with its place in the order of display.
pub(crate) type Shown = (u64, Result<Arc<RgbImage>, String>);

/// Decodes samples that are named by their place in the order of display.
pub(crate) struct H264 {
    decoder: Decoder,
    config: AvcConfig,
    /// Places whose pictures are still inside the decoder, earliest first.
    waiting: BinaryHeap<Reverse<u64>>,
    units: Vec<u8>,
    pool: Pool,
    has_parameter_sets: bool,
    /// Pictures before this place only pass through: they come out empty.
    first_wanted: u64,
}

impl H264 {
    /// The error says what the decoder answered.
    pub(crate) fn new(config: AvcConfig) -> Result<Self, String> {
        // Flushing after every sample would push pictures out before earlier ones have gone in.
        let settings = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
        let decoder = Decoder::with_api_config(OpenH264API::from_source(), settings)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            decoder,
            config,
            waiting: BinaryHeap::new(),
            units: Vec::new(),
            pool: Pool::default(),
            has_parameter_sets: false,
            first_wanted: 0,
        })
    }

    /// From now on, pictures before `place` are decoded for others' sake only, and come out empty.
    pub(crate) fn want_from(&mut self, place: u64) {
        self.first_wanted = place;
    }

    /// Takes the sample to be shown at `place`; gives the picture that leaves the decoder, if any.
    pub(crate) fn decode(&mut self, place: u64, sample: &[u8]) -> Option<Shown> {
        self.units.clear();
        if !self.has_parameter_sets {
            self.units.extend(&self.config.parameter_sets);
            self.has_parameter_sets = true;
        }
        if !self.config.with_start_codes(sample, &mut self.units) {
            return Some((place, Err("a sample whose units do not fill it".into())));
        }
        match self.decoder.decode(&self.units) {
            Ok(picture) => {
                self.waiting.push(Reverse(place));
                let picture = picture?;
                let Reverse(first) = self.waiting.pop()?;
                let is_wanted = first >= self.first_wanted;
                Some((first, rgb(&picture, &self.config.stream, is_wanted, &mut self.pool)))
            }
            Err(error) => Some((place, Err(format!("a sample that does not decode ({error})")))),
        }
    }

    /// Everything that is still inside the decoder, in order.
    pub(crate) fn finish(&mut self) -> Vec<Shown> {
        let pictures = self.decoder.flush_remaining().unwrap_or_default();
        let mut shown: Vec<Shown> = pictures
            .iter()
            .filter_map(|picture| {
                let Reverse(first) = self.waiting.pop()?;
                let is_wanted = first >= self.first_wanted;
                Some((first, rgb(picture, &self.config.stream, is_wanted, &mut self.pool)))
            })
            .collect();
        while let Some(Reverse(place)) = self.waiting.pop() {
            shown.push((place, Err("a sample without a picture".into())));
        }
        shown
    }
}

fn rgb(
    picture: &DecodedYUV<'_>,
    stream: &Stream,
    is_wanted: bool,
    pool: &mut Pool,
) -> Result<Arc<RgbImage>, String> {
    if !is_wanted {
        return Ok(Arc::default());
    }
    let (size_px, strides) = (picture.dimensions(), picture.strides());
    let source = Planes {
        planes: [picture.y(), picture.u(), picture.v()],
        strides: [strides.0, strides.1],
        size_px,
    };
    pool.draw(|image| {
        rgb_from_planes(source, stream.colour(size_px.1), image)
            .ok_or_else(|| "a picture smaller than it says".into())
    })
}
