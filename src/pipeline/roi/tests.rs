//! Facts about region motion, on flow fields whose motion is known.

use super::*;
use crate::pipeline::align::{FACE_HEIGHT_PX, FACE_WIDTH_PX};
use crate::pipeline::flow::Cell;
use proptest::prelude::*;

/// A face of regions and still parts at plausible places, with plausible depths.
fn places() -> Places {
    let region = |i: usize| {
        let at = Point::new(60.0 + 13.0 * (i % 9) as f32, 66.0 + 55.0 * (i / 9) as f32);
        Place { at, depth: ((i * 7) % 23) as f32 - 11.0 }
    };
    let still = |i: usize| {
        let at = Point::new(70.0 + 12.0 * (i % 8) as f32, 88.0 + 14.0 * (i / 8) as f32);
        Place { at, depth: ((i * 5) % 17) as f32 * 2.0 - 16.0 }
    };
    let (regions, still) = ((0..REGIONS).map(region).collect(), (0..24).map(still).collect());
    Places { regions, still, ..Places::default() }
}

/// A field in which every patch moves as `motion` says of its centre.
fn field(motion: impl Fn(Point) -> Point) -> FlowField {
    let len = flow::lattice_len(FACE_WIDTH_PX, FACE_HEIGHT_PX);
    let mut field =
        FlowField { columns: FACE_WIDTH_PX / CELL_PX, cells: vec![Cell::default(); len] };
    for i in 0..len {
        let moved = motion(field.center(i));
        field.cells[i] = Cell { motion: moved, tensor: [2000.0, 0.0, 2000.0], residual: 1.0 };
    }
    field
}

fn largest(moved: &RegionDisplacement) -> f32 {
    moved.regions.iter().map(|[x, y]| x.hypot(*y)).fold(0.0, f32::max)
}

#[test]
fn no_motion_in_gives_none_out() {
    let (moved, _) = measure(&field(|_| Point::default()), &places()).expect("a face");
    assert_eq!(moved, RegionDisplacement::default());
}

#[test]
fn without_a_face_there_is_nothing_to_measure() {
    assert!(measure(&field(|_| Point::default()), &Places::default()).is_none());
}

proptest! {
    #[test]
    fn shift_turn_and_growth_of_the_head_leave_no_region_motion(
        x in -4.0f32..4.0, y in -4.0f32..4.0, turn in -0.02f32..0.02, growth in -0.02f32..0.02,
    ) {
        let center = Point::new(112.0, 120.0);
        let rigid = |p: Point| {
            let q = p - center;
            Point::new(x + growth * q.x - turn * q.y, y + growth * q.y + turn * q.x)
        };
        let (moved, _) = measure(&field(rigid), &places()).expect("a face");
        prop_assert!(largest(&moved) < 0.05, "{moved:?}");
    }

    #[test]
    fn a_region_that_moves_by_itself_is_seen_and_its_neighbours_stay(
        region in 0usize..REGIONS, x in -2.0f32..2.0, y in -2.0f32..2.0,
    ) {
        let places = places();
        let at = places.regions[region].at;
        let own = |p: Point| {
            let near = p.distance(at) < REGION_RADIUS_PX;
            if near { Point::new(1.0 + x, y) } else { Point::new(1.0, 0.0) }
        };
        let (moved, _) = measure(&field(own), &places).expect("a face");
        let [mx, my] = moved.regions[region];
        prop_assert!((mx - x).hypot(my - y) < 0.06 + 0.1 * x.hypot(y), "{mx}, {my} for {x}, {y}");
        for (i, [ox, oy]) in moved.regions.iter().enumerate() {
            let apart = places.regions[i].at.distance(at) > 2.5 * REGION_RADIUS_PX;
            prop_assert!(!apart || ox.hypot(*oy) < 0.1, "region {i}: {ox}, {oy}");
        }
    }
}

#[test]
fn a_turn_to_the_side_moves_near_parts_more_and_is_removed() {
    let places = places();
    let depth_at = |p: Point| {
        let all = places.still.iter().chain(&places.regions);
        all.min_by(|a, b| a.at.distance(p).total_cmp(&b.at.distance(p))).map_or(0.0, |n| n.depth)
    };
    let still_only = Places { still: places.still.clone(), ..Places::default() };
    let head = Head::fit(&field(|p| Point::new(0.02 * depth_at(p), 0.0)), &still_only);
    let (near, far) = (
        Place { at: Point::new(112.0, 110.0), depth: -15.0 },
        Place { at: Point::new(112.0, 110.0), depth: 15.0 },
    );
    let parallax = head.at(far).x - head.at(near).x;
    assert!((0.4..0.7).contains(&parallax), "{parallax} of 0.6");
}

#[test]
fn a_few_wild_patches_change_nothing() {
    let places = places();
    let at = places.regions[4].at;
    let mut field = field(|_| Point::new(0.5, 0.0));
    let near: Vec<usize> = patches_near(at, REGION_RADIUS_PX, field.columns, field.cells.len())
        .map(|(i, _)| i)
        .collect();
    for i in near.iter().step_by(5) {
        field.cells[*i].motion = Point::new(9.0, -9.0);
    }
    let (moved, _) = measure(&field, &places).expect("a face");
    assert!(largest(&moved) < 0.1, "{moved:?}");
}

#[test]
fn skin_without_texture_counts_as_still() {
    let mut field = field(|_| Point::new(3.0, 3.0));
    field.cells.iter_mut().for_each(|c| c.tensor = [0.0; 3]);
    let (moved, _) = measure(&field, &places()).expect("a face");
    assert_eq!(largest(&moved), 0.0);
}

#[test]
fn speed_is_displacement_per_thirtieth_of_a_second() {
    let moved = RegionDisplacement { regions: [[0.6, -0.3]; REGIONS], head: [3.0, 0.0] };
    let speed = moved.per_thirtieth(1.0 / 15.0).expect("time passes");
    assert!((speed.regions[0][0] - 0.3).abs() < 1e-6 && (speed.head[0] - 1.5).abs() < 1e-6);
    assert_eq!(moved.per_thirtieth(0.0), None);
    assert_eq!(moved.per_thirtieth(-1.0), None);
}

#[test]
fn mirroring_twice_changes_nothing() {
    for (i, m) in MIRRORED.into_iter().enumerate() {
        assert_eq!(MIRRORED[m], i);
    }
}
