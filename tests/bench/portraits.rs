//! Pairs of portrait crops whose motion is known exactly.

use fleeting::measure::geometry::Point;
use fleeting::media::image::{GrayImage, gray_from_rgb};
use fleeting::pipeline::motion::flow::FlowField;
use fleeting::synth::render::portrait::{Portrait, names, px_from_face};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Pixels across and down of a crop.
pub(crate) const SIDE: usize = 256;
/// Distance between the outer eye corners, pixels.
const EYES_PX: f32 = 100.0;
/// Where the middle between them lies.
const EYES_AT: Point = Point::new(128.0, 92.0);

/// A pair that will be made.
pub(crate) struct Case {
    portrait: &'static str,
    is_local: bool,
    size_px: f32,
    noise: f32,
    seed: u64,
}

/// Both pictures, in whole grey levels, and their true motion.
pub(crate) struct Pair {
    pub(crate) before: GrayImage,
    pub(crate) now: GrayImage,
    /// Motion of every pixel.
    pub(crate) truth: Vec<Point>,
    /// Which pixels are face.
    pub(crate) face: Vec<bool>,
    /// True if slow peers are asked too.
    pub(crate) with_slow: bool,
}

impl Case {
    /// Every portrait, motion, size and noise.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for portrait in names() {
            for (is_local, size_px) in [
                (true, 0.05),
                (true, 0.1),
                (true, 0.3),
                (true, 1.0),
                (true, 3.0),
                (false, 0.3),
                (false, 1.0),
            ] {
                for noise in [0.0, 1.0, 2.5] {
                    all.push(Self { portrait, is_local, size_px, noise, seed: all.len() as u64 });
                }
            }
        }
        all
    }

    /// Its description, without the portrait.
    pub(crate) fn name(&self) -> String {
        let kind = if self.is_local { "six bumps, at most" } else { "everything by" };
        format!("{kind} {:.2} px, noise {:.1}", self.size_px, self.noise)
    }

    /// Draws it.
    pub(crate) fn render(&self) -> Pair {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let portrait = Portrait::named(self.portrait).expect("an embedded portrait");
        let mut gray = GrayImage::new(0, 0);
        gray_from_rgb(&portrait.image, &mut gray);
        let px_from_face = px_from_face(&portrait.points_px).expect("two eyes");
        let shrink = px_from_face.scale() / EYES_PX;
        blur(&mut gray, 0.45 * shrink);
        let to_portrait = |p: Point| px_from_face.apply((p - EYES_AT) * (1.0 / EYES_PX));
        let from_portrait = px_from_face.inverse().expect("a similarity");
        let mesh: Vec<Point> = portrait
            .points_px
            .iter()
            .map(|p| from_portrait.apply(*p) * EYES_PX + EYES_AT)
            .collect();
        let bumps = self.bumps(&mesh, &mut random);
        let motion = |p: Point| bumps.iter().fold(Point::default(), |sum, b| sum + b.at(p));
        let centers = || {
            (0..SIDE * SIDE).map(|i| Point::new((i % SIDE) as f32 + 0.5, (i / SIDE) as f32 + 0.5))
        };
        let mut expose = |place: &dyn Fn(Point) -> Point| {
            let levels = centers().map(|p| {
                let noise: f32 = random.sample(rand_distr::StandardNormal);
                let light = cubic_at(&gray, to_portrait(place(p)));
                (light + self.noise * noise).round().clamp(0.0, 255.0)
            });
            GrayImage { width: SIDE, height: SIDE, data: levels.collect() }
        };
        let before = expose(&|p| p);
        // What is seen at p came from q with q + motion(q) = p.
        let now = expose(&|p| (0..20).fold(p, |q, _| p - motion(q)));
        let near = |p: Point| mesh.iter().any(|m| m.distance(p) < 10.0);
        Pair {
            before,
            now,
            truth: centers().map(motion).collect(),
            face: centers().map(near).collect(),
            with_slow: self.portrait == "p002",
        }
    }

    fn bumps(&self, mesh: &[Point], random: &mut ChaCha8Rng) -> Vec<Bump> {
        let mut turned = |size: f32| {
            let radians = random.random_range(0.0..std::f32::consts::TAU);
            (Point::new(radians.cos(), radians.sin()) * size, random.random_range(16.0..32.0))
        };
        if !self.is_local {
            return vec![Bump { at: EYES_AT, by: turned(self.size_px).0, reach: f32::INFINITY }];
        }
        // A brow, a cheek, both mouth corners, the lower lip, the nose.
        let mut bumps: Vec<Bump> = [105, 334, 61, 291, 17, 50]
            .into_iter()
            .map(|i| {
                let (by, reach) = turned(1.0);
                Bump { at: mesh[i], by, reach }
            })
            .collect();
        let largest = mesh
            .iter()
            .map(|p| bumps.iter().fold(Point::default(), |s, b| s + b.at(*p)).norm())
            .fold(0.0, f32::max);
        bumps.iter_mut().for_each(|b| b.by = b.by * (self.size_px / largest));
        bumps
    }
}

/// Motion that fades away from a place.
struct Bump {
    at: Point,
    by: Point,
    reach: f32,
}

impl Bump {
    fn at(&self, p: Point) -> Point {
        self.by * (-(p.distance(self.at) / self.reach).powi(2) / 2.0).exp()
    }
}

impl Pair {
    /// Mean endpoint error over the face, bilinear between cells.
    pub(crate) fn error(&self, field: &FlowField) -> f64 {
        let cell = SIDE as f32 / field.columns as f32;
        let last = field.columns - 1;
        let at = |p: Point| {
            let place = |v: f32| (v / cell - 0.5).clamp(0.0, last as f32);
            let (x, y) = (place(p.x), place(p.y));
            let motion =
                |c: usize, r: usize| field.cells[r.min(last) * field.columns + c.min(last)].motion;
            let (c, r) = (x as usize, y as usize);
            let top = motion(c, r).lerp(motion(c + 1, r), x.fract());
            top.lerp(motion(c, r + 1).lerp(motion(c + 1, r + 1), x.fract()), y.fract())
        };
        let (mut sum, mut count) = (0.0, 0.0);
        for (i, truth) in self.truth.iter().enumerate().filter(|(i, _)| self.face[*i]) {
            let p = Point::new((i % SIDE) as f32 + 0.5, (i / SIDE) as f32 + 0.5);
            sum += f64::from(at(p).distance(*truth));
            count += 1.0;
        }
        sum / count
    }
}

/// Blurs by a Gaussian of `sigma` pixels, in both directions.
fn blur(image: &mut GrayImage, sigma: f32) {
    let reach = (3.0 * sigma).ceil() as isize;
    let taps: Vec<f32> =
        (-reach..=reach).map(|k| (-(k as f32 / sigma).powi(2) / 2.0).exp()).collect();
    let total: f32 = taps.iter().sum();
    let (width, height) = (image.width as isize, image.height as isize);
    for (dx, dy) in [(1, 0), (0, 1)] {
        let source = image.data.clone();
        for y in 0..height {
            for x in 0..width {
                let value = taps.iter().zip(-reach..).map(|(tap, k)| {
                    let (x, y) =
                        ((x + k * dx).clamp(0, width - 1), (y + k * dy).clamp(0, height - 1));
                    tap * source[(y * width + x) as usize]
                });
                image.data[(y * width + x) as usize] = value.sum::<f32>() / total;
            }
        }
    }
}

/// Catmull and Rom's cubic through the pixels; the border repeats.
fn cubic_at(image: &GrayImage, p: Point) -> f32 {
    let (x, y) = (p.x - 0.5, p.y - 0.5);
    let weights = |t: f32| {
        let (t2, t3) = (t * t, t * t * t);
        [
            -0.5 * t3 + t2 - 0.5 * t,
            1.5 * t3 - 2.5 * t2 + 1.0,
            -1.5 * t3 + 2.0 * t2 + 0.5 * t,
            0.5 * t3 - 0.5 * t2,
        ]
    };
    let (wx, wy) = (weights(x - x.floor()), weights(y - y.floor()));
    let at = |x: isize, y: isize| {
        let x = x.clamp(0, image.width as isize - 1) as usize;
        let y = y.clamp(0, image.height as isize - 1) as usize;
        image.data[y * image.width + x]
    };
    let (left, top) = (x.floor() as isize - 1, y.floor() as isize - 1);
    let row =
        |j: usize| (0..4).map(|i| wx[i] * at(left + i as isize, top + j as isize)).sum::<f32>();
    (0..4).map(|j| wy[j] * row(j)).sum()
}
