//! The synthetic people that the generator animates. None of them is a real person
//! (`assets/portraits/NOTICE`).
//!
//! Their pictures and mesh points are embedded, so that the demo needs no model and no file.

use serde::Deserialize;

use crate::measure::geometry::{Affine, Point};
use crate::media::image::RgbImage;
use crate::model::ModelError;

/// Number of points of the face mesh.
pub const MESH_POINTS: usize = 478;

/// Mesh point at the outer corner of the person's right eye.
pub const RIGHT_EYE_OUTER: usize = 33;

/// Mesh point at the outer corner of the person's left eye.
pub const LEFT_EYE_OUTER: usize = 263;

/// Every embedded portrait: name, JPEG, mesh points as JSON.
static EMBEDDED: [(&str, &[u8], &str); 4] = [
    (
        "p002",
        include_bytes!("../../../assets/portraits/p002.jpg"),
        include_str!("../../../assets/portraits/p002.json"),
    ),
    (
        "p007",
        include_bytes!("../../../assets/portraits/p007.jpg"),
        include_str!("../../../assets/portraits/p007.json"),
    ),
    (
        "p001",
        include_bytes!("../../../assets/portraits/p001.jpg"),
        include_str!("../../../assets/portraits/p001.json"),
    ),
    (
        "p006",
        include_bytes!("../../../assets/portraits/p006.jpg"),
        include_str!("../../../assets/portraits/p006.json"),
    ),
];

/// Names of the embedded portraits, in the order of their numbers.
pub fn names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|(name, ..)| *name)
}

/// A frontal, neutral face with its mesh points.
#[derive(Clone, Debug)]
pub struct Portrait {
    /// Its name.
    pub name: String,
    /// The picture.
    pub image: RgbImage,
    /// The 478 mesh points, in pixels of `image`.
    pub points_px: Vec<Point>,
    /// Depth of each point, in the same unit; smaller is nearer.
    pub depths_px: Vec<f32>,
}

/// Why a portrait cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PortraitError {
    /// No portrait has this name.
    #[error("portrait {name}: expected one of {known} or a picture, found neither")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// The picture cannot be decoded.
    #[error("portrait {name}: expected a JPEG or PNG picture, found {error}")]
    Picture {
        /// Which portrait.
        name: String,
        /// The decoder's answer.
        error: image::ImageError,
    },
    /// A model that finds the mesh in a picture could not be used.
    #[error("portrait {name}: {error}")]
    Model {
        /// Which portrait.
        name: String,
        /// Its error.
        error: ModelError,
    },
    /// The mesh points cannot be read, or there are not 478 of them.
    #[error("portrait {name}: expected {MESH_POINTS} mesh points, found {found}")]
    Points {
        /// Which portrait.
        name: String,
        /// What is there instead.
        found: String,
    },
}

/// Mesh points in the file beside the picture.
#[derive(Deserialize)]
struct MeshFile {
    /// x, y and depth, in pixels of the picture.
    points_px: Vec<[f32; 3]>,
}

impl Portrait {
    /// Portrait number `number`; after the last one, the first follows.
    pub fn numbered(number: u64) -> Result<Self, PortraitError> {
        let (name, jpeg, json) = EMBEDDED[(number % EMBEDDED.len() as u64) as usize];
        Self::decode(name, jpeg, json)
    }

    /// The portrait with this name.
    pub fn named(name: &str) -> Result<Self, PortraitError> {
        match EMBEDDED.iter().find(|(n, ..)| *n == name) {
            Some((name, jpeg, json)) => Self::decode(name, jpeg, json),
            None => Err(PortraitError::Unknown {
                name: name.to_owned(),
                known: names().collect::<Vec<_>>().join(", "),
            }),
        }
    }

    fn decode(name: &str, jpeg: &[u8], json: &str) -> Result<Self, PortraitError> {
        let bad_points = |found| PortraitError::Points { name: name.to_owned(), found };
        let picture = image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg)
            .map_err(|error| PortraitError::Picture { name: name.to_owned(), error })?
            .into_rgb8();
        let mesh: MeshFile = serde_json::from_str(json).map_err(|e| bad_points(e.to_string()))?;
        if mesh.points_px.len() != MESH_POINTS {
            return Err(bad_points(mesh.points_px.len().to_string()));
        }
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        Ok(Self {
            name: name.to_owned(),
            image: RgbImage { width, height, data: picture.into_raw() },
            points_px: mesh.points_px.iter().map(|p| Point::new(p[0], p[1])).collect(),
            depths_px: mesh.points_px.iter().map(|p| p[2]).collect(),
        })
    }
}

/// The map from face coordinates to pixels: origin midway between the outer eye corners, x towards the
/// person's left, y towards the chin, one unit the distance between the corners. `None` if the two corners
/// are the same point or `points_px` has too few points.
pub fn px_from_face(points_px: &[Point]) -> Option<Affine> {
    let right = *points_px.get(RIGHT_EYE_OUTER)?;
    let left = *points_px.get(LEFT_EYE_OUTER)?;
    (right != left).then_some(())?;
    Affine::from_two_points((Point::new(-0.5, 0.0), Point::new(0.5, 0.0)), (right, left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_portrait_decodes_with_its_points_inside_the_picture() {
        for name in names() {
            let p = Portrait::named(name).expect(name);
            assert_eq!(p.image.data.len(), p.image.width * p.image.height * 3);
            let (w, h) = (p.image.width as f32, p.image.height as f32);
            assert!(p.points_px.iter().all(|q| q.x > 0.0 && q.x < w && q.y > 0.0 && q.y < h));
        }
    }

    #[test]
    fn every_portrait_is_level_and_its_eyes_are_a_quarter_of_the_picture_apart() {
        for name in names() {
            let p = Portrait::named(name).expect(name);
            let map = px_from_face(&p.points_px).expect("two eyes");
            assert!((map.scale() / p.image.width as f32 - 0.25).abs() < 0.01, "{name}");
            assert!(map.m[3].atan2(map.m[0]).to_degrees().abs() < 2.0, "{name}");
        }
    }

    #[test]
    fn an_unknown_name_lists_what_there_is() {
        let error = Portrait::named("mona").expect_err("no such portrait").to_string();
        assert!(error.contains("mona") && error.contains("p002"), "{error}");
    }

    #[test]
    fn a_mesh_of_the_wrong_size_is_refused_with_both_numbers() {
        let json = r#"{"points_px": [[1, 2, 3]]}"#;
        let error = Portrait::decode("x", EMBEDDED[0].1, json).expect_err("one point").to_string();
        assert!(error.contains("478") && error.ends_with("found 1"), "{error}");
    }
}
