//! From a spotted interval to an event: its phases, the recogniser's reading of them, and the trouble of its
//! frames.

use super::Recogniser;
use super::motion_buffer::MotionBuffer;
use crate::measure::event::{Event, Moment, Origin};
use crate::measure::quality::Trouble;
use crate::model::{ModelError, Models, Task};
use crate::pipeline::motion::regions::RegionDisplacement;
use crate::pipeline::spotting::Proposal;

/// Keeps the newest motion, and makes events from proposals.
#[derive(Debug)]
pub struct EventBuilder {
    motion_buffer: MotionBuffer,
    /// `None` if the models hold no recogniser. Events then have no emotion and no action units.
    recogniser: Option<Recogniser>,
    events_found: u64,
}

impl EventBuilder {
    /// Opens the recogniser, if there is one.
    pub fn new(models: &Models) -> Result<Self, ModelError> {
        let recogniser =
            models.has(Task::Recognise).then(|| Recogniser::new(models)).transpose()?;
        Ok(Self { motion_buffer: MotionBuffer::default(), recogniser, events_found: 0 })
    }

    /// Forgets the stream.
    pub fn reset(&mut self) {
        self.motion_buffer.reset();
        self.events_found = 0;
    }

    /// Keeps a measured frame.
    pub fn remember(
        &mut self,
        moment: Moment,
        trouble: Trouble,
        displacement: Option<&RegionDisplacement>,
    ) {
        self.motion_buffer.push(moment, trouble, displacement);
    }

    /// Makes the event.
    pub fn read(&mut self, proposal: &Proposal) -> Result<Event, ModelError> {
        let Proposal { kind, onset, apex, offset, score } = *proposal;
        let phases = self.motion_buffer.phases(onset, apex, offset);
        let is_measured = phases.iter().any(Option::is_some);
        let recogniser = self.recogniser.as_mut().filter(|_| is_measured);
        let reading = recogniser.map(|r| r.read(&phases)).transpose()?;
        let id = self.events_found;
        self.events_found += 1;
        Ok(Event {
            id,
            kind,
            onset,
            apex,
            offset,
            score,
            action_units: reading.as_ref().map(|r| r.action_units.clone()).unwrap_or_default(),
            emotion: reading.map(|r| r.emotion),
            trouble: self.motion_buffer.trouble(onset, offset),
            origin: Origin::Model,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::event::EventKind;
    use crate::measure::time::Timestamp;

    #[test]
    fn events_are_counted_and_carry_a_reading_and_their_trouble() {
        let models = Models::load(&Default::default()).expect("embedded models");
        let mut event_builder = EventBuilder::new(&models).expect("a recogniser");
        let moment = |frame| Moment { frame, time: Timestamp::of_frame(frame, 30.0) };
        let raise = RegionDisplacement {
            regions: std::array::from_fn(|i| [0.0, if i < 6 { -0.2 } else { 0.0 }]),
            head: [0.0; 2],
        };
        for i in 0..20 {
            let trouble = if i == 9 { Trouble::BLINK } else { Trouble::NONE };
            event_builder.remember(moment(i), trouble, (i > 0).then_some(&raise));
        }
        let [onset, apex, offset] = [4, 9, 15].map(moment);
        let proposal = Proposal { kind: EventKind::Micro, onset, apex, offset, score: 0.7 };
        let first = event_builder.read(&proposal).expect("it runs");
        let second = event_builder.read(&proposal).expect("it runs");
        assert_eq!((first.id, second.id), (0, 1));
        assert_eq!((first.trouble, first.origin.clone()), (Trouble::BLINK, Origin::Model));
        assert!(first.emotion.is_some());
    }

    #[test]
    fn an_event_without_measured_phases_has_no_reading() {
        let models = Models::load(&Default::default()).expect("embedded models");
        let mut event_builder = EventBuilder::new(&models).expect("a recogniser");
        let at = Moment::default();
        let proposal =
            Proposal { kind: EventKind::Macro, onset: at, apex: at, offset: at, score: 0.5 };
        let event = event_builder.read(&proposal).expect("it runs");
        assert!(event.emotion.is_none() && event.action_units.is_empty());
    }
}
