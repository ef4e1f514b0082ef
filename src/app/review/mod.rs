//! Review: a session looked at frame by frame, judged, corrected and compared.
//!
//! What the model found is never changed. Every act is a new row of the session's log and goes to the
//! [`outside::AnnotationSink`] at once; what is on screen follows from the log alone, so that undoing
//! is as exact as doing. The picture on screen always carries the name of its own frame, also while a
//! newer one is on its way.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::app::theme::Grade;
use crate::app::view::note::Subject;
use crate::app::view::time_window::TimeWindow;
use crate::measure::event::Moment;
use crate::measure::time::Timestamp;
use crate::media::image::Frame;
use crate::session::annotation::{Bounds, Target, Verdict};
use crate::session::clip::slow_loop::MARGIN_SECS;
use crate::session::table::{self, Row};
use crate::session::{OBSERVER, Session};
use crate::source::SourceSpec;

pub mod card;
pub mod command;
pub mod edit;
pub mod export;
pub mod filter;
pub mod handles;
pub mod import;
pub mod keys;
pub mod list;
pub mod live;
pub mod motion;
pub mod outside;
pub mod picture;
pub mod run;
pub mod transport;
pub mod units_text;
pub mod welcome;
pub mod who;

use super::view::playback::{Playback, PlaybackMotion};
use filter::{Filter, ListOrder};
use outside::{AnnotationSink, ClipRequest, OpenedSession, PictureAnswer, SessionPictures};

/// What may be asked of the magnified loop.
pub const MAGNIFICATION: std::ops::RangeInclusive<f32> = 2.0..=20.0;

/// The name that a person has who has not given one.
pub const FIRST_RATER: &str = "Rater 1";

/// Where review stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReviewPhase {
    /// No session is open.
    #[default]
    Empty,
    /// On the way; the words say what is opened.
    Opening(String),
    /// A session is open.
    Open,
    /// It could not be opened; one sentence.
    Fault(String),
}

/// Whose view of the events is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RaterLayer {
    /// What the model found.
    #[default]
    Model,
    /// What a rater holds.
    Rater(String),
}

impl RaterLayer {
    /// The rater's name, or `model`.
    pub fn name(&self) -> &str {
        match self {
            Self::Model => "model",
            Self::Rater(name) => name,
        }
    }

    /// As [`table::rows`] takes it.
    pub fn rater(&self) -> Option<&str> {
        match self {
            Self::Model => None,
            Self::Rater(name) => Some(name),
        }
    }
}

/// The picture in view and the one that is wanted.
#[derive(Default)]
pub struct OnScreen {
    /// What is on screen. Its own number and time say which frame it is.
    pub frame: Option<Frame>,
    /// Why the wanted one cannot be shown: its number, and one sentence.
    pub fault: Option<(u64, String)>,
    wanted: Option<u64>,
}

impl OnScreen {
    /// The frame that is wanted and neither shown nor known to be missing.
    pub fn awaited(&self) -> Option<u64> {
        let shown = self.frame.as_ref().map(|frame| frame.seq);
        let missing = self.fault.as_ref().map(|(frame, _)| *frame);
        self.wanted.filter(|wanted| shown != Some(*wanted) && missing != Some(*wanted))
    }
}

/// All that is known of the session under review.
pub struct ReviewState {
    /// Where review stands.
    pub phase: ReviewPhase,
    /// The session.
    pub session: Session,
    /// Its folder; none for one that is in memory only.
    pub place: Option<PathBuf>,
    /// The recording that it is of, where that can be looked at again.
    pub source: Option<SourceSpec>,
    /// Why acts are not kept, where they are not and should be.
    pub unkept: Option<String>,
    /// Who works.
    pub rater: String,
    /// Whether somebody has said so since the session was opened. Before that nothing is written.
    pub is_named: bool,
    /// What was asked for before anybody had said who works.
    pub waiting: Option<command::ReviewCommand>,
    /// Which of the known raters is offered.
    pub offered: usize,
    /// Whose view is shown.
    pub layer: RaterLayer,
    /// The events of that view, by onset.
    pub rows: Vec<Row>,
    /// How far each of [`Self::rows`] can be trusted.
    pub grades: Vec<Grade>,
    /// Where each event is among [`Self::rows`].
    places: HashMap<Target, usize>,
    /// How many of them are judged.
    judged: usize,
    /// The emotions that they have, by name.
    pub emotions: Vec<&'static str>,
    /// Indices of those that are listed, in the order of the list.
    pub listed: Vec<usize>,
    /// Which are listed.
    pub filter: Filter,
    /// In which order.
    pub order: ListOrder,
    /// The event that the card shows.
    pub picked: Option<Target>,
    /// Marked moments of the view.
    pub marks: Vec<(Moment, String)>,
    /// The frame in view.
    pub play: Playback,
    /// Its picture.
    pub screen: OnScreen,
    /// The time axis.
    pub timeline: TimeWindow,
    /// Bounds that are being dragged and not yet kept.
    pub draft: Option<(Target, Bounds)>,
    /// What the last command did or why it did nothing; one sentence, or empty.
    pub hint: String,
    /// The text of the note's field, and what it belongs to.
    pub note: Option<(Subject, String)>,
    /// The text of the field for units.
    pub units_text: String,
    /// The text of the field for a rater's name.
    pub name_text: String,
    /// Whether a new rater is to work blind.
    pub blind_wanted: bool,
    /// What is to be exported, and how it goes.
    pub export: export::ExportForm,
    /// What is to be taken in, and how it goes.
    pub import: import::ImportForm,
    /// The layers that are compared.
    pub compared: (RaterLayer, RaterLayer),
    /// How much the magnified loop enlarges.
    pub magnification: f32,
    /// Share of the real speed at which events are looped.
    pub loop_speed: f64,
    /// Whether the search field is to get the keyboard.
    pub wants_search: bool,
    /// Whether there is something to take back and to do again.
    pub can_undo: bool,
    /// Whether there is something to do again.
    pub can_redo: bool,
    /// Where the cursor was when the plots last followed it, seconds.
    followed: Option<f64>,
    pub(super) clips: Vec<(ClipRequest, Option<Clip>)>,
    frame_server: Option<Box<dyn SessionPictures>>,
    keeper: Option<Box<dyn AnnotationSink>>,
}

/// The pictures of an event, or why there are none.
pub type Clip = Result<std::sync::Arc<crate::session::clip::EventClip>, String>;

/// Events whose pictures are kept at hand: the picked one and those around it, plain and magnified.
const CLIPS: usize = 12;

impl Default for ReviewState {
    fn default() -> Self {
        Self {
            phase: ReviewPhase::default(),
            session: Session::default(),
            place: None,
            source: None,
            unkept: None,
            rater: FIRST_RATER.into(),
            is_named: false,
            waiting: None,
            offered: 0,
            layer: RaterLayer::Rater(FIRST_RATER.into()),
            rows: Vec::new(),
            grades: Vec::new(),
            places: HashMap::new(),
            judged: 0,
            emotions: Vec::new(),
            listed: Vec::new(),
            filter: Filter::default(),
            order: ListOrder::default(),
            picked: None,
            marks: Vec::new(),
            play: Playback::default(),
            screen: OnScreen::default(),
            timeline: TimeWindow::default(),
            draft: None,
            hint: String::new(),
            note: None,
            units_text: String::new(),
            name_text: String::new(),
            blind_wanted: false,
            export: export::ExportForm::default(),
            import: import::ImportForm::default(),
            compared: Default::default(),
            magnification: 8.0,
            loop_speed: 0.25,
            wants_search: false,
            can_undo: false,
            can_redo: false,
            followed: None,
            clips: Vec::new(),
            frame_server: None,
            keeper: None,
        }
    }
}

impl ReviewState {
    /// Takes a session in place of the one before.
    pub fn open(&mut self, opened: OpenedSession) {
        let OpenedSession { session, place, source, remarks, screen, keeper } = opened;
        let rater = who::last(&session).unwrap_or(FIRST_RATER).to_owned();
        let moments = session.history.samples().iter();
        let moments = moments.map(|s| Moment { frame: s.seq, time: s.time }).collect();
        *self = Self {
            phase: ReviewPhase::Open,
            session,
            place,
            source,
            hint: remarks.join(" "),
            layer: RaterLayer::Rater(rater.clone()),
            compared: (RaterLayer::Model, RaterLayer::Rater(rater.clone())),
            rater,
            play: Playback::over(moments),
            magnification: self.magnification,
            loop_speed: self.loop_speed,
            frame_server: screen,
            keeper,
            ..Self::default()
        };
        self.timeline.go_to_start();
        self.refresh();
        match self.listed.first() {
            Some(&row) => self.pick(self.rows[row].target),
            None => self.want_picture(),
        }
    }

    /// Whether the rater who works sees nothing of the model and of others.
    pub fn is_blind(&self) -> bool {
        self.session.log.is_blind(&self.rater)
    }

    /// Whether what is shown is the rater's own and can be changed.
    pub fn is_own(&self) -> bool {
        self.layer.rater() == Some(&self.rater)
    }

    /// Whether acts are kept somewhere.
    pub fn is_kept(&self) -> bool {
        self.keeper.is_some() && self.unkept.is_none()
    }

    /// Whether pictures can be asked for.
    pub fn has_pictures(&self) -> bool {
        self.frame_server.is_some()
    }

    /// Seconds of the last frame.
    pub fn last_secs(&self) -> f64 {
        self.play.moments().last().map_or(0.0, |moment| moment.time.secs())
    }

    /// The time of the frame in view.
    pub fn cursor(&self) -> Option<Timestamp> {
        self.play.at().map(|moment| moment.time)
    }

    /// The event that the card shows.
    pub fn picked_row(&self) -> Option<&Row> {
        self.row(self.picked?)
    }

    /// The bounds to be drawn for an event: those being dragged, or else those that hold.
    pub fn bounds(&self, row: &Row) -> Bounds {
        match &self.draft {
            Some((target, bounds)) if *target == row.target => *bounds,
            _ => row.bounds,
        }
    }

    /// The pictures of the picked event: none while they are on their way.
    pub fn clip(&self, magnification: f32) -> Option<&Clip> {
        let row = self.picked_row()?;
        let wish = ClipRequest { target: row.target, bounds: row.bounds, magnification };
        self.clips.iter().find(|(kept, _)| *kept == wish)?.1.as_ref()
    }

    /// How many events of the view are judged, of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.judged, self.rows.len())
    }

    /// Where in the list the picked event is.
    pub fn picked_place(&self) -> Option<usize> {
        let place = *self.places.get(&self.picked?)?;
        self.listed.iter().position(|listed| *listed == place)
    }

    /// Takes in what has come from outside, and moves on to `now`, seconds of the window's clock.
    /// Gives the seconds until it is worth calling again, and none while nothing moves.
    pub fn advance(&mut self, now: f64) -> Option<f64> {
        self.take_answers();
        if let Some(fault) = self.keeper.as_mut().and_then(|keeper| keeper.fault()) {
            self.unkept = Some(fault);
        }
        let next = self.play.advance(now);
        if next.is_some() {
            if let PlaybackMotion::Runs(_) = self.play.motion() {
                self.reveal_cursor();
            }
            self.want_picture();
        }
        next
    }

    fn row(&self, target: Target) -> Option<&Row> {
        self.rows.get(*self.places.get(&target)?)
    }

    /// Works out anew what follows from the log.
    fn refresh(&mut self) {
        self.rows = table::rows(&self.session, self.layer.rater());
        self.grades = self.rows.iter().map(|row| grade_of(&self.session, row)).collect();
        self.places = self.rows.iter().zip(0..).map(|(row, place)| (row.target, place)).collect();
        self.judged = self.rows.iter().filter(|row| row.verdict != Verdict::Open).count();
        self.emotions = self.rows.iter().map(Row::emotion).collect();
        self.emotions.sort_unstable();
        self.emotions.dedup();
        // The model's view shows what was marked while the source ran, and no rater's own.
        let marks = self.session.marks(Some(self.layer.rater().unwrap_or(OBSERVER)));
        self.marks = marks.into_iter().map(|(_, at, words)| (at, words)).collect();
        let own = self.session.log.layer(&self.rater);
        (self.can_undo, self.can_redo) = (own.can_undo, own.can_redo);
        self.list();
    }

    /// Works out anew which events are listed.
    fn list(&mut self) {
        let passes = |i: &usize| {
            let row = &self.rows[*i];
            self.filter.passes(row, self.grades[*i], &filter::said(row))
        };
        self.listed = (0..self.rows.len()).filter(passes).collect();
        self.order.sort(&self.rows, &mut self.listed);
    }

    fn pick(&mut self, target: Target) {
        let Some(row) = self.row(target) else { return };
        let (bounds, looped) =
            (row.bounds, matches!(self.play.motion(), PlaybackMotion::Loops { .. }));
        self.picked = Some(target);
        self.draft = None;
        self.play.seek_frame(bounds.apex.frame);
        if looped {
            self.repeat_picked();
        }
        let (first, last) = (bounds.onset.time.secs(), bounds.offset.time.secs());
        self.timeline.reveal(first, last, self.last_secs());
        self.want_picture();
        self.want_clips();
    }

    fn repeat_picked(&mut self) {
        if let Some(bounds) = self.picked_row().map(|row| row.bounds) {
            let from = bounds.onset.time - MARGIN_SECS;
            self.play.repeat(from, bounds.offset.time + MARGIN_SECS, self.loop_speed);
        }
    }

    fn reveal_cursor(&mut self) {
        if let Some(at) = self.cursor() {
            let newest = self.last_secs();
            self.timeline.hold(newest);
            self.timeline.reveal(at.secs(), at.secs(), newest);
        }
    }

    fn want_picture(&mut self) {
        let Some(at) = self.play.at() else { return };
        if self.screen.wanted != Some(at.frame) {
            self.screen.wanted = Some(at.frame);
            self.screen.fault = None;
            if let Some(frame_server) = &mut self.frame_server {
                frame_server.show(at.frame);
            }
        }
    }

    /// Asks for the pictures of the picked event, and of the one that is likely to be picked next.
    fn want_clips(&mut self) {
        let picked = self.picked_row().map(|row| (row.target, row.bounds));
        let next = self.next_open().and_then(|target| self.row(target));
        let next = next.map(|row| (row.target, row.bounds));
        let wanted: Vec<_> = [picked, next]
            .into_iter()
            .flatten()
            .flat_map(|(target, bounds)| {
                [1.0, self.magnification].map(|magnification| ClipRequest {
                    target,
                    bounds,
                    magnification,
                })
            })
            .collect();
        // What is no longer wanted need not come.
        self.clips.retain(|(wish, clip)| clip.is_some() || wanted.contains(wish));
        for wish in &wanted {
            if !self.clips.iter().any(|(kept, _)| kept == wish) {
                self.clips.push((*wish, self.clip_at_hand(wish)));
            }
        }
        let surplus = self.clips.len().saturating_sub(CLIPS);
        self.clips.drain(..surplus);
        let missing =
            |wish: &&ClipRequest| self.clips.iter().any(|(w, clip)| w == *wish && clip.is_none());
        let missing: Vec<_> = wanted.iter().filter(missing).copied().collect();
        if let Some(frame_server) = &mut self.frame_server
            && !missing.is_empty()
        {
            frame_server.cut(&missing);
        }
    }

    /// Pictures of an event that need not be asked for: a session that has just been seen live still
    /// has its own, and one without pictures has none.
    fn clip_at_hand(&self, wish: &ClipRequest) -> Option<Clip> {
        let live = match wish.target {
            Target::Machine(id) if wish.magnification == 1.0 => self.session.clip(id).cloned(),
            _ => None,
        };
        let none = || Err("Its pictures are not stored; times and readings are.".to_owned());
        live.map(Ok).or_else(|| self.frame_server.is_none().then(none))
    }

    fn take_answers(&mut self) {
        let Some(frame_server) = &mut self.frame_server else { return };
        for answer in frame_server.answers() {
            match answer {
                PictureAnswer::Picture(frame) => {
                    self.screen.fault = self.screen.fault.take().filter(|(n, _)| *n != frame.seq);
                    self.screen.frame = Some(frame);
                }
                PictureAnswer::NoPicture { frame, why } if self.screen.wanted == Some(frame) => {
                    self.screen.fault = Some((frame, why));
                }
                PictureAnswer::NoPicture { .. } => {}
                PictureAnswer::Clip(wish, clip) => {
                    if let Some((_, kept)) = self.clips.iter_mut().find(|(w, _)| *w == wish) {
                        *kept = Some(clip);
                    }
                }
            }
        }
    }
}

/// How far an event can be trusted: as the model found it, or from the frames that a person chose.
fn grade_of(session: &Session, row: &Row) -> Grade {
    use crate::measure::quality::Trouble;
    if let Some(event) = &row.machine {
        return Grade::of(event.trouble);
    }
    let samples = session.history.samples();
    let first = samples.partition_point(|sample| sample.seq < row.bounds.onset.frame);
    let inside = samples.range(first..samples.len());
    let inside = inside.take_while(|s| s.seq <= row.bounds.offset.frame);
    Grade::of(inside.fold(Trouble::NONE, |all, sample| all.with(sample.quality.trouble)))
}

#[cfg(test)]
pub(crate) mod tests;
