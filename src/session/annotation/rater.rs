//! Raters: their names, blind work, and layers that were read from a file.

use serde::{Deserialize, Serialize};

use crate::session::table::MODEL;

/// A person who judges a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rater {
    /// Unique in a session without regard to case; shown and exported as it was first written.
    pub name: String,
    /// True while the rater sees neither the model's events nor other raters' events.
    pub blind: bool,
    /// True if the rater worked blind and has finished.
    #[serde(default)]
    pub was_blind: bool,
    /// Set if the layer was read from a file. It holds only what is in the file. If its coder saw the model's
    /// events is not known, unless [`Self::was_blind`] says so.
    #[serde(default)]
    pub imported: Option<Imported>,
}

/// Where an imported layer comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The file's name, without its folder.
    pub file: String,
    /// Number of acts that it became: the first ones of this rater.
    pub acts: u64,
}

impl Rater {
    /// A rater who sees everything.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// A rater who sees nothing of the model or of others until the work is finished.
    pub fn blind(name: impl Into<String>) -> Self {
        Self { blind: true, ..Self::new(name) }
    }

    /// Takes over what is newly known about the same rater. The name stays as it was first written.
    pub(super) fn renew(&mut self, newer: Self) {
        if newer.imported.is_some() {
            *self = Self { name: std::mem::take(&mut self.name), ..newer };
        } else {
            self.was_blind |= newer.was_blind || (self.blind && !newer.blind);
            self.blind = newer.blind;
        }
    }

    /// How the layer was made, in one sentence; `None` for one that was made here while everything was shown.
    pub fn told(&self) -> Option<String> {
        let name = &self.name;
        match (&self.imported, self.was_blind) {
            (Some(Imported { file, .. }), true) => Some(format!(
                "The layer of {name} was imported from {file}, as that of a coder who worked blind."
            )),
            (Some(Imported { file, .. }), false) => Some(format!(
                "The layer of {name} was imported from {file}; whether its coder worked blind is not \
                 known."
            )),
            (None, true) => Some(format!("{name} worked blind until the work was done.")),
            (None, false) => None,
        }
    }
}

/// True if two names mean the same rater: `R1`, `r1` and ` R1 ` do.
pub fn is_same_name(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// The text that a person typed, as a rater's name. The error is one sentence.
pub fn checked_name(text: &str) -> Result<&str, String> {
    let name = text.trim();
    if name.is_empty() || is_same_name(name, MODEL) || name.chars().any(char::is_control) {
        return Err(format!(
            "expected a rater's name or code, and not `{MODEL}`; found `{}`",
            text.escape_debug()
        ));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_space() {
        assert!(is_same_name("R1", " r1 ") && is_same_name("ZOË", "zoë"));
        assert!(!is_same_name("R1", "R 1"));
    }

    #[test]
    fn a_name_that_cannot_be_a_raters_is_refused() {
        assert_eq!(checked_name(" R1 "), Ok("R1"));
        for text in ["", " ", "model", "Model ", "R\n1"] {
            let error = checked_name(text).expect_err(text);
            assert!(error.contains("expected a rater's name"), "{error}");
        }
    }

    #[test]
    fn an_imported_layer_is_blind_only_where_somebody_said_so() {
        let imported = Some(Imported { file: "coded.csv".into(), acts: 2 });
        let mut rater = Rater::new("R2");
        rater.renew(Rater { imported: imported.clone(), ..Rater::new("r2") });
        assert_eq!((rater.name.as_str(), rater.was_blind), ("R2", false));
        assert!(rater.told().is_some_and(|told| told.contains("coded.csv; whether")));
        rater.renew(Rater { imported, blind: true, ..Rater::new("R2") });
        rater.renew(Rater::new("R2"));
        assert!(rater.was_blind && !rater.blind && rater.imported.is_some());
        assert!(rater.told().is_some_and(|told| told.contains("worked blind")));
    }

    #[test]
    fn who_stopped_working_blind_is_told_so_and_who_never_did_is_not() {
        let mut rater = Rater::blind("R1");
        assert_eq!(rater.told(), None);
        rater.renew(Rater::blind("R1"));
        assert!(rater.blind && !rater.was_blind);
        rater.renew(Rater::new("R1"));
        assert_eq!(rater.told().as_deref(), Some("R1 worked blind until the work was done."));
        let mut seeing = Rater::new("R2");
        seeing.renew(Rater::new("R2"));
        assert_eq!(seeing.told(), None);
    }
}
