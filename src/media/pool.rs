//! Pictures whose memory is used again. A source draws into a picture that no one holds any more. So a stream
//! needs new memory only until there are as many pictures as are ever in use at once.
//!
//! There is no lock and no call to give a picture back: dropping its last clone does that.

use std::sync::Arc;

use crate::media::image::RgbImage;

/// Greatest number of pictures that are kept: more than ever wait for the analysis and for the disk together.
const MOST: usize = 96;

/// The pictures of one source.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    pictures: Vec<Arc<RgbImage>>,
}

impl Pool {
    /// A picture drawn by `draw`. `draw` gets it with any size and any pixels. If `draw` fails, the picture
    /// is not handed out.
    pub(crate) fn draw<E>(
        &mut self,
        draw: impl FnOnce(&mut RgbImage) -> Result<(), E>,
    ) -> Result<Arc<RgbImage>, E> {
        let free = self.pictures.iter_mut().position(|picture| Arc::get_mut(picture).is_some());
        let mut picture = free.map_or_else(Arc::default, |i| self.pictures.swap_remove(i));
        let drawn = draw(Arc::make_mut(&mut picture));
        if self.pictures.len() < MOST {
            self.pictures.push(Arc::clone(&picture));
        }
        drawn.map(|()| picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn grey(pool: &mut Pool, level: u8) -> Arc<RgbImage> {
        let drawn = pool.draw(|image| {
            image.resize(4, 2);
            image.data.fill(level);
            Ok::<_, Infallible>(())
        });
        let Ok(picture) = drawn;
        picture
    }

    #[test]
    fn a_picture_that_somebody_holds_is_never_drawn_over() {
        let mut pool = Pool::default();
        let held: Vec<_> = (0..200).map(|level| grey(&mut pool, level)).collect();
        for (picture, level) in held.iter().zip(0..) {
            assert_eq!(picture.data, [level; 24]);
        }
    }

    #[test]
    fn a_stream_needs_no_more_pictures_than_are_held_at_once() {
        let mut pool = Pool::default();
        let mut held = std::collections::VecDeque::new();
        let mut places = std::collections::BTreeSet::new();
        for i in 0..1000 {
            held.push_back(grey(&mut pool, i as u8));
            places.insert(held.back().map(|picture| picture.data.as_ptr() as usize));
            if held.len() > 5 {
                held.pop_front();
            }
        }
        assert!(places.len() <= 7, "{}", places.len());
    }

    #[test]
    fn a_picture_that_could_not_be_drawn_is_used_for_the_next() {
        let mut pool = Pool::default();
        assert_eq!(pool.draw(|_| Err("torn")), Err("torn"));
        assert_eq!(grey(&mut pool, 7).data, [7; 24]);
        assert_eq!(pool.pictures.len(), 1);
    }
}
