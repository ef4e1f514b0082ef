//! The consent page as a form: what it asks, and what is missing.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::app::field::TextField;
use crate::engine::live::record::RecordOrder;
use crate::session::consent::Consent;
use crate::session::store;
use crate::session::store::session_list;
use crate::sound::SoundServer;

/// The consent page with its fields.
#[derive(Debug)]
pub struct ConsentForm {
    /// Who is recorded.
    pub who: TextField,
    /// What the recording is for.
    pub purpose: TextField,
    /// Last day, as typed; empty for no end.
    pub keep_until: TextField,
    /// True if no picture is stored.
    pub scores_only: bool,
    /// True if sound is stored too.
    pub with_sound: bool,
    /// Where sound comes from.
    pub server: SoundServer,
    /// Where sessions are stored.
    pub folder: TextField,
}

impl Default for ConsentForm {
    fn default() -> Self {
        let in_a_year = session_list::today().saturating_add(jiff::Span::new().years(1));
        let folder = session_list::usual_folder().unwrap_or_default();
        Self {
            who: TextField::default(),
            purpose: TextField::default(),
            keep_until: in_a_year.to_string().as_str().into(),
            scores_only: false,
            with_sound: false,
            server: SoundServer::default(),
            folder: folder.display().to_string().as_str().into(),
        }
    }
}

impl ConsentForm {
    /// The consent. The error is one sentence that says what is missing.
    pub fn consent(&self) -> Result<Consent, String> {
        let consent = Consent {
            who: self.who.text().trim().into(),
            purpose: self.purpose.text().trim().into(),
            keep_until: self.last_day()?,
            with_sound: self.with_sound,
        };
        match consent.missing() {
            Some(missing) => Err(missing.into()),
            None if self.folder.is_blank() => Err("Say where to store it.".into()),
            None => Ok(consent),
        }
    }

    fn last_day(&self) -> Result<Option<Date>, String> {
        let text = self.keep_until.text();
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = |_| format!("Expected a last day such as 2031-12-31, found “{text}”.");
        let date: Date = text.parse().map_err(wrong)?;
        if date < session_list::today() {
            return Err(format!("The last day {date} is already past."));
        }
        Ok(Some(date))
    }

    /// What to record, in a new folder whose name holds time and person.
    pub(super) fn order(&self) -> Result<RecordOrder, String> {
        let consent = self.consent()?;
        let folder = self.folder_named(&consent.who);
        let sound = consent.with_sound.then(|| self.server.clone());
        let with_pictures = !self.scores_only;
        Ok(RecordOrder { folder, consent: Some(consent), with_pictures, sound })
    }

    /// Path of a new session's folder, named after the time and `name`.
    pub(in crate::app) fn folder_named(&self, name: &str) -> PathBuf {
        let now = jiff::ZonedDateTime::now().strftime("%Y-%m-%d %H-%M-%S");
        let name = format!("{now} {}.{}", file_name(name), store::FOLDER_ENDING);
        PathBuf::from(self.folder.text().trim()).join(name)
    }
}

/// The text with only characters that any file system takes.
fn file_name(text: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' };
    text.chars().take(40).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> ConsentForm {
        ConsentForm { who: " P 01/x ".into(), purpose: "a study".into(), ..ConsentForm::default() }
    }

    #[test]
    fn the_page_says_what_is_missing() {
        assert!(ConsentForm::default().consent().is_err_and(|text| text.contains("who")));
        let no_purpose = ConsentForm { purpose: " ".into(), ..filled() };
        assert!(no_purpose.consent().is_err_and(|text| text.contains("for")));
        let past = ConsentForm { keep_until: "2020-01-01".into(), ..filled() };
        assert!(past.consent().is_err_and(|text| text.contains("already past")));
        let soon = ConsentForm { keep_until: "soon".into(), ..filled() };
        assert!(soon.consent().is_err_and(|text| text.contains("2031-12-31")));
        let nowhere = ConsentForm { folder: TextField::default(), ..filled() };
        assert!(nowhere.consent().is_err_and(|text| text.contains("where")));
    }

    #[test]
    fn without_a_last_day_there_is_none() {
        let form = ConsentForm { keep_until: " ".into(), ..filled() };
        assert_eq!(form.consent().map(|consent| consent.keep_until), Ok(None));
        assert!(filled().consent().is_ok_and(|consent| consent.keep_until.is_some()));
    }

    #[test]
    fn a_session_is_named_by_time_and_person_in_letters_that_any_disk_takes() {
        let order = ConsentForm { folder: "x".into(), ..filled() }.order().expect("complete");
        let name = order.folder.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(name.ends_with(" P-01-x.fleeting") && name.starts_with("20"), "{name}");
        assert_eq!(file_name("Müller: 表情?"), "Müller--表情-");
        assert!(order.with_pictures && order.sound.is_none());
    }
}
