//! The displacement that patches agree on.

use crate::geom::Point;
use crate::pipeline::flow::Cell;

/// One patch as evidence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patch<'a> {
    /// Its motion with what is already explained taken off, pixels.
    pub(super) motion: Point,
    /// Its texture and residual.
    pub(super) cell: &'a Cell,
    /// How much it belongs to what is measured, 0–1.
    pub(super) weight: f32,
}

/// Distance from the agreed motion at which a patch counts a quarter, pixels. Three times the noise of
/// a well textured patch.
const TOLERANCE_PX: f32 = 0.35;
/// Grey-level variance of ordinary sensor noise: a lower residual says nothing more.
const NOISE_VARIANCE: f32 = 2.0;
/// Texture beyond this counts no more (squared grey levels per squared pixel and patch), or the rim
/// of a pair of glasses would speak for the cheek behind it.
const RICHEST_TEXTURE: f32 = 60_000.0;
/// Evidence for "it has not moved", in the unit of a tensor over a variance: what counts where there
/// is no texture at all.
const STILL_PRIOR: f32 = 20.0;
/// Rounds of reweighting; the weights change little after.
const ROUNDS: usize = 4;

impl Patch<'_> {
    /// Information about the motion: the structure tensor over the noise variance.
    pub(super) fn information(&self) -> [f32; 3] {
        let [xx, xy, yy] = self.cell.tensor;
        let capped = (RICHEST_TEXTURE / (xx + yy + 1.0)).min(1.0);
        let k = self.weight * capped / (NOISE_VARIANCE + self.cell.residual);
        [xx * k, xy * k, yy * k]
    }

    /// Geman–McClure weight, 0–1, of a disagreement `d` seen along the directions that this patch's
    /// texture can tell.
    pub(super) fn trust(&self, d: Point) -> f32 {
        let [xx, xy, yy] = self.cell.tensor;
        let seen = (d.x * d.x * xx + 2.0 * d.x * d.y * xy + d.y * d.y * yy) / (xx + yy + 1.0) * 2.0;
        let ratio = 1.0 + seen / (TOLERANCE_PX * TOLERANCE_PX);
        1.0 / (ratio * ratio)
    }
}

/// Least squares over all patches, reweighted so that mismatches drop out; zero without evidence.
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
