//! The drawing over the picture of a face: mesh, regions, and their motion.

use egui::{Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};

use super::theme::{REGION_STROKE, Theme};
use crate::measure::geometry::Point;
use crate::measure::regions::SPOT_REGIONS;
use crate::pipeline::Overlay;

/// Motion is drawn this many times as large: a micro-expression moves a brow by half a percent of the eye
/// distance, which no one would see.
pub const ENLARGED: f32 = 30.0;

/// Motion below this is noise of the picture, percent of the outer-eye distance per 1/30 s.
const NOISE_PERCENT: f32 = 0.12;

/// From a frame's pixels to points on the screen.
#[derive(Clone, Copy, Debug)]
pub struct ScreenFromFrame {
    origin: Pos2,
    scale: f32,
}

impl ScreenFromFrame {
    /// For a frame of `size_px` pixels that fills `rect`.
    pub fn fit(rect: Rect, size_px: (usize, usize)) -> Self {
        Self { origin: rect.min, scale: rect.width() / size_px.0.max(1) as f32 }
    }

    /// The image of a point.
    pub fn apply(&self, p: Point) -> Pos2 {
        self.origin + vec2(p.x, p.y) * self.scale
    }
}

/// The largest rectangle with the shape of a picture inside `available`, in its middle.
pub fn fit_inside(available: Rect, size_px: (usize, usize)) -> Rect {
    let (w, h) = (size_px.0.max(1) as f32, size_px.1.max(1) as f32);
    let scale = (available.width() / w).min(available.height() / h).max(0.0);
    Rect::from_center_size(available.center(), vec2(w * scale, h * scale))
}

/// Draws the mesh's points.
pub fn landmarks(painter: &Painter, theme: &Theme, overlay: &Overlay, to: ScreenFromFrame) {
    let color = theme.good.gamma_multiply(0.75);
    let points = overlay.landmarks.points_in_frame.iter().map(|p| to.apply(*p));
    painter.extend(
        points.map(|p| Shape::rect_filled(Rect::from_center_size(p, Vec2::splat(1.6)), 0.0, color)),
    );
}

/// Draws the regions; those of the spotter are stronger.
pub fn regions(painter: &Painter, theme: &Theme, overlay: &Overlay, to: ScreenFromFrame) {
    for (i, (center, radius_px)) in overlay.regions_in_frame.iter().enumerate() {
        let share = if i < SPOT_REGIONS { 0.95 } else { 0.45 };
        let stroke = Stroke::new(REGION_STROKE, theme.accent.gamma_multiply(share));
        painter.circle_stroke(to.apply(*center), radius_px * to.scale, stroke);
    }
}

/// Draws the motion of each region, head motion removed, [`ENLARGED`] times.
pub fn arrows(painter: &Painter, theme: &Theme, overlay: &Overlay, to: ScreenFromFrame) {
    let (Some(motion), Some(map)) = (&overlay.motion, &overlay.frame_from_face) else { return };
    let upright = map.scale();
    if upright <= 0.0 {
        return;
    }
    let px_per_percent = overlay.quality.eye_distance_px / 100.0 * ENLARGED;
    for ((center, _), [x, y]) in overlay.regions_in_frame.iter().zip(motion.regions) {
        let percent = x.hypot(y);
        if !(percent >= NOISE_PERCENT && px_per_percent.is_finite()) {
            continue;
        }
        // Turned as the map turns but not scaled, because motion is measured in the upright face.
        let turned = map.apply_vector(Point::new(x, y)) * (1.0 / upright);
        let tip = *center + turned * px_per_percent;
        arrow(painter, to.apply(*center), to.apply(tip), theme.micro);
    }
}

/// An arrow with a dark rim, visible on skin and on hair.
pub fn arrow(painter: &Painter, from: Pos2, to: Pos2, color: egui::Color32) {
    let along = to - from;
    if along.length() < 2.0 {
        return;
    }
    let back = along.normalized() * (along.length() * 0.35).min(7.0);
    let side = back.rot90() * 0.6;
    let rim = egui::Color32::from_black_alpha(150);
    for (width, color) in [(REGION_STROKE + 2.0, rim), (REGION_STROKE, color)] {
        let stroke = Stroke::new(width, color);
        painter.line_segment([from, to], stroke);
        painter.line(vec![to - back + side, to, to - back - side], stroke);
    }
}

/// A simple drawing of a face, shown if there is none.
pub fn sketch(painter: &Painter, rect: Rect, stroke: Stroke) {
    let at = |x: f32, y: f32| pos2(rect.left() + x * rect.width(), rect.top() + y * rect.height());
    let curve = |points: [(f32, f32); 4]| {
        let points = points.map(|(x, y)| at(x, y));
        egui::epaint::CubicBezierShape::from_points_stroke(
            points,
            false,
            egui::Color32::TRANSPARENT,
            stroke,
        )
    };
    let oval = rect.size() * vec2(0.36, 0.47);
    painter.add(egui::epaint::EllipseShape::stroke(rect.center(), oval, stroke));
    for points in [
        [(0.27, 0.38), (0.33, 0.32), (0.39, 0.32), (0.45, 0.37)],
        [(0.55, 0.37), (0.61, 0.32), (0.67, 0.32), (0.73, 0.38)],
        [(0.30, 0.45), (0.34, 0.42), (0.39, 0.42), (0.43, 0.45)],
        [(0.57, 0.45), (0.61, 0.42), (0.66, 0.42), (0.70, 0.45)],
        [(0.50, 0.45), (0.48, 0.55), (0.43, 0.60), (0.52, 0.61)],
        [(0.36, 0.72), (0.44, 0.77), (0.56, 0.77), (0.66, 0.70)],
    ] {
        painter.add(curve(points));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_shape_and_stays_inside() {
        let available = Rect::from_min_size(pos2(10.0, 20.0), vec2(400.0, 100.0));
        let rect = fit_inside(available, (640, 480));
        assert!((rect.width() / rect.height() - 640.0 / 480.0).abs() < 1e-3);
        assert!(available.expand(0.01).contains_rect(rect));
        assert!((rect.height() - 100.0).abs() < 1e-3);
    }

    #[test]
    fn the_corners_of_the_frame_are_the_corners_of_its_rectangle() {
        let rect = Rect::from_min_size(pos2(10.0, 20.0), vec2(320.0, 240.0));
        let to = ScreenFromFrame::fit(rect, (640, 480));
        assert_eq!(to.apply(Point::new(0.0, 0.0)), rect.min);
        assert_eq!(to.apply(Point::new(640.0, 480.0)), rect.max);
    }

    #[test]
    fn a_picture_without_pixels_is_no_trouble() {
        let available = Rect::from_min_size(Pos2::ZERO, vec2(100.0, 100.0));
        assert!(fit_inside(available, (0, 0)).is_finite());
    }
}
