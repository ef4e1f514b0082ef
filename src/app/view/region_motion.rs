//! The motion in an event, measured for the card.

use crate::measure::event::Moment;
use crate::measure::regions::REGIONS;
use crate::measure::time::Timestamp;
use crate::session::Session;
use crate::session::annotation::Bounds;
use crate::session::history::Channel;

/// Number of regions in the plot of motion: those that move most.
pub const DRAWN_REGIONS: usize = 4;

/// Seconds drawn before onset and after offset.
const MARGIN_SECS: f64 = 0.5;

/// Displacement of each region from onset to apex, percent of the outer-eye distance; `None` if the samples
/// are no longer kept whole or the face could not be measured.
pub fn movement(session: &Session, onset: Moment, apex: Moment) -> Option<[[f32; 2]; REGIONS]> {
    let samples = session.history.samples();
    let first = samples.partition_point(|s| s.seq <= onset.frame);
    let last = samples.partition_point(|s| s.seq <= apex.frame);
    let mut total = [[0.0f32; 2]; REGIONS];
    let mut before = samples.get(first.checked_sub(1)?)?.time;
    for sample in samples.range(first..last) {
        // Motion is per 1/30 s.
        let units = sample.time.secs_since(before) as f32 * 30.0;
        before = sample.time;
        for (sum, moved) in total.iter_mut().zip(sample.motion?.regions) {
            sum[0] += moved[0] * units;
            sum[1] += moved[1] * units;
        }
    }
    Some(total)
}

/// Motion over time round an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Motions {
    /// First and last second drawn.
    pub secs: (f64, f64),
    /// The regions that move most, the fastest first: the region, and its lines of (seconds, percent of the
    /// outer-eye distance per 1/30 s), broken where nothing was measured.
    pub regions: Vec<(usize, Vec<Vec<[f64; 2]>>)>,
    /// The value at the top: a little more than the greatest between onset and offset.
    pub greatest: f64,
}

/// Motion of the [`DRAWN_REGIONS`] regions that move fastest between onset and offset.
pub fn motions(session: &Session, bounds: &Bounds) -> Motions {
    let (onset, offset) = (bounds.onset.time, bounds.offset.time);
    let (from, to) = (onset - MARGIN_SECS, offset + MARGIN_SECS);
    let mut regions: Vec<_> = (0..REGIONS)
        .filter_map(|region| {
            let inside = session.history.columns(Channel::Region(region), onset, offset, 400);
            let fastest = inside.iter().filter_map(|column| Some(column.range?.1));
            Some((region, fastest.reduce(f32::max)?))
        })
        .collect();
    regions.sort_by(|a, b| b.1.total_cmp(&a.1));
    regions.truncate(DRAWN_REGIONS);
    // The event fills the plot; a blink beside it may exceed it.
    let greatest = regions.first().map_or(0.0, |(_, fastest)| f64::from(*fastest) * 1.15);
    let lines = |(region, _): &(usize, f32)| {
        (*region, session.history.lines(Channel::Region(*region), from, to, 400))
    };
    let regions: Vec<_> = regions.iter().map(lines).collect();
    Motions { secs: (from.secs(), to.secs()), regions, greatest }
}

/// True if a moment lies in the part that [`motions`] draws.
pub fn is_in(motions: &Motions, time: Timestamp) -> bool {
    (motions.secs.0..=motions.secs.1).contains(&time.secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::{event, sample};
    use crate::measure::regions::RegionMotion;

    fn session(fps: f64, motion: impl Fn(u64) -> Option<RegionMotion>) -> Session {
        let mut session = Session::default();
        for seq in 0..90u64 {
            let mut sample = sample(seq, 0.1);
            sample.time = Timestamp::of_frame(seq, fps);
            sample.motion = motion(seq);
            session.history.push(sample);
        }
        session
    }

    fn steady(_: u64) -> Option<RegionMotion> {
        Some(RegionMotion { regions: [[0.5, -1.0]; REGIONS], head: [0.0; 2] })
    }

    fn at(frame: u64) -> Moment {
        Moment { frame, time: Timestamp::of_frame(frame, 30.0) }
    }

    #[test]
    fn motion_adds_up_to_movement_at_any_rate() {
        for fps in [30.0, 60.0, 25.0] {
            let moved = movement(&session(fps, steady), at(10), at(20));
            let [x, y] = moved.expect("measured")[0];
            let units = 10.0 / fps as f32 * 30.0;
            assert!((x - 0.5 * units).abs() < 1e-3 && (y + units).abs() < 1e-3, "{fps}: {x} {y}");
        }
    }

    #[test]
    fn a_face_that_was_not_measured_has_no_movement() {
        assert!(movement(&session(30.0, |_| None), at(10), at(20)).is_none());
        assert!(movement(&Session::default(), at(10), at(20)).is_none());
        assert!(motions(&session(30.0, |_| None), &bounds()).regions.is_empty());
    }

    fn bounds() -> Bounds {
        let event = event(0, 1.0);
        Bounds { onset: event.onset, apex: event.apex, offset: event.offset }
    }

    #[test]
    fn the_regions_that_move_most_in_the_event_are_drawn() {
        let moving = |seq: u64| {
            let mut regions = [[0.1, 0.0]; REGIONS];
            if (30..40).contains(&seq) {
                (regions[8], regions[3]) = ([0.0, 2.0], [1.0, 0.0]);
            }
            // Faster still, but before the event.
            regions[5] = if seq < 20 { [9.0, 0.0] } else { [0.0; 2] };
            Some(RegionMotion { regions, head: [0.0; 2] })
        };
        let motions = motions(&session(30.0, moving), &bounds());
        let drawn: Vec<_> = motions.regions.iter().map(|(region, _)| *region).collect();
        assert_eq!((drawn.len(), drawn[0], drawn[1]), (DRAWN_REGIONS, 8, 3));
        assert!(!drawn.contains(&5));
    }
}
