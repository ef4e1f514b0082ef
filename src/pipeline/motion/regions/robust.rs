//! The displacement that patches agree on.

use crate::measure::geometry::Point;
use crate::pipeline::motion::flow::Cell;

/// One patch as evidence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patch<'a> {
    /// Its motion without the part that is already explained, pixels.
    pub(super) motion: Point,
    /// Its texture and residual.
    pub(super) cell: &'a Cell,
    /// How much it belongs to the region, 0–1.
    pub(super) weight: f32,
}

/// Distance from the agreed motion at which the weight of a patch is a quarter, pixels. Three times the noise
/// of a well textured patch.
const TOLERANCE_PX: f32 = 0.35;
/// Grey-level variance of ordinary sensor noise. A residual below it counts as this.
const NOISE_VARIANCE: f32 = 2.0;
/// Greatest texture of a patch that counts, squared grey levels per squared pixel. Without this limit the
/// frame of a pair of glasses would outweigh the cheek behind it.
const RICHEST_TEXTURE: f32 = 60_000.0;
/// Evidence that nothing has moved, in the unit of a tensor over a variance. It decides if there is no
/// texture.
const STILL_PRIOR: f32 = 20.0;
/// Rounds of reweighting; further rounds change the weights little.
const ROUNDS: usize = 4;

impl Patch<'_> {
    /// Information about the motion: the structure tensor over the noise variance.
    pub(super) fn information(&self) -> [f32; 3] {
        let [xx, xy, yy] = self.cell.tensor;
        let capped = (RICHEST_TEXTURE / (xx + yy + 1.0)).min(1.0);
        let k = self.weight * capped / (NOISE_VARIANCE + self.cell.residual);
        [xx * k, xy * k, yy * k]
    }

    /// Geman–McClure weight, 0–1, of a disagreement `d`, measured along the directions in which this patch
    /// has texture.
    pub(super) fn trust(&self, d: Point) -> f32 {
        let [xx, xy, yy] = self.cell.tensor;
        let seen = (d.x * d.x * xx + 2.0 * d.x * d.y * xy + d.y * d.y * yy) / (xx + yy + 1.0) * 2.0;
        let ratio = 1.0 + seen / (TOLERANCE_PX * TOLERANCE_PX);
        1.0 / (ratio * ratio)
    }
}

/// Least squares over all patches, reweighted so that mismatches lose their weight; zero without patches.
pub(super) fn agreed_motion<'a>(patches: impl Iterator<Item = Patch<'a>> + Clone) -> Point {
    let mut agreed = Point::default();
    for round in 0..ROUNDS {
        let (mut xx, mut xy, mut yy) = (STILL_PRIOR, 0.0, STILL_PRIOR);
        let (mut bx, mut by) = (0.0, 0.0);
        for patch in patches.clone() {
            let trust = if round == 0 { 1.0 } else { patch.trust(patch.motion - agreed) };
            let [pxx, pxy, pyy] = patch.information().map(|v| v * trust);
            xx += pxx;
            xy += pxy;
            yy += pyy;
            bx += pxx * patch.motion.x + pxy * patch.motion.y;
            by += pxy * patch.motion.x + pyy * patch.motion.y;
        }
        let det = xx * yy - xy * xy;
        agreed = Point::new((yy * bx - xy * by) / det, (xx * by - xy * bx) / det);
    }
    agreed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(cell: &Cell, motion: Point) -> Patch<'_> {
        Patch { motion, cell, weight: 0.5 }
    }

    #[test]
    fn information_is_texture_over_noise_and_no_more_than_the_richest() {
        let plain = Cell { tensor: [300.0, 40.0, 200.0], residual: 3.0, ..Cell::default() };
        let told = patch(&plain, Point::default()).information();
        assert_eq!(told, [300.0, 40.0, 200.0].map(|v| v * 0.5 / (NOISE_VARIANCE + 3.0)));
        let rich = Cell { tensor: [1.0e6, 0.0, 2.0e6], residual: 0.0, ..Cell::default() };
        let [xx, _, yy] = patch(&rich, Point::default()).information();
        assert!((xx + yy - RICHEST_TEXTURE * 0.5 / NOISE_VARIANCE).abs() < 1.0, "{xx} {yy}");
    }

    #[test]
    fn trust_is_a_quarter_at_the_tolerance_along_texture_and_whole_across_it() {
        let even = Cell { tensor: [1e6, 0.0, 1e6], ..Cell::default() };
        let trust = |cell: &Cell, x, y| patch(cell, Point::default()).trust(Point::new(x, y));
        assert_eq!(trust(&even, 0.0, 0.0), 1.0);
        assert!((trust(&even, TOLERANCE_PX, 0.0) - 0.25).abs() < 1e-3);
        assert!((trust(&even, 0.0, -TOLERANCE_PX) - 0.25).abs() < 1e-3);
        assert!((trust(&even, 2.0 * TOLERANCE_PX, 0.0) - 0.04).abs() < 1e-3);
        assert_eq!(trust(&Cell::default(), 3.0, -3.0), 1.0, "without texture nothing disagrees");
        // An edge from lower left to upper right tells motion across it only.
        let edge = Cell { tensor: [1e6, 1e6, 1e6], ..Cell::default() };
        assert!((trust(&edge, 3.0, -3.0) - 1.0).abs() < 1e-3);
        assert!((trust(&edge, TOLERANCE_PX, TOLERANCE_PX) - 0.04).abs() < 1e-3);
    }

    #[test]
    fn one_patch_moves_as_far_as_its_texture_outweighs_stillness() {
        let cell = Cell { tensor: [800.0, 200.0, 400.0], residual: 2.0, ..Cell::default() };
        let m = Point::new(0.1, 0.07);
        let agreed = agreed_motion(std::iter::once(patch(&cell, m)));
        // At rest the pull of texture, by its trust there, is that of stillness.
        let t = patch(&cell, m).trust(m - agreed);
        let [xx, xy, yy] = patch(&cell, m).information().map(|v| v * t);
        let d = m - agreed;
        let pull = Point::new(xx * d.x + xy * d.y, xy * d.x + yy * d.y);
        let left = pull - agreed * STILL_PRIOR;
        assert!(left.norm() < 0.1, "{agreed:?}: {left:?}");
        assert_eq!(agreed_motion(std::iter::empty()), Point::default());
    }
}
