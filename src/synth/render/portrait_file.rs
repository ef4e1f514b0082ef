//! A portrait from any picture file. The program's own models find its mesh, and it is framed like the
//! embedded portraits. So videos can show people on whom nothing was tuned.

use std::path::Path;

use image::imageops::{self, FilterType};

use crate::measure::face::Landmarks;
use crate::measure::geometry::Point;
use crate::media::image::RgbImage;
use crate::model::{ModelChoice, ModelError, Models};
use crate::pipeline::face::detect::{FaceFinder, WantedFace};
use crate::pipeline::face::landmarks::Mesh;

use super::portrait::{LEFT_EYE_OUTER, Portrait, PortraitError, RIGHT_EYE_OUTER};

/// Width and height of an embedded portrait, pixels.
const SIZE_PX: (u32, u32) = (960, 720);
/// Outer-eye distance in it, pixels.
const EYE_DISTANCE_PX: f32 = 240.0;
/// The point midway between its outer eye corners.
const EYES_PX: Point = Point::new(480.0, 331.2);
/// Number of times that the mesh is computed, until it has settled.
const LOOKS: usize = 4;
/// Least confidence of detector and mesh: a portrait must show its face clearly.
const LEAST_CONFIDENCE: f32 = 0.5;

/// The face in the picture at `path` (JPEG or PNG), cut and scaled like the embedded portraits.
pub fn open(path: &Path) -> Result<Portrait, PortraitError> {
    let name = path.display().to_string();
    let picture = image::open(path)
        .map_err(|error| PortraitError::Picture { name: name.clone(), error })?
        .into_rgb8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let whole = RgbImage { width, height, data: picture.into_raw() };
    let found = find(&whole).map_err(|error| PortraitError::Model { name: name.clone(), error })?;
    let no_face = || PortraitError::Points { name: name.clone(), found: "no face".into() };
    framed(name.clone(), &whole, &found).ok_or_else(no_face)
}

/// The mesh of the largest face; empty without one.
fn find(picture: &RgbImage) -> Result<Landmarks, ModelError> {
    let models = Models::load(&ModelChoice::Embedded)?;
    let (mut finder, mut mesh) = (FaceFinder::new(&models)?, Mesh::new(&models)?);
    let mut landmarks = Landmarks::default();
    finder.find(picture, LEAST_CONFIDENCE, WantedFace::Largest, |face| {
        mesh.start(face);
        for _ in 0..LOOKS {
            mesh.find(picture, LEAST_CONFIDENCE, &mut landmarks)?;
        }
        Ok(!landmarks.is_empty())
    })?;
    Ok(landmarks)
}

/// Cuts and scales a picture so that the eyes lie where they lie in every portrait. Where the picture ends
/// too early, its outermost pixels are repeated.
fn framed(name: String, picture: &RgbImage, found: &Landmarks) -> Option<Portrait> {
    let right = found.point(RIGHT_EYE_OUTER)?;
    let left = found.point(LEFT_EYE_OUTER)?;
    let scale = EYE_DISTANCE_PX / right.distance(left);
    if !scale.is_finite() {
        return None;
    }
    let (across, down) = (SIZE_PX.0 as f32 / scale, SIZE_PX.1 as f32 / scale);
    let corner = right.lerp(left, 0.5) - EYES_PX * (1.0 / scale);
    let (x0, y0) = (corner.x.round() as isize, corner.y.round() as isize);
    let (across, down) = (across.round() as u32, down.round() as u32);
    let cut = image::RgbImage::from_fn(across, down, |x, y| {
        image::Rgb(picture.at(x0 + x as isize, y0 + y as isize))
    });
    let data = imageops::resize(&cut, SIZE_PX.0, SIZE_PX.1, FilterType::Lanczos3).into_raw();
    let stretch = [SIZE_PX.0 as f32 / across as f32, SIZE_PX.1 as f32 / down as f32];
    let place =
        |p: &Point| Point::new((p.x - x0 as f32) * stretch[0], (p.y - y0 as f32) * stretch[1]);
    Some(Portrait {
        name,
        image: RgbImage { width: SIZE_PX.0 as usize, height: SIZE_PX.1 as usize, data },
        points_px: found.points_in_frame.iter().map(place).collect(),
        depths_px: found.depths.iter().map(|depth| depth * scale).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_a_portrait_gives_that_portrait_again() {
        let known = Portrait::named("p006").expect("embedded");
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("face.png");
        let (w, h) = (known.image.width as u32, known.image.height as u32);
        let picture = image::RgbImage::from_raw(w, h, known.image.data.clone()).expect("pixels");
        picture.save(&path).expect("saved");
        let found = open(&path).expect("a face");
        assert_eq!((found.image.width, found.image.height), (960, 720));
        assert_eq!(found.points_px.len(), known.points_px.len());
        let off = |(a, b): (&Point, &Point)| a.distance(*b);
        let mean = found.points_px.iter().zip(&known.points_px).map(off).sum::<f32>() / 478.0;
        assert!(mean < 4.0, "{mean} px");
    }

    #[test]
    fn a_picture_without_a_face_and_a_file_without_a_picture_are_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let grey = dir.path().join("grey.png");
        image::RgbImage::from_pixel(200, 200, image::Rgb([90; 3])).save(&grey).expect("saved");
        let error = open(&grey).expect_err("no face").to_string();
        assert!(error.contains("grey.png") && error.ends_with("found no face"), "{error}");
        let text = dir.path().join("text.jpg");
        std::fs::write(&text, "no picture").expect("written");
        let error = open(&text).expect_err("no picture").to_string();
        assert!(error.contains("text.jpg") && error.contains("expected"), "{error}");
    }
}
