//! The one event table, from which lists, plots, agreement and every export are made.

use super::Session;
use super::annotation::rater::is_same_name;
use super::annotation::{Bounds, Confidence, Judgement, Label, Rater, Target, Verdict};
use crate::measure::event::{Event, EventKind, Interval, MovingUnit};

/// The name of the model's own layer, where a rater's name would stand.
pub const MODEL: &str = "model";

/// A layer that the session does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rater `{found}`: expected one of {expected}")]
pub struct UnknownRater {
    /// The name that was asked for.
    pub found: String,
    /// The layers of the session.
    pub expected: String,
}

/// The layer that a person named, with its spelling in the session; `None` for [`MODEL`].
pub fn layer_named<'a>(session: &'a Session, name: &str) -> Result<Option<&'a str>, UnknownRater> {
    if is_same_name(name, MODEL) {
        return Ok(None);
    }
    if let Some(rater) = session.log.rater(name) {
        return Ok(Some(&rater.name));
    }
    let raters = session.log.raters();
    let names: String = raters.iter().map(|Rater { name, .. }| format!(", {name}")).collect();
    Err(UnknownRater { found: name.into(), expected: format!("{MODEL}{names}") })
}

/// One event in a rater's layer, with the model's own values beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which event.
    pub target: Target,
    /// Whose layer this is; `None` for the model's own.
    pub rater: Option<String>,
    /// What the model said, unchanged; `None` for an event that a person added.
    pub machine: Option<Event>,
    /// The rater's judgement.
    pub verdict: Verdict,
    /// Micro or macro.
    pub kind: EventKind,
    /// The valid bounds: the rater's if they were moved, else the model's.
    pub bounds: Bounds,
    /// The valid units, in the same way.
    pub units: Vec<MovingUnit>,
    /// The rater's emotion.
    pub label: Option<Label>,
    /// How sure the rater is; `None` if they have not said so.
    pub confidence: Option<Confidence>,
    /// The rater's note; empty without one.
    pub note: String,
    /// The file of an imported event; `None` for other events.
    pub imported_from: Option<String>,
}

impl Row {
    /// Its frames.
    pub fn interval(&self) -> Interval {
        Interval { first: self.bounds.onset.frame as i64, last: self.bounds.offset.frame as i64 }
    }

    /// Seconds from onset to offset.
    pub fn duration_secs(&self) -> f64 {
        self.bounds.offset.time.secs_since(self.bounds.onset.time)
    }

    /// The rater's emotion, else the model's class, else `unclear`.
    pub fn emotion(&self) -> &'static str {
        let machine = || self.machine.as_ref()?.emotion.as_ref().map(|reading| reading.label());
        self.label.map(Label::name).or_else(machine).unwrap_or("unclear")
    }

    /// The same in the three classes that the model knows, or `others`, or `unclear`.
    pub fn emotion_class(&self) -> &'static str {
        self.label.map_or_else(|| self.emotion(), Label::class)
    }

    /// True if the layer says that there is an event. The model says so for all its events, a rater for those
    /// that they confirmed.
    pub fn is_held(&self) -> bool {
        self.rater.is_none() || self.verdict == Verdict::Confirmed
    }

    /// True if the rater has not judged it yet.
    pub fn is_open(&self) -> bool {
        self.rater.is_some() && self.verdict == Verdict::Open
    }

    /// `0`, or `own-0` for an event that a person added.
    pub fn id(&self) -> String {
        match self.target {
            Target::Machine(id) => id.to_string(),
            Target::Own(number) => format!("own-{number}"),
        }
    }

    /// A row of an event as the model or the generator gives it.
    pub fn of_event(event: &Event) -> Self {
        Self::of_machine(event, None, Judgement::default())
    }

    fn of_machine(event: &Event, rater: Option<&str>, judgement: Judgement) -> Self {
        let machine = Bounds { onset: event.onset, apex: event.apex, offset: event.offset };
        Self {
            target: Target::Machine(event.id),
            rater: rater.map(Into::into),
            verdict: judgement.verdict,
            kind: event.kind,
            bounds: judgement.bounds.unwrap_or(machine),
            units: judgement.units.unwrap_or_else(|| event.action_units.clone()),
            label: judgement.label,
            confidence: judgement.confidence,
            note: judgement.note,
            machine: Some(event.clone()),
            imported_from: None,
        }
    }

    fn own(target: Target, rater: &Rater, judgement: Judgement) -> Option<Self> {
        let imported = rater.imported.as_ref().filter(|_| judgement.is_imported);
        Some(Self {
            target,
            rater: Some(rater.name.clone()),
            imported_from: imported.map(|imported| imported.file.clone()),
            machine: None,
            verdict: judgement.verdict,
            kind: judgement.kind?,
            bounds: judgement.bounds?,
            units: judgement.units.unwrap_or_default(),
            label: judgement.label,
            confidence: judgement.confidence,
            note: judgement.note,
        })
    }
}

/// The rows of the model's events, or those of the rater of exactly this name, by onset. Of the model's
/// events, a rater has all; a rater who works blind has none; an imported layer has those that its file
/// names.
pub fn rows(session: &Session, rater: Option<&str>) -> Vec<Row> {
    let Some(name) = rater else {
        let mut rows: Vec<_> = session.events.iter().map(Row::of_event).collect();
        rows.sort_by_key(|row| row.bounds.onset);
        return rows;
    };
    let unknown = Rater::new(name);
    let rater = session.log.raters().iter().find(|rater| rater.name == name).unwrap_or(&unknown);
    let mut layer = session.log.layer(name);
    let machine = session.events.iter().filter(|_| !rater.blind).filter_map(|event| {
        let judgement = layer.events.remove(&Target::Machine(event.id));
        let judgement = judgement.or_else(|| rater.imported.is_none().then(Judgement::default));
        Some(Row::of_machine(event, Some(name), judgement?))
    });
    let mut rows: Vec<_> = machine.collect();
    rows.extend(
        layer.events.into_iter().filter_map(|(t, judgement)| Row::own(t, rater, judgement)),
    );
    rows.sort_by_key(|row| row.bounds.onset);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::event::Moment;
    use crate::measure::time::Timestamp;
    use crate::session::annotation::{Act, Entry, Rater};

    fn at(frame: u64) -> Moment {
        Moment { frame, time: Timestamp::of_frame(frame, 30.0) }
    }

    fn session(acts: Vec<Act>) -> Session {
        let mut session = crate::exchange::tests::session();
        for act in acts {
            session.log.push(Entry { rater: "A".into(), at_unix_ms: 0, act });
        }
        session
    }

    #[test]
    fn a_moved_bound_leaves_the_models_value_beside_it() {
        let moved = Bounds { onset: at(1), apex: at(1), offset: at(2) };
        let session = session(vec![Act::Bound(Target::Machine(0), moved)]);
        let row = &rows(&session, Some("A"))[0];
        assert_eq!(row.bounds, moved);
        assert_eq!(row.machine.as_ref().map(|event| event.onset), Some(at(0)));
        assert_eq!(rows(&session, None)[0].bounds.onset, at(0));
    }

    #[test]
    fn a_persons_label_is_shown_before_the_models_class() {
        let session = session(vec![Act::Label(Target::Machine(0), Some(Label::Contempt))]);
        assert_eq!(rows(&session, Some("A"))[0].emotion(), "contempt");
        assert_eq!(rows(&session, None)[0].emotion(), "positive");
    }

    #[test]
    fn a_blind_rater_holds_only_what_they_added() {
        let bounds = Bounds { onset: at(0), apex: at(1), offset: at(2) };
        let mut session = session(vec![Act::Add(0, EventKind::Macro, bounds)]);
        assert_eq!(rows(&session, Some("A")).len(), 2);
        session.log.add_rater(Rater::blind("A"));
        let rows = rows(&session, Some("A"));
        assert_eq!(rows.iter().map(Row::id).collect::<Vec<_>>(), ["own-0"]);
        assert_eq!(rows[0].verdict, Verdict::Confirmed);
    }
}
