//! H.264 pictures from samples as MP4 stores them.
//!
//! Every sample is decoded by itself: its picture leaves the decoder before the next sample goes in. So no
//! picture can be mistaken for another, whatever the stream does. Pictures come out in the order of decoding;
//! the reader puts them into the order of display, which the file's index tells. By default the decoder would
//! reorder pictures itself and would not say which one it gives; `renamed` in `sps` explains how that is prevented.
//! Flushing the decoder after every sample does not prevent it: the decoder then never frees some pictures.

use std::sync::Arc;

use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, Decoder, DecoderConfig, Flush};
use openh264::formats::YUVSource;

use super::sps::{StatedColour, Stream, renamed};
use crate::media::colour::{Planes, YuvColour, rgb_from_planes};
use crate::media::image::RgbImage;
use crate::media::pool::Pool;

const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// Kinds of unit (ITU-T H.264, table 7-1).
mod kind {
    pub(super) const SLICE: u8 = 1;
    pub(super) const PARTITION: std::ops::RangeInclusive<u8> = 2..=4;
    pub(super) const REFRESH_SLICE: u8 = 5;
    pub(super) const SEQUENCE_SET: u8 = 7;
    pub(super) const PICTURE_SET: u8 = 8;
}

fn kind_of(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header & 0x1F)
}

fn is_slice(unit: &[u8]) -> bool {
    [kind::SLICE, kind::REFRESH_SLICE].contains(&kind_of(unit))
}

/// True if a slice is the first of its picture: it begins at macroblock 0, whose code is a single 1.
fn begins_picture(unit: &[u8]) -> bool {
    is_slice(unit) && unit.get(1).is_some_and(|byte| byte & 0x80 != 0)
}

/// Adds a unit in the form that the decoder takes.
fn push_unit(unit: &[u8], units: &mut Vec<u8>) {
    units.extend(START_CODE);
    match kind_of(unit) {
        kind::SEQUENCE_SET => units.extend(renamed(unit).as_deref().unwrap_or(unit)),
        _ => units.extend(unit),
    }
}

/// The decoder's set-up, from an MP4's `avcC` box (ISO/IEC 14496-15, 5.3.3).
#[derive(Clone, Debug)]
pub(crate) struct AvcConfig {
    /// Number of bytes that hold the length of a unit inside a sample: 1, 2 or 4.
    length_bytes: usize,
    /// The parameter sets with start codes, in the form that the decoder takes.
    parameter_sets: Vec<u8>,
    /// What the first parameter set says.
    pub(crate) stream: Stream,
    /// True if the decoder here knows the profile.
    pub(crate) is_known: bool,
    /// The colours that the container states, for a stream that states none.
    pub(crate) container_colour: StatedColour,
}

impl AvcConfig {
    /// `None` if the box is cut short or holds no parameter set.
    pub(crate) fn parse(avcc: &[u8]) -> Option<Self> {
        let length_bytes = usize::from(avcc.get(4)? & 3) + 1;
        let mut parameter_sets = Vec::new();
        let mut stream = None;
        let mut is_known = true;
        let mut rest = avcc.get(5..)?;
        for mask in [0x1F, 0xFF] {
            let (count, after) = rest.split_first()?;
            rest = after;
            for _ in 0..count & mask {
                let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
                let unit = rest.get(2..2 + length)?;
                stream = stream.or_else(|| Stream::parse(unit));
                is_known &= kind_of(unit) != kind::SEQUENCE_SET || renamed(unit).is_some();
                push_unit(unit, &mut parameter_sets);
                rest = &rest[2 + length..];
            }
        }
        let container_colour = StatedColour::default();
        Some(Self { length_bytes, parameter_sets, stream: stream?, is_known, container_colour })
    }

    /// True if decoding may begin with this sample: no picture from it on needs one before it. For other key
    /// frames this does not hold: pictures that are shown before them may need earlier ones.
    pub(crate) fn is_beginning(&self, sample: &[u8]) -> bool {
        self.units(sample).map_while(|unit| unit).any(|unit| kind_of(unit) == kind::REFRESH_SLICE)
    }

    /// True if the sample holds no part of a picture.
    pub(crate) fn is_without_picture(&self, sample: &[u8]) -> bool {
        // If a length is wrong, nothing is known about what follows it.
        !self.units(sample).any(|unit| {
            unit.is_none_or(|unit| is_slice(unit) || kind::PARTITION.contains(&kind_of(unit)))
        })
    }

    /// The first parameter set in a sample; `None` without one.
    pub(crate) fn stream_in(&self, sample: &[u8]) -> Option<Stream> {
        self.units(sample).map_while(|unit| unit).find_map(Stream::parse)
    }

    /// Why this decoder cannot decode the sample. The text follows "an MP4 file with …".
    pub(crate) fn trouble_in(&self, sample: &[u8]) -> Option<&'static str> {
        let units = || self.units(sample).map_while(|unit| unit);
        let stream = self.stream_in(sample);
        let is_unknown = |unit| kind_of(unit) == kind::SEQUENCE_SET && renamed(unit).is_none();
        if units().any(is_unknown) {
            Some("H.264 of a profile that is not decoded here")
        } else if stream.is_some_and(|stream| !stream.is_plain) {
            Some("H.264 that is interlaced or not 8-bit 4:2:0")
        } else if stream.is_some_and(|stream| self.encoding(&stream).is_none()) {
            Some("colours that are not converted here")
        } else if units().any(|unit| kind::PARTITION.contains(&kind_of(unit))) {
            Some("H.264 in data partitions")
        } else if units().filter(|unit| begins_picture(unit)).count() > 1 {
            Some("more than one picture in a sample")
        } else {
            None
        }
    }

    /// The colours of `stream`; `None` if they are of a kind that is not converted here.
    pub(crate) fn encoding(&self, stream: &Stream) -> Option<YuvColour> {
        stream.colour.or(self.container_colour).encoding()
    }

    /// The sample's units. A unit with a wrong length is `None`, and is the last.
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
}

/// The result of decoding a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// Its picture; an empty one if it was not wanted.
    Picture(Arc<RgbImage>),
    /// The sample holds no picture: only filler, or parameter sets.
    Nothing,
    /// The picture is lost, for this reason.
    Lost(String),
}

/// Decodes samples in the order of the file.
pub(crate) struct H264 {
    decoder: Decoder,
    config: AvcConfig,
    /// The colours of the newest parameter set.
    colour: YuvColour,
    /// The units of one sample for the decoder, with start codes.
    units: Vec<u8>,
    /// Parameter sets that go in before the next picture.
    next_sets: Vec<u8>,
    pool: Pool,
}

impl H264 {
    /// The error is the decoder's answer.
    pub(crate) fn new(config: AvcConfig) -> Result<Self, String> {
        let settings = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
        let decoder = Decoder::with_api_config(OpenH264API::from_source(), settings)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            decoder,
            colour: config.encoding(&config.stream).unwrap_or(YuvColour::UNSTATED),
            next_sets: config.parameter_sets.clone(),
            config,
            units: Vec::new(),
            pool: Pool::default(),
        })
    }

    /// Decodes the next sample. A picture that is not wanted is decoded only because others need it.
    pub(crate) fn decode(&mut self, sample: &[u8], is_wanted: bool) -> Decoded {
        if let Some(trouble) = self.config.trouble_in(sample) {
            return Decoded::Lost(format!("{trouble}, which cannot be followed here"));
        }
        match self.gather(sample) {
            None => return Decoded::Lost("a sample whose units do not fill it".into()),
            Some(false) => return Decoded::Nothing,
            Some(true) => {}
        }
        match self.decoder.decode(&self.units) {
            Ok(Some(picture)) => {
                if !is_wanted {
                    return Decoded::Picture(Arc::default());
                }
                match rgb(&picture, self.colour, &mut self.pool) {
                    Ok(image) => Decoded::Picture(image),
                    Err(found) => Decoded::Lost(found),
                }
            }
            Ok(None) => Decoded::Lost("a sample without a picture".into()),
            Err(error) => Decoded::Lost(format!("a sample that does not decode ({error})")),
        }
    }

    /// Puts the sample's slices and all parameter sets before them into `units`. False if it has no slice;
    /// `None` if a length is wrong. The other units of a sample say nothing about pixels, and after the
    /// slices they would make the decoder give the picture too early.
    fn gather(&mut self, sample: &[u8]) -> Option<bool> {
        self.units.clear();
        self.units.append(&mut self.next_sets);
        let sets = self.units.len();
        let mut has_slice = false;
        for unit in self.config.units(sample) {
            let Some(unit) = unit else {
                self.units.truncate(sets);
                std::mem::swap(&mut self.units, &mut self.next_sets);
                return None;
            };
            let is_set = [kind::SEQUENCE_SET, kind::PICTURE_SET].contains(&kind_of(unit));
            if !is_set && !is_slice(unit) {
                continue;
            }
            if let Some(stream) = Stream::parse(unit) {
                self.colour = self.config.encoding(&stream).unwrap_or(self.colour);
            }
            has_slice |= is_slice(unit);
            let target = if is_set && has_slice { &mut self.next_sets } else { &mut self.units };
            push_unit(unit, target);
        }
        if !has_slice {
            std::mem::swap(&mut self.units, &mut self.next_sets);
        }
        Some(has_slice)
    }
}

fn rgb(
    picture: &DecodedYUV<'_>,
    colour: YuvColour,
    pool: &mut Pool,
) -> Result<Arc<RgbImage>, String> {
    let (size_px, strides) = (picture.dimensions(), picture.strides());
    let source = Planes {
        planes: [picture.y(), picture.u(), picture.v()],
        strides: [strides.0, strides.1],
        size_px,
    };
    pool.draw(|image| {
        rgb_from_planes(source, colour, image)
            .ok_or_else(|| "a picture smaller than it says".into())
    })
}
