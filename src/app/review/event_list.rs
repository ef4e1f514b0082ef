//! The events of the layer that is shown, and which of them are listed in which order.

use std::collections::HashMap;

use super::filter::{self, Filter, ListOrder};
use super::rating::RaterLayer;
use crate::app::field::TextField;
use crate::app::theme::Grade;
use crate::measure::quality::Trouble;
use crate::session::Session;
use crate::session::annotation::{Target, Verdict};
use crate::session::table::{self, Row};

/// The events of a layer.
#[derive(Default)]
pub struct EventList {
    /// The events, by onset.
    pub rows: Vec<Row>,
    /// How far each of [`Self::rows`] can be trusted.
    pub grades: Vec<Grade>,
    /// Place of each event among [`Self::rows`].
    places: HashMap<Target, usize>,
    /// How many of them are judged.
    judged: usize,
    /// Names of the emotions that they have.
    pub emotions: Vec<&'static str>,
    /// Indices of the listed events, in the order of the list.
    pub listed: Vec<usize>,
    /// Which events are listed.
    pub filter: Filter,
    /// The order of the list.
    pub order: ListOrder,
    /// The search field; its text becomes that of [`Self::filter`].
    pub search: TextField,
}

impl EventList {
    /// Computes everything that follows from the log.
    pub(super) fn refresh(&mut self, session: &Session, layer: &RaterLayer) {
        self.rows = table::rows(session, layer.rater());
        self.grades = self.rows.iter().map(|row| grade_of(session, row)).collect();
        self.places = self.rows.iter().zip(0..).map(|(row, place)| (row.target, place)).collect();
        self.judged = self.rows.iter().filter(|row| row.verdict != Verdict::Open).count();
        self.emotions = self.rows.iter().map(Row::emotion).collect();
        self.emotions.sort_unstable();
        self.emotions.dedup();
        self.relist();
    }

    /// Computes which events are listed.
    pub(super) fn relist(&mut self) {
        let passes = |i: &usize| {
            let row = &self.rows[*i];
            self.filter.passes(row, self.grades[*i], &filter::said(row))
        };
        self.listed = (0..self.rows.len()).filter(passes).collect();
        self.order.sort(&self.rows, &mut self.listed);
    }

    /// Sets another filter; the search field shows its text.
    pub(super) fn set_filter(&mut self, filter: Filter) {
        self.search.set(filter.text.as_str());
        self.filter = filter;
        self.relist();
    }

    /// Takes the text of the search field.
    pub(super) fn take_search(&mut self) {
        let text = self.search.text();
        if text != self.filter.text {
            self.filter.text = text;
            self.relist();
        }
    }

    /// The event.
    pub fn row(&self, target: Target) -> Option<&Row> {
        self.rows.get(*self.places.get(&target)?)
    }

    /// Place of the event in the list.
    pub fn place(&self, target: Target) -> Option<usize> {
        let place = *self.places.get(&target)?;
        self.listed.iter().position(|listed| *listed == place)
    }

    /// The listed events, in order.
    pub(super) fn targets(&self) -> Vec<Target> {
        self.listed.iter().map(|&i| self.rows[i].target).collect()
    }

    /// How many events of the layer are judged, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.judged, self.rows.len())
    }

    /// The next event of `order` after `picked` that is not judged. After the end, it goes on at the
    /// beginning.
    pub(super) fn next_open(&self, order: &[Target], picked: Option<Target>) -> Option<Target> {
        let at = order.iter().position(|target| Some(*target) == picked);
        let (before, after) = order.split_at(at.map_or(0, |at| at + 1));
        let is_open = |target: &&Target| {
            let row = self.row(**target);
            Some(**target) != picked && row.is_some_and(|row| row.verdict == Verdict::Open)
        };
        after.iter().chain(before).find(is_open).copied()
    }
}

/// How far an event can be trusted: as the model found it, or from the frames that a person chose.
fn grade_of(session: &Session, row: &Row) -> Grade {
    if let Some(event) = &row.machine {
        return Grade::of(event.trouble);
    }
    let samples = session.history.samples();
    let first = samples.partition_point(|sample| sample.seq < row.bounds.onset.frame);
    let inside = samples.range(first..samples.len());
    let inside = inside.take_while(|s| s.seq <= row.bounds.offset.frame);
    Grade::of(inside.fold(Trouble::NONE, |all, sample| all.with(sample.quality.trouble)))
}
