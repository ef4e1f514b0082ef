//! What a synthetic person does in a video without end, and its true events.
//!
//! A performance is a chain of passes, each with a timeline of its own, so that it can go on for days in
//! bounded memory. Each pass ends in the pose in which the next one begins.

use rand::{Rng as _, SeedableRng as _};

use crate::measure::event::{EmotionReading, Event, Moment, Origin};
use crate::measure::quality::Trouble;
use crate::measure::time::Timestamp;

use crate::synth::behaviour::timeline::{HeadPose, ease};
use crate::synth::rig::facs_rig::FacsFace;
use crate::synth::{Activation, Pose, Random, ScenarioConfig, Timeline};
use show::show;

pub use show::SHOW_SIZES;

mod show;

/// What the person does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scene {
    /// An expression every few seconds, as large as the clearly visible ones in real recordings, and none
    /// during a blink or talking. Shows what the program does. See [`SHOW_SIZES`].
    #[default]
    Show,
    /// Expressions of all measured sizes and units, with blinks and talking at any time.
    Mixed,
    /// No expression; blinks, gaze and head as usual.
    Neutral,
    /// No expression, much talk.
    Talking,
    /// No expression, thirty blinks a minute.
    Blinking,
}

impl Scene {
    /// Every scene with its name on the command line.
    pub const NAMED: [(&'static str, Self); 5] = [
        ("show", Self::Show),
        ("mixed", Self::Mixed),
        ("neutral", Self::Neutral),
        ("talking", Self::Talking),
        ("blinking", Self::Blinking),
    ];

    /// The person's habits for a pass of `duration_secs`.
    fn habits(self, duration_secs: f64) -> ScenarioConfig {
        let neutral = ScenarioConfig::neutral(duration_secs);
        match self {
            // Its expressions are drawn here, and movements that resemble one are rare.
            Self::Show => ScenarioConfig {
                talks_per_minute: 0.6,
                small_movements_per_minute: 0.3,
                head_moves_per_minute: 1.0,
                exposure_steps_per_minute: 0.1,
                ..neutral
            },
            Self::Mixed => ScenarioConfig { duration_secs, ..ScenarioConfig::default() },
            Self::Neutral => neutral,
            Self::Talking => ScenarioConfig { talks_per_minute: 6.0, ..neutral },
            Self::Blinking => ScenarioConfig { blinks_per_minute: 30.0, ..neutral },
        }
    }
}

/// Length of a pass, seconds.
const PASS_SECS: f64 = 600.0;

/// No expression ends in this last part of a pass, seconds, in which the pose changes to that of the next
/// one.
const HANDOVER_SECS: f64 = 2.0;

/// A person who plays a scene, from a seed.
#[derive(Clone, Debug)]
pub struct Performance {
    scene: Scene,
    seed: u64,
    amplitude: f32,
    face: FacsFace,
    /// Number of the pass that is loaded, and where the next one begins.
    loaded: u64,
    timeline: Timeline,
    next_first: Pose,
}

impl Performance {
    /// The person with this `face` plays `scene`; expressions are `amplitude` times their usual size. The
    /// same arguments give the same performance.
    pub fn new(scene: Scene, seed: u64, amplitude: f32, face: FacsFace) -> Self {
        let mut new = Self {
            scene,
            seed,
            amplitude,
            face,
            loaded: 0,
            timeline: Timeline::default(),
            next_first: Pose::default(),
        };
        new.load(0);
        new
    }

    fn load(&mut self, pass: u64) {
        self.timeline = self.pass(pass);
        self.next_first = self.pass(pass + 1).sample(0.0);
        self.loaded = pass;
    }

    /// The person at `secs` since the beginning.
    pub fn pose(&mut self, secs: f64) -> Pose {
        let pass = (secs.max(0.0) / PASS_SECS) as u64;
        if pass != self.loaded {
            self.load(pass);
        }
        let within = secs - pass as f64 * PASS_SECS;
        let pose = self.timeline.sample(within);
        let handed = ease((within - PASS_SECS + HANDOVER_SECS) / HANDOVER_SECS) as f32;
        if handed > 0.0 { between(&pose, &self.next_first, handed) } else { pose }
    }

    /// Every expression that reaches its apex in the first `frames` frames at `fps`, in order. One that is
    /// not over in the last of them ends with it.
    pub fn truth(&self, frames: u64, fps: f64) -> Vec<Event> {
        let Some(last) = frames.checked_sub(1) else { return Vec::new() };
        let passes = (frames as f64 / fps / PASS_SECS).ceil() as u64;
        let mut events = Vec::new();
        for pass in 0..passes {
            let start = pass as f64 * PASS_SECS;
            for activation in self.pass(pass).activations {
                let mut event = event(&activation, events.len() as u64, start, fps);
                if event.apex.frame <= last {
                    let end = Moment { frame: last, time: Timestamp::of_frame(last, fps) };
                    event.offset = event.offset.min(end);
                    events.push(event);
                }
            }
        }
        events
    }

    fn pass(&self, number: u64) -> Timeline {
        let mut random = Random::seed_from_u64(self.seed);
        random.set_stream(number);
        let habits = self.scene.habits(PASS_SECS);
        let mut timeline = Timeline::random(random.random(), &habits);
        if self.scene == Scene::Show {
            show(&mut timeline, &self.face, &mut random);
        }
        timeline.activations.retain(|a| a.offset_secs < PASS_SECS - HANDOVER_SECS - 1.0);
        for unit in timeline.activations.iter_mut().flat_map(|a| &mut a.units) {
            unit.halves = unit.halves.map(|w| w * self.amplitude);
        }
        timeline
    }
}

/// An expression of a pass that begins at `start_secs`, as a labelled event.
fn event(activation: &Activation, id: u64, start_secs: f64, fps: f64) -> Event {
    let moment = |secs: f64| {
        let frame = ((start_secs + secs) * fps).round().max(0.0) as u64;
        Moment { frame, time: Timestamp::of_frame(frame, fps) }
    };
    let mut units = activation.units.clone();
    let size = |u: &crate::synth::UnitMove| u.halves[0].max(u.halves[1]);
    units.sort_by(|a, b| size(b).total_cmp(&size(a)));
    Event {
        id,
        kind: activation.kind,
        onset: moment(activation.onset_secs),
        apex: moment(activation.apex_secs),
        offset: moment(activation.offset_secs),
        score: 1.0,
        action_units: units.into_iter().map(crate::synth::UnitMove::label).collect(),
        emotion: activation.emotion.map(|emotion| EmotionReading {
            probabilities: crate::measure::event::Emotion::ALL
                .map(|e| f32::from(u8::from(e == emotion))),
            clear: true,
        }),
        trouble: Trouble::NONE,
        origin: Origin::Truth,
    }
}

/// The pose at share `part` of the way from `a` to `b`.
fn between(a: &Pose, b: &Pose, part: f32) -> Pose {
    let mix = |a: f32, b: f32| a + (b - a) * part;
    let mut units = a.units;
    for (halves, other) in units.halves.iter_mut().zip(&b.units.halves) {
        *halves = std::array::from_fn(|i| mix(halves[i], other[i]));
    }
    let (from, to) = (a.head.to_array(), b.head.to_array());
    Pose {
        units,
        head: HeadPose::from_array(std::array::from_fn(|i| mix(from[i], to[i]))),
        gaze: std::array::from_fn(|i| mix(a.gaze[i], b.gaze[i])),
        gain: mix(a.gain, b.gain),
    }
}

#[cfg(test)]
mod tests {
    use super::show::seen_percent;
    use super::*;
    use crate::measure::event::EventKind;
    use crate::synth::UnitWeights;
    use crate::synth::render::portrait::Portrait;
    use crate::synth::rig::facs_rig::region_centers;

    fn performance(scene: Scene, seed: u64) -> Performance {
        let portrait = Portrait::named("p002").expect("embedded");
        let face = FacsFace::new(&portrait.points_px).expect("a face");
        Performance::new(scene, seed, 1.0, face)
    }

    #[test]
    fn true_events_are_in_order_apart_from_each_other_and_inside_the_time_asked_for() {
        for seed in 0..4 {
            let truth = performance(Scene::Show, seed).truth(1500 * 30, 30.0);
            assert!(truth.len() > 100, "{}", truth.len());
            let mut free_from = 0;
            for (i, e) in truth.iter().enumerate() {
                assert_eq!((e.id, &e.origin), (i as u64, &Origin::Truth));
                assert!(free_from < e.onset.frame, "{seed} {i}");
                assert!(e.onset.frame < e.apex.frame && e.apex.frame < e.offset.frame);
                assert!(e.offset.frame < 1500 * 30);
                assert!(!e.action_units.is_empty());
                free_from = e.offset.frame;
            }
        }
    }

    #[test]
    fn a_movement_that_is_cut_off_after_its_apex_is_true_until_the_last_frame() {
        let p = performance(Scene::Show, 2);
        let whole = p.truth(60 * 30, 30.0);
        let first = &whole[0];
        let cut = |frames| p.truth(frames, 30.0);
        assert!(cut(first.apex.frame).is_empty() && cut(0).is_empty());
        for last in first.apex.frame..first.offset.frame {
            let event = &cut(last + 1)[0];
            assert_eq!((event.onset, event.apex), (first.onset, first.apex));
            assert_eq!(event.offset.frame, last);
        }
        assert_eq!(cut(first.offset.frame + 1)[..], whole[..1]);
    }

    #[test]
    fn micro_expressions_last_at_most_half_a_second_and_some_frames() {
        let truth = performance(Scene::Mixed, 3).truth(1200 * 30, 30.0);
        let micro: Vec<_> = truth.iter().filter(|e| e.kind == EventKind::Micro).collect();
        assert!(micro.len() > 20);
        assert!(micro.iter().all(|e| e.interval().frames() <= 18));
    }

    #[test]
    fn shown_expressions_have_the_stated_size_where_the_spotter_looks() {
        let p = performance(Scene::Show, 5);
        let centers = region_centers(&p.face);
        for a in &p.timeline.activations {
            let mut weights = UnitWeights::default();
            a.units.iter().for_each(|u| weights.add(u.unit, u.halves));
            let seen = seen_percent(&p.face, &centers, &weights);
            let (_, _, least, most) = SHOW_SIZES[usize::from(a.kind == EventKind::Macro)];
            assert!((least as f32 * 0.6..most as f32 * 1.01).contains(&seen), "{seen} {a:?}");
        }
    }

    #[test]
    fn what_the_regions_hardly_see_is_not_shown_and_much_else_is() {
        let truth = performance(Scene::Show, 5).truth(1800 * 30, 30.0);
        let texts: Vec<String> = truth
            .iter()
            .map(|e| {
                e.action_units.iter().map(|u| u.unit.0.to_string()).collect::<Vec<_>>().join("+")
            })
            .collect();
        let count = |text: &str| texts.iter().filter(|t| *t == text).count();
        assert!(["5", "6", "7", "9", "23", "24"].iter().all(|text| count(text) == 0));
        assert!(
            ["4", "12", "1+2", "14", "2", "15"].iter().all(|text| count(text) > 0),
            "{texts:?}"
        );
    }

    #[test]
    fn nobody_blinks_or_talks_into_a_shown_expression() {
        let p = performance(Scene::Show, 6);
        for a in &p.timeline.activations {
            for secs in [a.onset_secs, a.apex_secs, a.offset_secs] {
                assert!(!p.timeline.is_blinking(secs) && !p.timeline.is_talking(secs));
            }
        }
        let blinks_per_minute = p.timeline.blinks.len() as f64 / (PASS_SECS / 60.0);
        assert!((9.0..20.0).contains(&blinks_per_minute), "{blinks_per_minute}");
    }

    #[test]
    fn a_pass_goes_over_into_the_next_without_a_jump() {
        let mut p = performance(Scene::Show, 7);
        let head = |p: &mut Performance, secs| p.pose(secs).head.to_array();
        let (before, after) = (head(&mut p, PASS_SECS - 1e-3), head(&mut p, PASS_SECS + 1e-3));
        assert!(before.iter().zip(after).all(|(a, b)| (a - b).abs() < 1e-3));
    }

    #[test]
    fn scenes_without_expressions_have_no_truth() {
        for scene in [Scene::Neutral, Scene::Talking, Scene::Blinking] {
            assert!(performance(scene, 1).truth(600 * 30, 30.0).is_empty());
        }
    }

    #[test]
    fn reading_backwards_gives_the_same_poses() {
        let (mut p, mut q) = (performance(Scene::Mixed, 2), performance(Scene::Mixed, 2));
        let times = [3.0, 700.0, 1250.0];
        let forth: Vec<Pose> = times.iter().map(|t| p.pose(*t)).collect();
        let back: Vec<Pose> = times.iter().rev().map(|t| q.pose(*t)).collect();
        assert!(forth.iter().zip(back.iter().rev()).all(|(a, b)| a == b));
    }
}
