//! Times of annotations that have none of their own. ELAN spaces them evenly: between two known times, or
//! over the annotation to which they belong.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Annotation, EafFile, EafTier, Slot};

/// Greatest depth of annotations of annotations.
const DEEPEST: usize = 16;

impl EafFile {
    /// Start and end in seconds of the media; `None` if the file does not tell them.
    pub(super) fn span_secs(&self, annotation: &Annotation) -> Option<[f64; 2]> {
        self.spans.get(&annotation.id).copied()
    }

    /// Gives every annotation its start and end, as far as the file's times tell them.
    pub(super) fn give_times(&mut self) {
        let places: BTreeMap<&str, usize> =
            self.slots.iter().enumerate().map(|(at, slot)| (slot.id.as_str(), at)).collect();
        let mut spans = BTreeMap::new();
        for tier in &self.tiers {
            let secs = slot_times(tier, &places, &self.slots);
            for annotation in &tier.annotations {
                let Some([from, to]) = &annotation.slots else { continue };
                let secs = |slot: &String| places.get(slot.as_str()).and_then(|at| secs.get(at));
                if let Some((from, to)) = secs(from).zip(secs(to)) {
                    spans.insert(annotation.id.clone(), [*from, *to]);
                }
            }
        }
        // A tier may stand before the one to which it belongs.
        for _ in 0..DEEPEST {
            let before = spans.len();
            for tier in &self.tiers {
                share_out(tier, &mut spans);
            }
            if spans.len() == before {
                break;
            }
        }
        self.spans = spans;
    }
}

/// Times of the slots at which a tier's annotations begin and end, by the places of the slots in the file.
fn slot_times(
    tier: &EafTier,
    places: &BTreeMap<&str, usize>,
    slots: &[Slot],
) -> BTreeMap<usize, f64> {
    let ends = tier.annotations.iter().filter_map(|annotation| annotation.slots.as_ref()).flatten();
    let mut used: Vec<usize> = ends.filter_map(|slot| places.get(slot.as_str()).copied()).collect();
    used.sort_unstable();
    used.dedup();
    let mut times = BTreeMap::new();
    let mut known: Option<(usize, f64)> = None;
    for (at, place) in used.iter().enumerate() {
        let Some(secs) = slots[*place].secs else { continue };
        if let Some((from, from_secs)) = known {
            let step_secs = (secs - from_secs) / (at - from) as f64;
            for (steps, between) in (1..).zip(&used[from + 1..at]) {
                times.insert(*between, from_secs + step_secs * f64::from(steps));
            }
        }
        times.insert(*place, secs);
        known = Some((at, secs));
    }
    times
}

/// Gives the annotations that belong to one annotation an equal part of it each.
fn share_out(tier: &EafTier, spans: &mut BTreeMap<String, [f64; 2]>) {
    let mut children: BTreeMap<&str, Vec<&Annotation>> = BTreeMap::new();
    for annotation in tier.annotations.iter().filter(|annotation| annotation.slots.is_none()) {
        if let Some(parent) = &annotation.of {
            children.entry(parent).or_default().push(annotation);
        }
    }
    for (parent, children) in children {
        let Some([from, to]) = spans.get(parent).copied() else { continue };
        let children = in_order(children);
        let part_secs = (to - from) / children.len() as f64;
        for (at, child) in children.iter().enumerate() {
            let begin = from + part_secs * at as f64;
            spans.insert(child.id.clone(), [begin, begin + part_secs]);
        }
    }
}

/// The annotations in order: each after the one that it names as the previous, else as in the file.
fn in_order(all: Vec<&Annotation>) -> Vec<&Annotation> {
    let ids: BTreeSet<&str> = all.iter().map(|one| one.id.as_str()).collect();
    let before = |one: &Annotation| one.previous.as_deref().is_some_and(|id| ids.contains(id));
    let after: BTreeMap<&str, &Annotation> =
        all.iter().filter_map(|one| Some((one.previous.as_deref()?, *one))).collect();
    let mut ordered: Vec<&Annotation> = Vec::with_capacity(all.len());
    let mut placed = BTreeSet::new();
    // First those without a previous one, then those that name each other in a circle.
    let firsts = all.iter().filter(|one| !before(one)).chain(&all);
    for first in firsts {
        let mut next = Some(*first);
        while let Some(one) = next.filter(|one| placed.insert(one.id.as_str())) {
            ordered.push(one);
            next = after.get(one.id.as_str()).copied();
        }
    }
    ordered
}
