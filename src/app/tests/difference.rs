//! The window and the report show the same difference.

use crate::app::panels::card::difference_image;
use crate::app::theme::Theme;
use crate::exchange::clips::{Nobody, strip};
use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::media::image::{Frame, RgbImage};
use crate::media::pictures::{PictureError, Pictures};
use crate::session::annotation::Bounds;
use crate::session::clip::EventClip;

/// Two pictures of a weak event: no pixel changes by more than five grey levels.
struct Weak(Vec<Moment>);

fn image(index: usize) -> RgbImage {
    let mut image = RgbImage::new(32, 8);
    for (i, pixel) in image.data.chunks_exact_mut(3).enumerate() {
        pixel.fill(100 + if index == 1 { (i % 11) as u8 } else { 5 });
    }
    image
}

impl Pictures for Weak {
    fn moments(&self) -> &[Moment] {
        &self.0
    }
    fn picture(&mut self, index: usize) -> Result<Frame, PictureError> {
        let Moment { frame, time } = self.0[index];
        Ok(Frame::new(frame, time, image(index).into()))
    }
}

#[test]
fn the_window_and_the_report_show_the_same_change_of_a_weak_event() {
    let at = |frame| Moment { frame, time: Timestamp::of_frame(frame, 30.0) };
    let bounds = Bounds { onset: at(0), apex: at(1), offset: at(1) };
    let mut pictures = Weak(vec![at(0), at(1)]);
    let strip = strip(&mut pictures, &bounds, (false, None), &mut Nobody).expect("a strip");
    let report = strip.difference;

    let frame = |index: usize| (index as u64, at(index as u64).time, image(index).into());
    let frames = vec![frame(0), frame(1)];
    let clip = EventClip { frames, onset: 0, apex: 1, offset: 1, regions: Vec::new() };
    let difference = clip.difference().expect("two pictures");
    for theme in [Theme::DARK, Theme::LIGHT] {
        let window = difference_image(&theme, &difference);
        assert_eq!(window.size, [report.width, report.height]);
        for (drawn, grey) in window.pixels.iter().zip(report.data.as_chunks::<3>().0) {
            // Both colour the same share of the full difference; the report's picture has 256 steps.
            let share = (f32::from(grey[0]) + 0.5 - 127.5) / 127.5;
            let same = theme.diverging(share);
            let apart = |a: u8, b: u8| a.abs_diff(b);
            let [r, g, b, _] = drawn.to_array();
            let [r2, g2, b2, _] = same.to_array();
            let most = apart(r, r2).max(apart(g, g2)).max(apart(b, b2));
            assert!(most <= 2, "window {drawn:?}, report {grey:?}, which is {same:?}");
        }
    }
    let brightest = report.data.iter().copied().max();
    assert!(brightest > Some(220), "a change of five levels is seen: {brightest:?}");
}
