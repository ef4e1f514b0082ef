//! The circumstances in which a recording is made and measured. Other things that are drawn depend on them.

use rand::Rng;

use crate::synth::Random;

/// Where a person is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingPlace {
    /// Steady light, a good camera, a person who sits still and does not speak. The published measurements
    /// are from such rooms.
    Laboratory,
    /// A webcam at home: noise, compression, uneven frames, a person who moves and talks.
    Home,
}

/// How motion is measured in the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// As in the published features: the nose's motion is subtracted, the mean of magnitudes is taken along
    /// the direction of the sum, and the flow is partly in 8 bits.
    Published,
    /// As in this program's pipeline: turning and leaning are subtracted too, and least squares average
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
    /// Draws circumstances. Six of ten recordings come from a laboratory. Most of those are measured as
    /// published, most of the others as by the program.
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
