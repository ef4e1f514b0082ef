//! Pictures on the graphics card. Each is made once and then filled again in place.

use egui::{Color32, ColorImage, Context, Painter, Rect, TextureHandle, TextureId, TextureOptions};
use egui::{pos2, vec2};

use crate::media::image::RgbImage;

/// Greatest width and height of a texture; every graphics system that runs the window supports it.
const MAX_TEXTURE_PX: usize = 2048;

/// A texture that is filled again only when its content has changed.
#[derive(Default)]
pub struct Texture {
    handle: Option<TextureHandle>,
    shown: Option<u64>,
}

impl Texture {
    /// The texture filled with the picture `version`; larger pictures are thinned to fit.
    pub fn show(&mut self, ctx: &Context, version: u64, image: &RgbImage) -> TextureId {
        self.fill(ctx, version, TextureOptions::LINEAR, || color_image(image))
    }

    /// The texture filled with what `make` draws for `version`.
    pub fn fill(
        &mut self,
        ctx: &Context,
        version: u64,
        options: TextureOptions,
        make: impl FnOnce() -> ColorImage,
    ) -> TextureId {
        match &mut self.handle {
            Some(handle) => {
                if self.shown != Some(version) {
                    handle.set(make(), options);
                }
                self.shown = Some(version);
                handle.id()
            }
            None => {
                let handle = ctx.load_texture("picture", make(), options);
                self.shown = Some(version);
                self.handle.insert(handle).id()
            }
        }
    }
}

/// Draws a texture over all of `rect`.
pub fn show_image(painter: &Painter, texture: TextureId, rect: Rect) {
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    painter.image(texture, rect, whole, Color32::WHITE);
}

/// In the form for the graphics card, no larger than it supports.
fn color_image(image: &RgbImage) -> ColorImage {
    let step = image.width.max(image.height).div_ceil(MAX_TEXTURE_PX).max(1);
    if image.width == 0 || image.height == 0 {
        return ColorImage::filled([1, 1], Color32::BLACK);
    }
    if step == 1 {
        return ColorImage::from_rgb([image.width, image.height], &image.data);
    }
    let (width, height) = (image.width.div_ceil(step), image.height.div_ceil(step));
    let pixels = (0..height).flat_map(|y| {
        (0..width).map(move |x| {
            let [r, g, b] = image.at((x * step) as isize, (y * step) as isize);
            Color32::from_rgb(r, g, b)
        })
    });
    let mut thinned = ColorImage::new([width, height], pixels.collect());
    thinned.source_size = vec2(image.width as f32, image.height as f32);
    thinned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_picture_is_thinned_and_an_empty_one_is_black() {
        let [w, h] = color_image(&RgbImage::new(8192, 1000)).size;
        assert!(w <= MAX_TEXTURE_PX && h <= MAX_TEXTURE_PX);
        assert_eq!(color_image(&RgbImage::default()).size, [1, 1]);
        assert_eq!(color_image(&RgbImage::new(640, 480)).size, [640, 480]);
    }
}
