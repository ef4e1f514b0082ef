//! Review: a session is seen frame by frame, judged, corrected and compared.
//!
//! What the model found is never changed. Every act is a new row of the session's log and goes to the
//! [`outside::AnnotationSink`] at once. What is on screen follows from the log alone, so that undo is exact.

use super::view::SessionView;
use super::view::clips::{Clip, ClipRequest};
use super::view::playback::{Playback, PlaybackMotion};
use crate::app::backend::Pending;
use crate::app::field::TextField;
use crate::measure::detection_limit::DetectionLimit;
use crate::measure::event::Moment;
use crate::session::annotation::{Bounds, Target};
use crate::session::clip::slow_loop::MARGIN_SECS;
use crate::session::table::Row;

pub mod annotate;
pub mod bounds;
pub mod command;
pub mod edit;
pub mod event_list;
pub mod export;
pub mod filter;
pub mod frame_in_view;
pub mod handles;
pub mod import;
pub mod keys;
pub mod live;
pub mod outside;
pub mod rating;
pub mod run;
pub mod sound;
pub mod storage;
pub mod units_text;

use event_list::EventList;
use frame_in_view::FrameInView;
use outside::{OpenedSession, PictureAnswer};
use rating::{FIRST_RATER, Rating};
use sound::ReviewSound;
use storage::Storage;

/// Possible magnifications of the loop.
pub const MAGNIFICATION: std::ops::RangeInclusive<f32> = 2.0..=20.0;

/// State of the review.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReviewPhase {
    /// No session is open.
    #[default]
    Empty,
    /// It is opening; the text says what.
    Opening(String),
    /// A session is open.
    Open,
    /// It could not be opened; one sentence.
    Fault(String),
}

/// Everything about the session under review.
pub struct ReviewState {
    /// Where review stands.
    pub phase: ReviewPhase,
    /// The session, and the place in it. Its cursor is the frame in view.
    pub view: SessionView,
    /// Moves the frame in view.
    pub playback: Playback,
    /// The picture of the frame in view.
    pub frame: FrameInView,
    /// The sound that goes with the pictures.
    pub sound: ReviewSound,
    /// Where the session is stored.
    pub storage: Storage,
    /// Who works, and whose layer is shown.
    pub rating: Rating,
    /// The events of that layer.
    pub list: EventList,
    /// Bounds that are being dragged and not stored yet.
    pub draft: Option<(Target, Bounds)>,
    /// What the last command did, or why it did nothing; one sentence, or empty.
    pub hint: String,
    /// The field for the units of the picked event.
    pub units: TextField,
    /// What to export, and the progress.
    pub export: export::ExportForm,
    /// How small a movement the session could have shown; `None` while it is not known.
    pub limit: Option<DetectionLimit>,
    /// The limit, while it is measured.
    limit_task: Option<Pending<Option<DetectionLimit>>>,
    /// What to import, and the state.
    pub import: import::ImportForm,
    /// How much the magnified loop enlarges movement.
    pub magnification: f32,
    /// Share of the real speed at which events are looped.
    pub loop_speed: f64,
    /// The names of conditions in the settings, in order.
    pub condition_names: Vec<String>,
    /// True if there is something to undo.
    pub can_undo: bool,
    /// True if there is something to redo.
    pub can_redo: bool,
    /// Where the cursor was when the plots last followed it, seconds.
    followed: Option<f64>,
}

impl Default for ReviewState {
    fn default() -> Self {
        Self {
            phase: ReviewPhase::default(),
            view: SessionView::default(),
            playback: Playback::default(),
            frame: FrameInView::default(),
            sound: ReviewSound::default(),
            storage: Storage::default(),
            rating: Rating::default(),
            list: EventList::default(),
            draft: None,
            hint: String::new(),
            units: TextField::default(),
            export: export::ExportForm::default(),
            import: import::ImportForm::default(),
            limit: None,
            limit_task: None,
            magnification: 8.0,
            loop_speed: 0.25,
            condition_names: Vec::new(),
            can_undo: false,
            can_redo: false,
            followed: None,
        }
    }
}

impl ReviewState {
    /// Replaces the session under review.
    pub fn open(&mut self, opened: OpenedSession) {
        let OpenedSession { session, place, source, remarks, screen, sound, keeper } = opened;
        let rater = rating::last(&session).unwrap_or(FIRST_RATER).to_owned();
        let moments = session.history.samples().iter();
        let moments = moments.map(|s| Moment { frame: s.seq, time: s.time }).collect();
        *self = Self {
            phase: ReviewPhase::Open,
            view: SessionView { session, ..SessionView::default() },
            playback: Playback::over(moments),
            frame: FrameInView::from(screen),
            sound: ReviewSound::of(sound, self.sound.is_muted),
            storage: Storage { folder: place, source, unkept: None, sink: keeper },
            rating: Rating::of(&rater),
            hint: remarks.join(" "),
            magnification: self.magnification,
            loop_speed: self.loop_speed,
            ..Self::default()
        };
        self.view.timeline.go_to_start();
        self.refresh();
        match self.list.listed.first() {
            Some(&row) => self.pick(self.list.rows[row].target),
            None => self.show_frame(),
        }
    }

    /// True if the rater who works must not see the model's or others' events.
    pub fn is_blind(&self) -> bool {
        self.view.session.log.is_blind(&self.rating.rater)
    }

    /// Waits for the detection limit of the session, which `task` gives.
    pub fn measure_limit(&mut self, task: Pending<Option<DetectionLimit>>) {
        self.limit_task = Some(task);
    }

    fn take_limit(&mut self) {
        if let Some(limit) = self.limit_task.as_mut().and_then(|task| task()) {
            self.limit_task = None;
            self.limit = limit;
        }
    }

    /// True if there are pictures.
    pub fn has_pictures(&self) -> bool {
        self.frame.pictures.is_some()
    }

    /// Seconds of the last frame.
    pub fn last_secs(&self) -> f64 {
        self.playback.moments().last().map_or(0.0, |moment| moment.time.secs())
    }

    /// The event on the card.
    pub fn picked_row(&self) -> Option<&Row> {
        self.list.row(self.view.picked?)
    }

    /// The bounds to draw for an event: those being dragged, else the valid ones.
    pub fn bounds(&self, row: &Row) -> Bounds {
        match &self.draft {
            Some((target, bounds)) if *target == row.target => *bounds,
            _ => row.bounds,
        }
    }

    /// Takes answers and moves on to `now`, seconds of the window's clock. Returns the seconds until the next
    /// call is useful; `None` while nothing moves.
    pub fn advance(&mut self, now: f64) -> Option<f64> {
        self.take_answers();
        self.take_limit();
        self.list.take_search();
        self.storage.look_for_faults();
        let motion = self.playback.motion();
        if motion == PlaybackMotion::Held {
            self.sound.follow(&self.playback, now);
            return None;
        }
        let next = self.playback.advance(now);
        self.sound.follow(&self.playback, now);
        self.show_frame();
        if let PlaybackMotion::Runs(_) = motion {
            self.view.reveal_cursor(self.last_secs());
        }
        next
    }

    /// Computes everything that follows from the log.
    fn refresh(&mut self) {
        self.list.refresh(&self.view.session, &self.rating.layer);
        self.view.take_marks(Some(&self.rating.rater));
        let own = self.view.session.log.layer(&self.rating.rater);
        (self.can_undo, self.can_redo) = (own.can_undo, own.can_redo);
    }

    fn pick(&mut self, target: Target) {
        let Some(bounds) = self.list.row(target).map(|row| row.bounds) else { return };
        let is_looped = self.is_looping();
        self.view.picked = Some(target);
        self.draft = None;
        self.playback.seek_frame(bounds.apex.frame);
        if is_looped {
            self.repeat_picked();
        }
        let (first, last) = (bounds.onset.time.secs(), bounds.offset.time.secs());
        self.view.timeline.reveal(first, last, self.last_secs());
        self.show_frame();
        self.want_clips();
    }

    fn repeat_picked(&mut self) {
        if let Some(bounds) = self.picked_row().map(|row| row.bounds) {
            let from = bounds.onset.time - MARGIN_SECS;
            self.playback.repeat(from, bounds.offset.time + MARGIN_SECS, self.loop_speed);
        }
    }

    /// Puts the cursor on the frame in view, and asks for its picture.
    fn show_frame(&mut self) {
        let at = self.playback.at();
        self.view.cursor = at.map(|at| at.time);
        if let Some(at) = at {
            self.frame.want(at.frame);
        }
    }

    /// Asks for the pictures of the picked event, and of the one that will probably be picked next.
    fn want_clips(&mut self) {
        let next = self.next_open().and_then(|target| self.list.row(target));
        let wanted: Vec<_> = self
            .picked_row()
            .into_iter()
            .chain(next)
            .flat_map(|row| [1.0, self.magnification].map(|m| ClipRequest::magnified(row, m)))
            .collect();
        let (session, has_pictures) = (&self.view.session, self.has_pictures());
        // A session that has just been live still has its own pictures. A session without pictures has none
        // to ask for.
        let at_hand = |request: &ClipRequest| -> Option<Clip> {
            let live = match request.target {
                Target::Machine(id) if request.magnification == 1.0 => session.clip(id).cloned(),
                _ => None,
            };
            let none = || Err("Its pictures are not stored; times and readings are.".to_owned());
            live.map(Ok).or_else(|| (!has_pictures).then(none))
        };
        let missing = self.view.clips.want(&wanted, at_hand);
        if let Some(pictures) = &mut self.frame.pictures
            && !missing.is_empty()
        {
            pictures.cut(&missing);
        }
    }

    fn take_answers(&mut self) {
        let answers = self.frame.pictures.as_mut().map(|pictures| pictures.answers());
        for answer in answers.into_iter().flatten() {
            match answer {
                PictureAnswer::Picture(frame) => self.frame.put(frame),
                PictureAnswer::NoPicture { frame, why } => self.frame.put_fault(frame, why),
                PictureAnswer::Clip(request, clip) => self.view.clips.put(&request, clip),
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
