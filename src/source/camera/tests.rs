//! Losing a camera and finding it again, with a device that follows a script. `tests/it/camera.rs` tests the
//! real driver.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use super::*;

const GREY: CaptureFormat =
    CaptureFormat { pixels: PixelFormat::Grey, size_px: (2, 2), rate: (100, 1) };

/// What a scripted device does next.
#[derive(Clone, Copy)]
enum Step {
    Picture { count: u32 },
    Sized { side_px: usize },
    Torn,
    Silence { millis: u64 },
    Fails,
}

/// Steps that all devices of one script take in turn; a device that fails takes no more.
type Script = Rc<RefCell<VecDeque<Step>>>;

struct Scripted(Script, CaptureFormat);

impl Device for Scripted {
    fn format(&self) -> CaptureFormat {
        self.1
    }

    fn read(&mut self, patience: Duration) -> Result<Read<'_>, Failure> {
        let step = self.0.borrow_mut().pop_front();
        let raw = |side_px: usize, length: usize, count: u32| Raw {
            bytes: Cow::Owned(vec![9; length]),
            pixels: PixelFormat::Grey,
            size_px: (side_px, side_px),
            captured: None,
            sequence: Some(count),
            is_damaged: false,
        };
        std::thread::sleep(Duration::from_millis(2));
        match step {
            Some(Step::Picture { count }) => Ok(Read::Picture(raw(2, 4, count))),
            Some(Step::Sized { side_px }) => Ok(Read::Picture(raw(side_px, side_px * side_px, 0))),
            Some(Step::Torn) => Ok(Read::Picture(raw(2, 3, 0))),
            Some(Step::Silence { millis }) => {
                std::thread::sleep(Duration::from_millis(millis));
                Ok(Read::Nothing)
            }
            Some(Step::Fails) => Err(Failure::Gone),
            None => {
                std::thread::sleep(patience);
                Ok(Read::Nothing)
            }
        }
    }
}

/// The results in words: "0 1 Disconnected Reconnected 7".
fn play(steps: &[Step], refusals: u32) -> (String, Vec<Frame>) {
    let script: Script = Rc::new(RefCell::new(steps.iter().copied().collect()));
    let (of_opener, mut left, mut is_first) = (Rc::clone(&script), refusals, true);
    let opener: Opener = Box::new(move |_, _| {
        if !std::mem::replace(&mut is_first, false) && left > 0 {
            left -= 1;
            return Err(Failure::Gone);
        }
        Ok(Box::new(Scripted(Rc::clone(&of_opener), GREY)))
    });
    let entry = CameraEntry { index: 0, name: "Cam".into(), formats: vec![GREY], trouble: None };
    let spec: SourceSpec = "camera".parse().expect("a spec");
    let mut camera = Camera::open_entry(&entry, &spec, opener).expect("opens");
    let (mut words, mut frames) = (Vec::new(), Vec::new());
    loop {
        match camera.next().expect("a camera goes on") {
            Next::Frame(frame) => {
                words.push(frame.seq.to_string());
                frames.push(frame);
            }
            Next::Notice(notice) => words.push(format!("{:?}", notice.kind)),
            Next::Idle if script.borrow().is_empty() => break,
            Next::Idle | Next::Lost(_) | Next::End => {}
        }
    }
    (words.join(" "), frames)
}

fn picture(count: u32) -> Step {
    Step::Picture { count }
}

#[test]
fn pictures_are_numbered_from_zero() {
    assert_eq!(play(&[picture(40), picture(41), picture(42)], 0).0, "0 1 2");
}

#[test]
fn what_the_driver_lost_is_a_gap_in_the_numbers() {
    assert_eq!(play(&[picture(0), picture(1), picture(5)], 0).0, "0 1 5");
}

#[test]
fn a_lost_camera_is_told_of_once_and_comes_back_by_itself() {
    let steps = [picture(0), picture(1), Step::Fails, picture(0), picture(1)];
    let (words, frames) = play(&steps, 2);
    let gap = frames[2].time.secs_since(frames[1].time);
    assert!((0.25..1.5).contains(&gap), "{gap} s");
    let lost = frames[2].seq - 2;
    assert!(lost.abs_diff((gap * 100.0) as u64) <= 2, "{lost} lost in {gap} s");
    let expected = format!("0 1 Disconnected Reconnected {} {}", 2 + lost, 3 + lost);
    assert_eq!(words, expected);
}

#[test]
fn a_stalled_camera_is_opened_anew() {
    let steps = [picture(0), Step::Silence { millis: 1100 }, picture(0)];
    let words = play(&steps, 0).0;
    assert!(words.starts_with("0 Stalled Reconnected 1"), "{words}");
}

#[test]
fn a_camera_that_comes_back_silent_is_not_told_of_again() {
    let steps = [picture(0), Step::Fails, Step::Silence { millis: 1500 }, picture(0)];
    let words = play(&steps, 0).0;
    assert_eq!(words.split(' ').take(3).collect::<Vec<_>>(), ["0", "Disconnected", "Reconnected"]);
}

#[test]
fn a_torn_picture_is_told_of_and_counted() {
    assert_eq!(play(&[picture(0), Step::Torn, picture(0)], 0).0, "0 CorruptFrame 2");
}

#[test]
fn many_torn_pictures_are_told_of_once_a_second() {
    let words = play(&[Step::Torn; 60], 0).0;
    assert_eq!(words, "CorruptFrame");
}

#[test]
fn every_torn_picture_of_a_burst_is_told_of_in_the_end() {
    let mut torn = TornPictures::default();
    let (now, mut told) = (Instant::now(), Vec::new());
    for millis in [0, 10, 20, 30, 900, 1100, 1200] {
        torn.count("noise".into());
        told.extend(torn.rest(now + Duration::from_millis(millis), "Cam", false));
    }
    told.extend(torn.rest(now + Duration::from_millis(1300), "Cam", true));
    assert_eq!(torn.rest(now + Duration::from_secs(9), "Cam", true), None);
    let expected = [
        "Cam: a picture is lost: noise",
        "Cam: 5 pictures are lost, the newest because of noise",
        "Cam: a picture is lost: noise",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_change_of_size_is_told_before_the_first_picture_of_the_new_size() {
    assert_eq!(play(&[picture(0), Step::Sized { side_px: 4 }], 0).0, "0 Changed 1");
}
