//! Flow between pictures whose motion is known.

use super::*;
use crate::media::image::GrayImage;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};

const SIDE: usize = 96;

/// A texture that can be drawn at any sub-pixel shift: waves of many directions, mean 120.
fn texture(shift: Point) -> GrayImage {
    let data = (0..SIDE * SIDE)
        .map(|i| texture_at(Point::new((i % SIDE) as f32, (i / SIDE) as f32) - shift))
        .collect();
    GrayImage { width: SIDE, height: SIDE, data }
}

fn texture_at(p: Point) -> f32 {
    let waves =
        [(0.31f32, 0.12f32, 22.0f32), (-0.17, 0.42, 18.0), (0.55, -0.36, 9.0), (0.08, 0.2, 25.0)];
    120.0 + waves.iter().map(|(kx, ky, a)| a * (kx * p.x + ky * p.y + a).sin()).sum::<f32>()
}

fn with_noise(mut image: GrayImage, seed: u64, sigma: f32) -> GrayImage {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let normal = rand_distr::Normal::new(0.0, sigma).expect("a spread");
    image.data.iter_mut().for_each(|v| *v += rng.sample(normal));
    image
}

impl Displacement {
    /// A displacement by the column and row of its cell.
    pub(super) fn of(area: Area, by: impl Fn(usize, usize) -> (f32, f32)) -> Self {
        let mut moved = Self::default();
        moved.reset(area);
        for (row, column) in cells(area) {
            let i = area.row(row) + column;
            (moved.x[i], moved.y[i]) = by(column, row);
        }
        moved
    }
}

/// Row and column of every cell.
pub(super) fn cells(area: Area) -> impl Iterator<Item = (usize, usize)> {
    (0..area.rows).flat_map(move |row| (0..area.columns).map(move |column| (row, column)))
}

/// The flow between two pictures where it is wanted.
fn measured(before: &GrayImage, now: &GrayImage, wanted: &[bool]) -> FlowField {
    let (mut a, mut b, mut field) = (Pyramid::default(), Pyramid::default(), FlowField::default());
    a.build(before);
    b.build(now);
    Flow::default().measure(&a, &b, wanted, &mut field);
    field
}

/// Every cell of a picture of this size.
fn all_of(width: usize, height: usize) -> Vec<bool> {
    vec![true; lattice_len(width, height)]
}

/// Mean motion of the inner cells.
fn mean_motion(before: &GrayImage, now: &GrayImage) -> Point {
    let field = measured(before, now, &all_of(SIDE, SIDE));
    let inner: Vec<Point> = (0..field.cells.len())
        .filter(|i| {
            let p = field.center(*i);
            let range = 20.0..SIDE as f32 - 20.0;
            range.contains(&p.x) && range.contains(&p.y)
        })
        .map(|i| field.cells[i].motion)
        .collect();
    inner.iter().fold(Point::default(), |sum, m| sum + *m) * (1.0 / inner.len() as f32)
}

#[test]
fn no_motion_in_gives_none_out() {
    let still = texture(Point::default());
    assert_eq!(mean_motion(&still, &still), Point::default());
}

#[test]
fn motion_below_a_tenth_of_a_pixel_comes_out_as_it_went_in() {
    for size in [0.02, 0.05, 0.1] {
        let moved = mean_motion(&texture(Point::default()), &texture(Point::new(size, -size)));
        assert!(moved.distance(Point::new(size, -size)) < 0.05 * size, "{size}: {moved:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn known_translation_in_gives_the_same_translation_out(x in -5.0f32..5.0, y in -5.0f32..5.0) {
        let moved = mean_motion(&texture(Point::default()), &texture(Point::new(x, y)));
        prop_assert!(moved.distance(Point::new(x, y)) < 0.03, "{moved:?} for {x}, {y}");
    }
}

#[test]
fn a_change_of_brightness_is_no_motion() {
    let (dark, mut bright) = (texture(Point::default()), texture(Point::default()));
    bright.data.iter_mut().for_each(|v| *v += 12.0);
    assert!(mean_motion(&dark, &bright).norm() < 1e-3);
}

#[test]
fn noise_of_two_grey_levels_does_not_look_like_motion() {
    let still = texture(Point::default());
    let moved = mean_motion(&with_noise(still.clone(), 1, 2.0), &with_noise(still, 2, 2.0));
    assert!(moved.norm() < 0.05, "{moved:?}");
}

#[test]
fn a_flat_picture_has_no_motion_and_no_texture() {
    let flat = GrayImage { width: SIDE, height: SIDE, data: vec![90.0; SIDE * SIDE] };
    let field = measured(&flat, &flat, &all_of(SIDE, SIDE));
    assert!(field.cells.iter().all(|c| c.motion == Point::default() && c.tensor[0] < 1e-6));
}

#[test]
fn a_picture_too_narrow_for_a_cell_at_some_size_has_no_motion() {
    for (width, height) in [(6, 60), (60, 6), (3, 60), (0, 0)] {
        let data = (0..width * height).map(|i| (i * 31 % 97) as f32).collect();
        let picture = GrayImage { width, height, data };
        let field = measured(&picture, &picture, &all_of(width, height));
        assert!(field.cells.iter().all(|cell| cell.motion == Point::default()), "{width}x{height}");
    }
}

#[test]
fn only_wanted_cells_are_measured() {
    let still = texture(Point::default());
    let mut wanted = vec![false; lattice_len(SIDE, SIDE)];
    wanted[300] = true;
    let field = measured(&still, &still, &wanted);
    let is_filled = |c: &&Cell| c.tensor[0] > 0.0;
    assert_eq!(field.cells.iter().filter(is_filled).count(), 1);
}

#[test]
fn what_is_wanted_elsewhere_changes_no_cell() {
    let (before, now) = (texture(Point::default()), texture(Point::new(0.4, -0.7)));
    let measure = |wanted: &[bool]| measured(&before, &now, wanted).cells[300].motion;
    let mut one = vec![false; lattice_len(SIDE, SIDE)];
    one[300] = true;
    let (alone, among_all) = (measure(&one), measure(&vec![true; one.len()]));
    assert!(alone.distance(among_all) < 0.005, "{alone:?} {among_all:?}");
}

#[test]
fn every_machine_gives_the_same_numbers() {
    let (mut a, mut b) = (Pyramid::default(), Pyramid::default());
    a.build(&with_noise(texture(Point::default()), 1, 2.0));
    b.build(&with_noise(texture(Point::new(1.4, -0.7)), 2, 2.0));
    let measure = |instructions| {
        let mut flow = Flow { instructions, ..Flow::default() };
        let mut field = FlowField::default();
        flow.measure(&a, &b, &all_of(SIDE, SIDE), &mut field);
        field
    };
    assert_eq!(measure(Instructions::baseline()), measure(Instructions::new()));
}

#[test]
fn an_edge_that_moves_leaves_skin_farther_off_where_it_is() {
    let edge = |shift: f32| {
        let lid = |y: f32| 40.0 * (1.0 / (1.0 + (-(y - 30.0 - shift) * 2.0).exp()));
        let mut image = texture(Point::default());
        for (i, v) in image.data.iter_mut().enumerate() {
            let y = (i / SIDE) as f32;
            *v = if y < 50.0 { 100.0 + lid(y) + 0.1 * (*v - 120.0) } else { *v };
        }
        image
    };
    let field = measured(&edge(0.0), &edge(3.0), &all_of(SIDE, SIDE));
    let at = |y: usize| field.cells[y / CELL_PX * field.columns + field.columns / 2].motion;
    assert!((at(32).y - 3.0).abs() < 0.5, "{:?}", at(32));
    assert!(at(70).norm() < 0.05, "{:?}", at(70));
}

#[test]
fn the_centre_of_a_cell_is_the_middle_of_its_block() {
    let field = FlowField { columns: 24, ..FlowField::default() };
    assert_eq!(field.center(0), Point::new(2.0, 2.0));
    assert_eq!(field.center(24 * 3 + 5), Point::new(22.0, 14.0));
}

#[test]
fn a_lattice_has_no_cell_where_a_whole_block_does_not_fit() {
    assert_eq!(lattice_len(19, 11), 4 * 2);
}

#[test]
fn what_is_measured_reaches_three_cells_round_what_is_wanted_and_ends_at_the_rim() {
    let mut wanted = vec![false; 20 * 12];
    let area = |wanted: &[bool]| {
        let Area { left, top, columns, rows } = Area::around(wanted, (20, 12));
        (left, top, columns, rows)
    };
    assert_eq!(area(&wanted), (0, 0, 0, 0));
    wanted[4 * 20 + 12] = true;
    wanted[5 * 20 + 9] = true;
    assert_eq!(area(&wanted), (6, 1, 10, 8));
    wanted[20 + 2] = true;
    assert_eq!(area(&wanted), (0, 0, 16, 9));
    wanted[11 * 20 + 19] = true;
    assert_eq!(area(&wanted), (0, 0, 20, 12));
}

#[test]
fn a_guess_is_twice_the_coarser_motion_between_its_cells() {
    let coarse_area = Area { left: 0, top: 0, columns: 5, rows: 4 };
    let coarse = Displacement::of(coarse_area, |column, row| {
        let i = row * 5 + column;
        ((i * 17 % 13) as f32, (i * 29 % 11) as f32)
    });
    let area = Area { left: 2, top: 1, columns: 8, rows: 7 };
    let mut guess = Displacement::default();
    guess.guess_from(&coarse, area);
    for (row, column) in cells(area) {
        // Where the centre of the cell lies among the coarser centres.
        let along = |k: usize, n: usize| ((k as f32 + 0.5) / 2.0 - 0.5).clamp(0.0, (n - 1) as f32);
        let (x, y) = (along(column + 2, 5), along(row + 1, 4));
        let blend = |plane: &[f32]| {
            let value = |c: f32, r: f32| plane[coarse_area.row(r as usize) + c as usize];
            let in_row =
                |r: f32| value(x.floor(), r) * (1.0 - x.fract()) + value(x.ceil(), r) * x.fract();
            2.0 * (in_row(y.floor()) * (1.0 - y.fract()) + in_row(y.ceil()) * y.fract())
        };
        let i = area.row(row) + column;
        assert!((guess.x[i] - blend(&coarse.x)).abs() < 1e-4, "{row}, {column}");
        assert!((guess.y[i] - blend(&coarse.y)).abs() < 1e-4, "{row}, {column}");
    }
}

#[test]
fn a_guess_keeps_an_even_motion_up_to_the_rim() {
    let coarse_area = Area { left: 0, top: 0, columns: 5, rows: 4 };
    let coarse = Displacement::of(coarse_area, |_, _| (3.0, 0.0));
    let mut guess = Displacement::default();
    // A lattice of an odd size has half a cell more than twice the coarser one.
    let area = Area { left: 0, top: 0, columns: 11, rows: 9 };
    guess.guess_from(&coarse, area);
    for row in 0..9 {
        let start = area.row(row);
        assert_eq!(guess.x[start..start + 11], [6.0; 11], "row {row}");
    }
}

#[test]
fn every_cell_moves_as_its_own_place_does() {
    let middle = Point::new(48.0, 48.0);
    let by = |p: Point| (p - middle) * 0.03;
    let still = texture(Point::default());
    let (width, height) = (still.width, still.height);
    // Seen at p now: what was where the growth took it from.
    let data = (0..width * height)
        .map(|i| {
            let p = Point::new((i % width) as f32, (i / width) as f32);
            let half = Point::new(0.5, 0.5);
            let from = middle + (p + half - middle) * (1.0 / 1.03) - half;
            texture_at(from)
        })
        .collect();
    let columns = width / CELL_PX;
    // Away from the corner, and where all that is seen stays in the picture.
    let within = 9..19;
    let wanted: Vec<bool> = (0..lattice_len(width, height))
        .map(|i| within.contains(&(i % columns)) && within.contains(&(i / columns)))
        .collect();
    let field = measured(&still, &GrayImage { width, height, data }, &wanted);
    for i in (0..wanted.len()).filter(|i| wanted[*i]) {
        let (at, found) = (field.center(i), field.cells[i].motion);
        assert!(found.distance(by(at)) < 0.1, "{at:?}: {found:?}");
    }
}
