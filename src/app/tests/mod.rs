//! Shared by tests of several panels: a state with a null backend, samples and events.

use std::sync::Arc;

use super::LaunchOptions;
use super::backend::null::NullBackend;
use super::settings::Settings;
use super::state::State;
use crate::measure::event::*;
use crate::measure::quality::{Quality, Trouble};
use crate::measure::sample::{Sample, Score};
use crate::measure::time::Timestamp;

mod behaviour;
mod difference;

/// A state in which nothing runs.
pub(crate) fn state() -> State {
    let (options, wake) = (LaunchOptions::default(), Arc::new(|| ()));
    State::new(Settings::default(), options, Box::new(NullBackend), wake)
}

/// A good frame at 30 a second.
pub(crate) fn sample(seq: u64, micro: f32) -> Sample {
    let quality = Quality { rate_fps: 30.0, ..Quality::default() };
    let score = Some(Score { micro, macro_: 0.05 });
    Sample { seq, time: Timestamp::of_frame(seq, 30.0), quality, motion: None, score }
}

/// A micro-expression of a third of a second.
pub(crate) fn event(id: u64, onset_secs: f64) -> Event {
    let moment = |secs: f64| Moment {
        frame: (secs * 30.0).round() as u64,
        time: Timestamp::from_secs(secs),
    };
    let unit =
        |n, side| MovingUnit { unit: ActionUnit(n), side, probability: 0.9, intensity: None };
    Event {
        id,
        kind: EventKind::Micro,
        onset: moment(onset_secs),
        apex: moment(onset_secs + 0.2),
        offset: moment(onset_secs + 0.333),
        score: 0.8,
        action_units: vec![unit(12, Side::Left), unit(6, Side::Both)],
        emotion: Some(EmotionReading { probabilities: [0.1, 0.82, 0.08], clear: true }),
        trouble: Trouble::NONE,
        origin: Origin::Model,
    }
}
