//! Motion of regions, on flow fields whose motion is known.

use super::*;
use crate::measure::regions::MIRRORED;
use crate::pipeline::face::align::{FACE_HEIGHT_PX, FACE_WIDTH_PX};
use crate::pipeline::motion::flow::Cell;
use proptest::prelude::*;

/// A face of regions and still parts at plausible places, with plausible depths.
fn places() -> Places {
    let region = |i: usize| {
        let at = Point::new(60.0 + 13.0 * (i % 9) as f32, 66.0 + 55.0 * (i / 9) as f32);
        RegionPlace { at, depth: ((i * 7) % 23) as f32 - 11.0 }
    };
    let still = |i: usize| {
        let at = Point::new(70.0 + 12.0 * (i % 8) as f32, 88.0 + 14.0 * (i / 8) as f32);
        RegionPlace { at, depth: ((i * 5) % 17) as f32 * 2.0 - 16.0 }
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

/// The depth of the place that lies nearest.
fn depth_of_nearest<'a>(places: impl IntoIterator<Item = &'a RegionPlace>, p: Point) -> f32 {
    let nearest =
        |a: &&RegionPlace, b: &&RegionPlace| a.at.distance(p).total_cmp(&b.at.distance(p));
    places.into_iter().min_by(nearest).map_or(0.0, |place| place.depth)
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
    let depth_at = |p| depth_of_nearest(places.still.iter().chain(&places.regions), p);
    let still_only = Places { still: places.still.clone(), ..Places::default() };
    let head = Head::fit(&field(|p| Point::new(0.02 * depth_at(p), 0.0)), &still_only);
    let (near, far) = (
        RegionPlace { at: Point::new(112.0, 110.0), depth: -15.0 },
        RegionPlace { at: Point::new(112.0, 110.0), depth: 15.0 },
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
    let moved = RegionDisplacement { regions: [[0.6, -0.3]; REGIONS], head: [3.0, -4.0] };
    let speed = moved.per_thirtieth(1.0 / 15.0).expect("time passes");
    let close = |v: [f32; 2], x: f32, y: f32| (v[0] - x).hypot(v[1] - y) < 1e-6;
    assert!(close(speed.regions[0], 0.3, -0.15) && close(speed.head, 1.5, -2.0));
    assert_eq!(moved.per_thirtieth(0.0), None);
    assert_eq!(moved.per_thirtieth(-1.0), None);
}

#[test]
fn mirroring_twice_changes_nothing() {
    for (i, m) in MIRRORED.into_iter().enumerate() {
        assert_eq!(MIRRORED[m], i);
    }
}

#[test]
fn the_patches_near_a_place_are_those_within_its_radius_and_fade_towards_it() {
    let (columns, rows) = (12, 9);
    for at in [Point::new(23.0, 17.5), Point::new(1.0, 35.0), Point::new(50.0, -3.0)] {
        for radius in [6.0f32, 11.0] {
            let found: Vec<_> = patches_near(at, radius, columns, columns * rows).collect();
            let expected: Vec<_> = (0..columns * rows)
                .map(|i| {
                    let center =
                        Point::new((i % columns * 4) as f32 + 2.0, (i / columns * 4) as f32 + 2.0);
                    let near = 1.0 - (center.distance(at) / radius).powi(2);
                    (i, near * near.max(0.0))
                })
                .filter(|(_, weight)| *weight > 0.0)
                .collect();
            assert_eq!(found, expected, "{at:?}");
        }
    }
}

#[test]
fn places_lie_where_the_mesh_says_in_pixels_of_the_aligned_face() {
    // A mesh whose points lie apart, seen twice as large as the aligned face and shifted.
    let in_face = |i: usize| Point::new((i * 37 % 211) as f32, (i * 53 % 197) as f32);
    let depth_in_face = |i: usize| ((i % 31) as f32 - 15.0) / 2.0;
    let frame_from_face = Affine::similarity(2.0, 0.0, Point::new(30.0, -10.0));
    let landmarks = Landmarks {
        points_in_frame: (0..478).map(|i| frame_from_face.apply(in_face(i))).collect(),
        depths: (0..478).map(|i| 2.0 * depth_in_face(i)).collect(),
        presence: 1.0,
    };
    let mut places = Places::default();
    // What was there before is forgotten.
    places.update(&landmarks, &frame_from_face);
    places.update(&landmarks, &frame_from_face);
    assert_eq!((places.regions.len(), places.still.len(), places.eyes.len()), (REGIONS, 24, 2));
    for (place, (a, b, share)) in places.regions.iter().zip(MESH_BLENDS) {
        let at = in_face(a) * share + in_face(b) * (1.0 - share);
        let depth = depth_in_face(a) * share + depth_in_face(b) * (1.0 - share);
        assert!(place.at.distance(at) < 1e-2 && (place.depth - depth).abs() < 1e-3, "{a}, {b}");
    }
    for (place, i) in places.still.iter().zip(head::STILL_POINTS) {
        assert!(place.at.distance(in_face(i)) < 1e-2, "{i}");
    }
    for (place, (upper, lower, _)) in places.eyes.iter().zip(watch::EYES) {
        assert!(place.at.distance(in_face(upper).lerp(in_face(lower), 0.5)) < 1e-2, "{upper}");
    }
    places.update(&Landmarks::default(), &frame_from_face);
    assert_eq!(places, Places::default());
}

#[test]
fn just_the_patches_of_regions_still_parts_and_eyes_are_wanted() {
    let at = |x, y| vec![RegionPlace { at: Point::new(x, y), depth: 0.0 }];
    let places = Places { regions: at(30.0, 40.0), still: at(80.0, 20.0), eyes: at(60.0, 90.0) };
    let mut wanted = vec![true; 3];
    places.mark(100, 120, &mut wanted);
    assert_eq!(wanted.len(), 25 * 30);
    for (i, wanted) in wanted.into_iter().enumerate() {
        let center = Point::new((i % 25 * 4) as f32 + 2.0, (i / 25 * 4) as f32 + 2.0);
        let within = |places: &[RegionPlace], radius: f32| places[0].at.distance(center) < radius;
        let expected = within(&places.regions, REGION_RADIUS_PX)
            || within(&places.still, head::STILL_RADIUS_PX)
            || within(&places.eyes, watch::EYE_RADIUS_PX);
        assert_eq!(wanted, expected, "{center:?}");
    }
}

#[test]
fn the_spotter_reads_the_first_twelve_regions() {
    let regions = std::array::from_fn(|i| [i as f32, -(i as f32)]);
    let spotted = RegionDisplacement { regions, head: [0.0; 2] }.spotted();
    assert!(spotted.iter().enumerate().all(|(i, v)| *v == [i as f32, -(i as f32)]));
}

#[test]
fn the_motion_of_the_head_is_told_between_the_eyes_and_anywhere_else() {
    let places = places();
    let count = places.still.len() as f32;
    let center = places.still.iter().fold(Point::default(), |s, p| s + p.at) * (1.0 / count);
    let (turn, growth) = (0.015, -0.01);
    let rigid = |p: Point| {
        let q = p - center;
        Point::new(1.5 + growth * q.x - turn * q.y, -0.5 + growth * q.y + turn * q.x)
    };
    let (moved, head) = measure(&field(rigid), &places).expect("a face");
    assert!((moved.head[0] - 1.5).abs() < 0.02 && (moved.head[1] + 0.5).abs() < 0.02, "{moved:?}");
    for at in [Point::new(60.0, 66.0), Point::new(170.0, 180.0)] {
        let depth = places.still.iter().map(|p| p.depth).sum::<f32>() / count;
        let found = head.at(RegionPlace { at, depth });
        assert!(found.distance(rigid(at)) < 0.05, "{found:?} at {at:?}, {:?}", rigid(at));
    }
}

#[test]
fn the_middle_of_the_still_parts_lies_at_their_mean_depth() {
    let deep = |p: RegionPlace| RegionPlace { depth: p.depth + 40.0, ..p };
    let places = Places { still: places().still.into_iter().map(deep).collect(), ..places() };
    let mean = places.still.iter().map(|p| p.depth).sum::<f32>() / places.still.len() as f32;
    let depth_at = |p| depth_of_nearest(&places.still, p);
    let (moved, _) =
        measure(&field(|p| Point::new(0.02 * depth_at(p), 0.0)), &places).expect("a face");
    assert!((moved.head[0] - 0.02 * mean).abs() < 0.1, "{} of {}", moved.head[0], 0.02 * mean);
}

#[test]
fn a_nod_moves_near_parts_against_far_ones() {
    let places = places();
    let depth_at = |p| depth_of_nearest(&places.still, p);
    let head = Head::fit(&field(|p| Point::new(0.0, 0.02 * depth_at(p))), &places);
    let at = |depth| head.at(RegionPlace { at: Point::new(112.0, 110.0), depth });
    let parallax = at(15.0) - at(-15.0);
    assert!((0.4..0.7).contains(&parallax.y) && parallax.x.abs() < 0.05, "{parallax:?} of 0.6");
}
