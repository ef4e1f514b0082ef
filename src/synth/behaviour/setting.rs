//! Under which circumstances a recording is made and measured: what else is drawn depends on it.

use rand::Rng;

use crate::synth::Random;

/// Where a person is filmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingPlace {
    /// Steady light, a good camera, a person who sits still and says nothing. The measured facts are
    /// from such rooms.
    Laboratory,
    /// A webcam at home: noise, compression, uneven frames, a person who moves and talks.
    Home,
}

/// Who reads the motion out of the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The published features: the nose's motion taken away, the mean of magnitudes along the
    /// direction of the sum, partly from 8-bit flow.
    Published,
    /// This program's pipeline: turning and leaning taken away as well, least squares, which averages
    /// towards zero.
    Own,
}

/// The circumstances of one recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Where it is made.
    pub place: RecordingPlace,
    /// How it is measured.
    pub method: Method,
}

impl Setting {
    /// Draws circumstances. Six of ten recordings come from a laboratory; most of those are measured
    /// as published, most of the others as the program does it.
    pub fn draw(random: &mut Random) -> Self {
        let place =
            if random.random_bool(0.6) { RecordingPlace::Laboratory } else { RecordingPlace::Home };
        let published = match place {
            RecordingPlace::Laboratory => 0.75,
            RecordingPlace::Home => 0.25,
        };
        let method = if random.random_bool(published) { Method::Published } else { Method::Own };
        Self { place, method }
    }
}
