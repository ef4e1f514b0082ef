//! Phones record sideways and say in the file how to turn the picture.

use std::sync::Arc;

use crate::media::image::RgbImage;

/// How a picture is to be turned for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    None,
    Right,
    Half,
    Left,
}

impl Turn {
    /// From the track's matrix `[a, b, c, d]` in 16.16 fixed point; anything but a turn by a right
    /// angle counts as none.
    pub(crate) fn from_matrix(matrix: [i32; 4]) -> Self {
        match matrix.map(i32::signum) {
            [0, 1, -1, 0] => Self::Right,
            [-1, 0, 0, -1] => Self::Half,
            [0, -1, 1, 0] => Self::Left,
            _ => Self::None,
        }
    }

    pub(crate) fn size_px(self, (width, height): (usize, usize)) -> (usize, usize) {
        match self {
            Self::None | Self::Half => (width, height),
            Self::Right | Self::Left => (height, width),
        }
    }

    pub(crate) fn apply(self, source: Arc<RgbImage>) -> Arc<RgbImage> {
        if self == Self::None {
            return source;
        }
        let (width, height) = self.size_px((source.width, source.height));
        let mut turned = RgbImage::new(width, height);
        for (i, px) in turned.data.chunks_exact_mut(3).enumerate() {
            let (x, y) = (i % width, i / width);
            let (from_x, from_y) = match self {
                Self::None => (x, y),
                Self::Right => (y, width - 1 - x),
                Self::Half => (width - 1 - x, height - 1 - y),
                Self::Left => (height - 1 - y, x),
            };
            let at = (from_y * source.width + from_x) * 3;
            px.copy_from_slice(&source.data[at..at + 3]);
        }
        Arc::new(turned)
    }
}
