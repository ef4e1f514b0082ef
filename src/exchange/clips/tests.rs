//! Clips and strips read back.

use super::hide::wider;
use super::*;
use crate::measure::event::Moment;
use crate::measure::geometry::{Affine, Point, Rect};
use crate::measure::time::Timestamp;
use crate::media::pictures::PictureError;
use crate::session::pictures;
use crate::synth::render::portrait::Portrait;

const SIZE_PX: (usize, usize) = (81, 64);

fn at(frame: u64) -> Moment {
    // At no fixed rate: every third frame comes late.
    Moment {
        frame,
        time: Timestamp::from_nanos((frame * 33_000_000 + frame % 3 * 9_000_000) as i64),
    }
}

fn bounds([onset, apex, offset]: [u64; 3]) -> Bounds {
    Bounds { onset: at(onset), apex: at(apex), offset: at(offset) }
}

/// A hundred pictures: a soft background, and a fine pattern at the place of the face that becomes brighter.
struct Person(Vec<Moment>);

const FACE: Rect = Rect { min: Point::new(24.0, 16.0), max: Point::new(48.0, 40.0) };

impl Person {
    fn new() -> Self {
        Self((0..100).map(at).collect())
    }

    fn image(frame: u64) -> RgbImage {
        let mut image = RgbImage::new(SIZE_PX.0, SIZE_PX.1);
        for (i, px) in image.data.chunks_exact_mut(3).enumerate() {
            let (x, y) = (i % SIZE_PX.0, i / SIZE_PX.0);
            let in_face = (24..48).contains(&x) && (16..40).contains(&y);
            let face = (x % 2 * 90 + y % 2 * 60) as u8 + frame as u8;
            let value = if in_face { face } else { (x + y) as u8 };
            px.fill(value);
        }
        image
    }
}

impl Pictures for Person {
    fn moments(&self) -> &[Moment] {
        &self.0
    }

    fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
        let Moment { frame, time } = self.0[index];
        Ok(Frame::new(frame, time, Self::image(frame).into()))
    }
}

/// Finds the face in one picture of three.
struct Finder(u32);

impl FaceFollower for Finder {
    fn forget(&mut self) {
        self.0 = 0;
    }

    fn follow(&mut self, _: &Frame) -> Result<Overlay, String> {
        self.0 += 1;
        let mut overlay = Overlay::default();
        if self.0 % 3 == 1 {
            overlay.landmarks.points_in_frame = vec![FACE.min, FACE.max];
            overlay.frame_from_face = Some(Affine::IDENTITY);
        }
        Ok(overlay)
    }

    fn faces(&mut self, _: &RgbImage) -> Result<Vec<Rect>, String> {
        Ok(Vec::new())
    }
}

fn options(speed: f64, blur: bool) -> ClipOptions {
    ClipOptions { speed, blur, ..ClipOptions::default() }
}

fn written(write: WriteClip, bounds: Bounds, options: ClipOptions) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write(&mut Person::new(), &bounds, &options, &mut Finder(0), &mut bytes)?;
    Ok(bytes)
}

/// The frames of a film, read back.
fn read_back(bytes: &[u8]) -> Vec<Frame> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("clip.mp4");
    std::fs::write(&path, bytes).expect("writes");
    let mut film = pictures::open(&path).expect("opens");
    (0..film.moments().len()).map(|i| film.picture(i).expect("a picture")).collect()
}

fn mean_apart(a: &RgbImage, b: &RgbImage) -> f64 {
    let apart = a.data.iter().zip(&b.data).map(|(a, b)| f64::from(a.abs_diff(*b)));
    apart.sum::<f64>() / a.data.len() as f64
}

#[test]
fn a_film_shows_the_event_and_a_quarter_second_around_it_at_its_own_times() {
    for speed in [0.25, 1.0] {
        let film = written(write_mp4, bounds([40, 45, 50]), options(speed, false));
        let frames = read_back(&film.expect("written"));
        let first = Person::new().0.partition_point(|m| m.time < at(40).time - 0.25);
        let last = Person::new().0.partition_point(|m| m.time <= at(50).time + 0.25);
        assert_eq!(frames.len(), last - first);
        for (i, frame) in frames.iter().enumerate() {
            let expected = at((first + i) as u64).time.secs_since(at(first as u64).time) / speed;
            assert!((frame.time.secs() - expected).abs() < 1e-4, "picture {i}");
            let original = exactly(&Person::image((first + i) as u64), (80, 64));
            assert!(mean_apart(&frame.image, &original) < 2.5, "picture {i}");
        }
    }
}

#[test]
fn a_moving_picture_lasts_as_long_as_the_event_slowed_down() {
    use image::AnimationDecoder;
    let gif = written(write_gif, bounds([40, 45, 50]), options(0.25, false)).expect("written");
    let gif = image::codecs::gif::GifDecoder::new(io::Cursor::new(gif)).expect("a GIF");
    let frames = gif.into_frames().collect_frames().expect("frames");
    let ms: u32 = frames.iter().map(|f| f.delay().numer_denom_ms()).map(|(n, d)| n / d).sum();
    let first = Person::new().0.partition_point(|m| m.time < at(40).time - 0.25);
    let last = first + frames.len() - 1;
    let expected = at(last as u64).time.secs_since(at(first as u64).time) * 4e3 + REST_SECS * 1e3;
    assert!((f64::from(ms) - expected).abs() < 11.0, "{ms} ms, not {expected}");
}

#[test]
fn no_detail_of_a_hidden_face_is_left_in_any_picture() {
    let cut_of = |frame| {
        let mut person = Person::new();
        let mut cut =
            Cut::new(&mut person, &bounds([40, 45, 50]), &options(1.0, true), &mut Finder(0))
                .expect("pictures");
        let index = cut.recorded.moments().iter().position(|moment| moment.frame == frame);
        cut.frame(index.expect("recorded")).expect("a picture").image
    };
    let region = wider(&FACE);
    let side = (region.width().ceil() as usize).div_ceil(6);
    for frame in [40, 41, 42, 50] {
        let image = cut_of(frame);
        let mut colours = std::collections::BTreeSet::new();
        for y in region.min.y as usize..region.max.y as usize {
            for x in region.min.x as usize..region.max.x as usize {
                colours.insert(image.at(x as isize, y as isize));
            }
        }
        assert!(colours.len() <= 36, "{} colours in squares of {side}", colours.len());
        // The pattern of the face is one grey level in a square; outside, nothing has changed.
        assert_eq!(image.at(30, 30), image.at(31, 30));
        assert_eq!(image.at(2, 60), Person::image(frame).at(2, 60));
    }
}

#[test]
fn where_no_face_is_found_the_whole_picture_is_hidden() {
    let mut person = Person::new();
    let options = options(1.0, true);
    let mut cut =
        Cut::new(&mut person, &bounds([40, 45, 50]), &options, &mut Nobody).expect("pictures");
    assert_eq!(cut.hidden, Some(Hidden::Everything));
    let image = cut.frame(10).expect("a picture").image;
    let colours: std::collections::BTreeSet<_> = image.data.chunks_exact(3).collect();
    assert!(colours.len() <= 36, "{}", colours.len());
}

#[test]
fn a_strip_shows_the_face_at_its_three_moments_and_what_changed() {
    let strip = strip(&mut Person::new(), &bounds([40, 60, 70]), (false, None), &mut Finder(0));
    let strip = strip.expect("a strip");
    let region = wider(&FACE);
    let (width, height) = (strip.onset.width, strip.onset.height);
    assert_eq!(width, region.max.x as usize - region.min.x as usize);
    // Twenty levels brighter in the face; mid-grey where nothing moved.
    let (x, y) = (width as isize / 2, height as isize / 2);
    assert_eq!(strip.apex.at(x, y)[0] - strip.onset.at(x, y)[0], 20);
    assert!(strip.difference.at(x, y)[0] >= 254);
    assert_eq!(strip.difference.at(0, 0)[0], 127);
    assert_ne!(strip.offset, strip.onset);
}

#[test]
fn an_event_without_stored_pictures_says_so() {
    let late = bounds([400, 410, 420]);
    let error = written(write_mp4, late, options(1.0, false)).expect_err("nothing is there");
    assert!(error.to_string().contains("frames 400 to 420"), "{error}");
}

#[test]
fn the_exported_clip_and_the_clip_of_the_window_hold_the_same_pictures() {
    struct Everywhere;
    impl FaceFollower for Everywhere {
        fn forget(&mut self) {}

        fn follow(&mut self, _: &Frame) -> Result<Overlay, String> {
            Ok(Overlay { frame_from_face: Some(Affine::IDENTITY), ..Overlay::default() })
        }

        fn faces(&mut self, _: &RgbImage) -> Result<Vec<Rect>, String> {
            Ok(Vec::new())
        }
    }
    let at = |frame| Moment { frame, time: Timestamp::of_frame(frame, 30.0) };
    let mut person = Person((0..100).map(at).collect());
    let bounds = Bounds { onset: at(40), apex: at(45), offset: at(50) };
    let shown = extract::face_clip(&mut person, &mut Everywhere, &bounds).expect("a clip");
    let options = ClipOptions::default();
    let cut = Cut::new(&mut person, &bounds, &options, &mut Everywhere).expect("pictures");
    let exported: Vec<_> = cut.recorded.moments().iter().map(|m| (m.frame, m.time)).collect();
    let shown: Vec<_> = shown.frames.iter().map(|(frame, time, _)| (*frame, *time)).collect();
    assert_eq!(shown, exported);
    assert!(exported.len() > 20, "{}", exported.len());
}

#[test]
fn the_face_is_found_with_the_settings_that_the_session_was_recorded_with() {
    use crate::config::Config;
    use crate::model::ModelChoice;
    use crate::model::provenance::Provenance;
    use crate::synth::render::video::{VideoJob, write};

    let folder = tempfile::tempdir().expect("a temporary folder");
    let job = VideoJob { size_px: (320, 240), ..VideoJob::new(folder.path().join("v"), 0.03, 7) };
    let video = write(&job, &mut |_, _| ()).expect("a video").video;
    let mut film = pictures::open(&video).expect("opens");
    let moments = film.moments().to_vec();
    let bounds = Bounds { onset: moments[20], apex: moments[25], offset: moments[30] };
    let recorded_with = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        let provenance = Provenance::of_settings(&config, String::new());
        SessionFaces::open(&provenance, &ModelChoice::Embedded).expect("models")
    };
    let mut clip = |faces: &mut SessionFaces| {
        let clip = extract::face_clip(film.as_mut(), faces, &bounds)?;
        Ok::<_, String>(clip.frames.into_iter().map(|frame| frame.2).collect::<Vec<_>>())
    };
    let usual = clip(&mut recorded_with(|_| ())).expect("a face");
    assert!(clip(&mut recorded_with(|_| ())).expect("a face") == usual, "the same twice");
    let mut strict = recorded_with(|config| config.face.min_presence = 2.0);
    let why = clip(&mut strict).expect_err("nothing is that sure");
    assert!(why.contains("No face"), "{why}");
    let whole = strip(film.as_mut(), &bounds, (false, None), &mut strict).expect("a strip");
    assert_eq!((whole.onset.width, whole.onset.height), (320, 240));
    let usual =
        strip(film.as_mut(), &bounds, (false, None), &mut recorded_with(|_| ())).expect("a strip");
    assert!(usual.onset.width < 320, "cut round the face");
}

/// A grey room of 1280×720 with the heads of portraits: name, width of the face and its middle, pixels.
fn room(people: &[(&str, f32, Point)]) -> RgbImage {
    let mut room = image::RgbImage::from_pixel(1280, 720, image::Rgb([118, 122, 126]));
    for (name, face_px, middle) in people {
        let portrait = Portrait::named(name).expect("an embedded portrait");
        let face = Rect::around(&portrait.points_px).expect("a mesh");
        let scale = face_px / face.width();
        let side = |side: usize| (side as f32 * scale) as u32;
        let head = buffer_of(&portrait.image).expect("whole");
        let (width, height) = (side(portrait.image.width), side(portrait.image.height));
        let head = imageops::resize(&head, width, height, FilterType::Triangle);
        let corner = *middle - face.center() * scale;
        imageops::replace(&mut room, &head, corner.x as i64, corner.y as i64);
    }
    RgbImage::from_vec(1280, 720, room.into_raw()).expect("whole")
}

/// The same picture at all times.
struct Still(RgbImage, Vec<Moment>);

impl Pictures for Still {
    fn moments(&self) -> &[Moment] {
        &self.1
    }

    fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
        let Moment { frame, time } = self.1[index];
        Ok(Frame::new(frame, time, self.0.clone().into()))
    }
}

#[test]
fn bystanders_are_hidden_too_however_small_and_wherever_they_are() {
    let subject = ("p002", 250.0, Point::new(520.0, 380.0));
    let others = [
        ("p007", 95.0, Point::new(1010.0, 240.0)),
        ("p001", 60.0, Point::new(1150.0, 560.0)),
        ("p006", 34.0, Point::new(120.0, 90.0)),
    ];
    let people = [&[subject], &others[..]].concat();
    let picture = room(&people);
    let mut still = Still(picture.clone(), (0..3).map(at).collect());
    let mut faces = session_faces();
    let options = ClipOptions { margin_secs: 0.0, blur: true, ..ClipOptions::default() };
    let mut cut = Cut::new(&mut still, &bounds([0, 1, 2]), &options, &mut faces).expect("cut");
    let Some(Hidden::Faces { all, .. }) = cut.hidden.clone() else { panic!("{:?}", cut.hidden) };
    for (name, face_px, middle) in people {
        let half = Point::new(face_px * 0.5, face_px * 0.5);
        let face = Rect { min: middle - half, max: middle + half };
        let is_hidden = all.iter().any(|hidden| {
            hidden.min.x <= face.min.x
                && hidden.min.y <= face.min.y
                && hidden.max.x >= face.max.x
                && hidden.max.y >= face.max.y
        });
        assert!(is_hidden, "the face of {name} with {face_px} px is not hidden in {all:?}");
    }
    // But the rest of the picture is shown.
    let shown = cut.frame(1).expect("a picture").image;
    assert_eq!(shown.at(640, 30), picture.at(640, 30));
}

/// The program's own networks.
fn session_faces() -> SessionFaces {
    SessionFaces::open(&Default::default(), &Default::default()).expect("models")
}

/// Finds bystanders only.
struct Bystanders;

impl FaceFollower for Bystanders {
    fn forget(&mut self) {}

    fn follow(&mut self, _: &Frame) -> Result<Overlay, String> {
        Ok(Overlay::default())
    }

    fn faces(&mut self, _: &RgbImage) -> Result<Vec<Rect>, String> {
        Ok(vec![FACE])
    }
}

#[test]
fn where_the_person_who_was_measured_is_not_found_the_whole_picture_is_hidden() {
    let mut person = Person::new();
    let cut = Cut::new(&mut person, &bounds([40, 45, 50]), &options(1.0, true), &mut Bystanders);
    assert_eq!(cut.expect("pictures").hidden, Some(Hidden::Everything));
}

#[test]
fn a_face_of_another_size_is_not_taken_for_the_one_that_was_measured() {
    let picture = room(&[("p002", 250.0, Point::new(640.0, 360.0))]);
    let mut still = Still(picture, (0..3).map(at).collect());
    let mut faces = session_faces();
    let mut hidden = |eye_distance_px| {
        let options =
            ClipOptions { margin_secs: 0.0, blur: true, eye_distance_px, ..ClipOptions::default() };
        let cut = Cut::new(&mut still, &bounds([0, 1, 2]), &options, &mut faces);
        cut.expect("cut").hidden
    };
    assert!(matches!(hidden(None), Some(Hidden::Faces { .. })));
    // Its eyes are about 150 pixels apart.
    assert_eq!(hidden(Some(400.0)), Some(Hidden::Everything));
}
