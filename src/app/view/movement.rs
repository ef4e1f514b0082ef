//! The moving regions of an event, drawn on the picture of its apex.

use egui::{Painter, Rect, Stroke, Ui, vec2};

use crate::app::overlay::arrow;
use crate::app::theme::{REGION_STROKE, Theme};
use crate::app::view::region_motion;
use crate::measure::event::Moment;
use crate::measure::regions::REGION_NAMES;
use crate::pipeline::face::align::{EYE_DISTANCE_PX, FACE_HEIGHT_PX};
use crate::session::Session;
use crate::session::clip::EventClip;

/// The movement of a region is drawn this many times as large.
const ENLARGED: f32 = 8.0;

/// Movements below this are not drawn, percent of the outer-eye distance.
const LEAST_PERCENT: f32 = 0.5;

/// Greatest length of an arrow, as a share of the picture's height. Otherwise a broad smile would cover the
/// whole face.
const LONGEST: f32 = 0.25;

/// Greatest number of regions that are drawn, and their least share of the farthest movement. More would hide
/// the face on a small picture.
const DRAWN: usize = 8;
const LEAST_SHARE: f32 = 0.3;

/// A region that moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moving {
    /// Index of the region.
    pub region: usize,
    /// From onset to apex, right and down, percent of the outer-eye distance.
    pub percent: [f32; 2],
}

/// The regions that move visibly from onset to apex, the farthest first; `None` if motion was not measured.
pub fn moving(session: &Session, onset: Moment, apex: Moment) -> Option<Vec<Moving>> {
    let movement = region_motion::movement(session, onset, apex)?.into_iter().enumerate();
    let mut all: Vec<_> = movement
        .map(|(region, percent)| Moving { region, percent })
        .filter(|moving| moving.size() >= LEAST_PERCENT)
        .collect();
    all.sort_by(|a, b| b.size().total_cmp(&a.size()));
    Some(all)
}

impl Moving {
    /// Length of the movement, percent of the outer-eye distance.
    fn size(&self) -> f32 {
        self.percent[0].hypot(self.percent[1])
    }
}

/// Rings round the regions that move most, and arrows in their direction, over the picture in `rect`.
pub fn draw(ui: &Ui, rect: Rect, clip: &EventClip, moving: &[Moving]) {
    let Some((_, _, image)) = clip.frames.first() else { return };
    let scale = rect.height() / image.height.max(1) as f32;
    // A clip shows the aligned face at a smaller size.
    let shrunk = image.height as f32 / FACE_HEIGHT_PX as f32;
    let px_per_percent = EYE_DISTANCE_PX / 100.0 * shrunk;
    let painter = ui.painter_at(rect);
    let farthest = moving.first().map_or(0.0, Moving::size);
    let drawn = moving.iter().take(DRAWN).filter(|m| m.size() >= LEAST_SHARE * farthest);
    for Moving { region, percent: [x, y] } in drawn {
        let Some((center, radius)) = clip.regions.get(*region) else { continue };
        let from = rect.min + vec2(center.x, center.y) * scale;
        ring(&painter, from, radius * scale);
        let along = vec2(*x, *y) * px_per_percent * scale * ENLARGED;
        let share = (rect.height() * LONGEST / along.length()).min(1.0);
        arrow(&painter, from, from + along * share, Theme::DARK.micro);
    }
}

fn ring(painter: &Painter, center: egui::Pos2, radius: f32) {
    // Over a picture, bright colours are visible in both looks.
    let color = Theme::DARK.accent.gamma_multiply(0.8);
    painter.circle_stroke(center, radius, Stroke::new(REGION_STROKE * 0.7, color));
}

/// `Moving most …: left brow 1.2 %, …`, for screen readers and for the tooltip.
pub fn words(moving: Option<&[Moving]>) -> String {
    let Some(moving) = moving else {
        return "How the regions move from onset to apex was not measured.".into();
    };
    if moving.is_empty() {
        return "No region moves visibly from onset to apex.".into();
    }
    let one = |moving: &Moving| format!("{} {:.1} %", REGION_NAMES[moving.region], moving.size());
    let most: Vec<_> = moving.iter().take(5).map(one).collect();
    format!(
        "Moving most from onset to apex, in percent of the distance between the eyes: {}.",
        most.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::sample;
    use crate::measure::regions::{REGIONS, RegionMotion};
    use crate::measure::time::Timestamp;

    fn at(frame: u64) -> Moment {
        Moment { frame, time: Timestamp::of_frame(frame, 30.0) }
    }

    #[test]
    fn what_moves_is_named_the_farthest_first_and_what_stands_still_is_not() {
        let mut session = Session::default();
        for seq in 0..30 {
            let mut regions = [[0.01, 0.0]; REGIONS];
            (regions[2], regions[9]) = ([0.0, -0.2], [0.1, 0.0]);
            let motion = Some(RegionMotion { regions, head: [0.0; 2] });
            session.history.push(crate::measure::sample::Sample { motion, ..sample(seq, 0.1) });
        }
        let moving = moving(&session, at(10), at(20)).expect("measured");
        assert_eq!(moving.iter().map(|m| m.region).collect::<Vec<_>>(), [2, 9]);
        assert!((moving[0].percent[1] + 2.0).abs() < 1e-3, "{moving:?}");
        let words = words(Some(&moving));
        let first = format!("{} 2.0 %", REGION_NAMES[2]);
        assert!(words.contains(&format!("{first}, {} 1.0 %", REGION_NAMES[9])), "{words}");
    }
}
