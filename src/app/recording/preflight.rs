//! The check before a recording: distance, light, rate, face and limit, and what to change.

use crate::config::QualityConfig;
use crate::measure::detection_limit::DetectionLimit;
use crate::measure::quality::{Quality, Trouble};
use crate::measure::sample::Sample;
use crate::session::Session;

/// Seconds before the newest frame that are looked at.
const LOOK_SECS: f64 = 5.0;

/// Least number of frames in which a face must have been seen.
const LEAST_FRAMES: usize = 30;

/// Greatest share of frames with one kind of trouble.
const MOST_TROUBLED: f64 = 0.2;

/// Seconds in which a notice about several faces still counts.
const SEVERAL_SECS: f64 = 30.0;

/// One line of the check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreflightLine {
    /// What was looked at.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// What to change; `None` if it is good.
    pub change: Option<&'static str>,
}

/// The newest frames of a session, as far as they are looked at.
struct Newest {
    samples: Vec<Sample>,
}

impl Newest {
    fn of(session: &Session) -> Self {
        let all = session.history.samples();
        let last = all.last().map(|sample| sample.time);
        let is_new =
            |sample: &Sample| last.is_some_and(|last| last.secs_since(sample.time) <= LOOK_SECS);
        let from = all.partition_point(|sample| !is_new(sample));
        Self { samples: all.iter().skip(from).collect() }
    }

    /// Share of the frames with this trouble, 0–1.
    fn share(&self, trouble: Trouble) -> f64 {
        let with = self.samples.iter().filter(|s| s.quality.trouble.any(trouble)).count();
        with as f64 / self.samples.len().max(1) as f64
    }

    /// The median of a measured value; `None` if it was measured in too few frames.
    fn median(&self, value: impl Fn(&Quality) -> f32) -> Option<f32> {
        let values = self.samples.iter().map(|sample| value(&sample.quality));
        let mut values: Vec<f32> = values.filter(|value| value.is_finite()).collect();
        let middle = values.len() / 2;
        (values.len() >= LEAST_FRAMES)
            .then(|| *values.select_nth_unstable_by(middle, f32::total_cmp).1)
    }
}

/// Looks at the newest seconds of a running session. `None` while there are too few frames. Every line
/// without a change means that it is good to record.
pub fn look(session: &Session, config: &QualityConfig) -> Option<Vec<PreflightLine>> {
    let newest = Newest::of(session);
    if newest.samples.len() < LEAST_FRAMES {
        return None;
    }
    Some(vec![
        person(session, &newest),
        distance(&newest, config),
        light(&newest, config),
        rate(&newest, config),
        stillness(&newest),
        PreflightLine {
            what: "Glasses",
            found:
                "the program does not see them; their frames and reflections hide lids and brows"
                    .into(),
            change: None,
        },
    ])
}

fn line(what: &'static str, found: String, bad: bool, change: &'static str) -> PreflightLine {
    PreflightLine { what, found, change: bad.then_some(change) }
}

fn person(session: &Session, newest: &Newest) -> PreflightLine {
    let seen = 1.0 - newest.share(Trouble::NO_FACE);
    let last = session.history.span().map(|(_, last)| last);
    let several = session.notices.iter().rev().find(|logged| {
        let is_new = last.is_some_and(|last| last.secs_since(logged.time) < SEVERAL_SECS);
        is_new && logged.notice.text.contains("faces are in the picture")
    });
    let found = format!("a face in {:.0} % of the newest frames", seen * 100.0);
    match several {
        _ if seen < 1.0 - MOST_TROUBLED => line(
            "In view",
            found,
            true,
            "The person sits in the middle of the picture and faces the camera.",
        ),
        Some(_) => line(
            "In view",
            "more than one face".into(),
            true,
            "Ask others to leave the picture, or choose the face under Face in the menu of sources.",
        ),
        None => line("In view", found, false, ""),
    }
}

fn distance(newest: &Newest, config: &QualityConfig) -> PreflightLine {
    let wide = newest.median(|quality| quality.eye_distance_px);
    let found = wide.map_or("not measured".into(), |px| format!("{px:.0} pixels between the eyes"));
    // At twice the least size, a movement of half the usual size can still be measured.
    let is_far = wide.is_none_or(|px| px < 2.0 * config.min_eye_distance_px);
    line("Distance", found, is_far, "Bring the camera nearer, or choose a larger picture.")
}

fn light(newest: &Newest, config: &QualityConfig) -> PreflightLine {
    let grey = newest.median(|quality| quality.brightness);
    let found = grey.map_or("not measured".into(), |grey| format!("brightness {grey:.0} of 255"));
    let [dark, bright] = config.brightness_range;
    let flickers = newest.share(Trouble::LIGHT) > MOST_TROUBLED;
    let blurs = newest.share(Trouble::BLUR) > MOST_TROUBLED;
    match grey {
        Some(grey) if grey < dark => {
            line("Light", found, true, "More light on the face, from the front.")
        }
        Some(grey) if grey > bright => line("Light", found, true, "Less light on the face."),
        _ if flickers => line(
            "Light",
            "it changes all the time".into(),
            true,
            "Turn off lamps that flicker, and the screen’s own light.",
        ),
        _ if blurs => line(
            "Light",
            "the picture is blurred".into(),
            true,
            "More light, a clean lens, and the camera’s focus on the face.",
        ),
        Some(_) => line("Light", found, false, ""),
        None => line("Light", found, true, "The face must be in view."),
    }
}

fn rate(newest: &Newest, config: &QualityConfig) -> PreflightLine {
    let fps = newest.median(|quality| quality.rate_fps);
    let found = fps.map_or("not measured".into(), |fps| format!("{fps:.1} frames a second"));
    let is_slow = fps.is_none_or(|fps| fps < config.min_rate_fps - 0.5);
    line("Rate", found, is_slow, "More light lets most cameras be faster; close other programs.")
}

fn stillness(newest: &Newest) -> PreflightLine {
    let (turned, moves) = (newest.share(Trouble::TURNED), newest.share(Trouble::HEAD_MOTION));
    let found = format!("turned away {:.0} %, moving fast {:.0} %", turned * 100.0, moves * 100.0);
    let is_bad = turned > MOST_TROUBLED || moves > MOST_TROUBLED;
    line("Head", found, is_bad, "The camera stands before the person, at the height of the eyes.")
}

/// The last line of the check: `Good to record`, or how many things to change.
pub fn verdict(lines: &[PreflightLine]) -> String {
    match lines.iter().filter(|line| line.change.is_some()).count() {
        0 => "Good to record.".into(),
        1 => "Change one thing first.".into(),
        n => format!("Change {n} things first."),
    }
}

/// What is known about the smallest movement that would be found.
pub fn limit_words(limit: Option<&DetectionLimit>, is_running: bool) -> String {
    match limit {
        Some(limit) if limit.moments() > 0 => limit.to_string(),
        _ if is_running => "being measured".into(),
        _ => "not known yet; it takes some seconds of this person’s face".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::time::Timestamp;
    use crate::media::stream::{Notice, NoticeKind};

    fn session(quality: impl Fn(u64) -> Quality) -> Session {
        let mut session = Session::default();
        for seq in 0..150 {
            let (time, quality) = (Timestamp::of_frame(seq, 30.0), quality(seq));
            session.history.push(Sample { seq, time, quality, motion: None, score: None });
        }
        session
    }

    fn good() -> Quality {
        Quality {
            rate_fps: 30.0,
            eye_distance_px: 90.0,
            brightness: 120.0,
            sharpness: 0.1,
            ..Quality::default()
        }
    }

    fn changes(session: &Session) -> Vec<&'static str> {
        let lines = look(session, &QualityConfig::default()).expect("enough frames");
        lines.into_iter().filter(|line| line.change.is_some()).map(|line| line.what).collect()
    }

    #[test]
    fn a_near_face_in_good_light_is_good_to_record() {
        let session = session(|_| good());
        assert_eq!(changes(&session), Vec::<&str>::new());
        let lines = look(&session, &QualityConfig::default()).expect("enough frames");
        assert_eq!(verdict(&lines), "Good to record.");
    }

    #[test]
    fn each_thing_that_is_wrong_has_its_line() {
        let far = session(|_| Quality { eye_distance_px: 40.0, ..good() });
        assert_eq!(changes(&far), ["Distance"]);
        let dark = session(|_| Quality { brightness: 12.0, ..good() });
        assert_eq!(changes(&dark), ["Light"]);
        let flickering = session(|_| Quality { trouble: Trouble::LIGHT, ..good() });
        assert_eq!(changes(&flickering), ["Light"]);
        let slow = session(|_| Quality { rate_fps: 15.0, ..good() });
        assert_eq!(changes(&slow), ["Rate"]);
        let turned = session(|_| Quality { trouble: Trouble::TURNED, ..good() });
        assert_eq!(changes(&turned), ["Head"]);
        let nan = f32::NAN;
        let away =
            Quality { trouble: Trouble::NO_FACE, eye_distance_px: nan, brightness: nan, ..good() };
        assert_eq!(changes(&session(move |_| away)), ["In view", "Distance", "Light"]);
    }

    #[test]
    fn a_second_face_is_said_while_it_is_new() {
        let mut session = session(|_| good());
        let text = "2 faces are in the picture at 0:01.000. Only one is analysed.".into();
        session.log(Notice { kind: NoticeKind::Info, text });
        assert_eq!(changes(&session), ["In view"]);
    }

    #[test]
    fn only_the_newest_seconds_count_and_too_few_frames_are_no_check() {
        let mut moved = session(|_| good());
        for seq in 150..400 {
            let time = Timestamp::of_frame(seq, 30.0);
            let quality = if seq < 240 { Quality { rate_fps: 5.0, ..good() } } else { good() };
            moved.history.push(Sample { seq, time, quality, motion: None, score: None });
        }
        assert_eq!(changes(&moved), Vec::<&str>::new());
        assert_eq!(look(&Session::default(), &QualityConfig::default()), None);
    }
}
