//! Compares one list of intervals with another.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::{EvaluateError, MatchCounts, Span, counts_of, matches, median, write_counts};
use crate::exchange::import::Wrong;
use crate::exchange::table::Table;
use crate::measure::event::{EventKind, Interval};

/// The report of `evaluate events`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventsReport {
    /// Micro-expressions.
    pub micro: MatchCounts,
    /// Macro-expressions.
    #[serde(rename = "macro")]
    pub macro_: MatchCounts,
    /// Both kinds, counts pooled.
    pub all: MatchCounts,
    /// Median absolute error of the onset over the matches, milliseconds; `None` without a match.
    pub onset_error_ms: Option<f64>,
    /// The same for the apex.
    pub apex_error_ms: Option<f64>,
    /// The same for the offset.
    pub offset_error_ms: Option<f64>,
}

/// One line of an events file.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    span: Span,
    /// Onset, apex, offset.
    secs: [f64; 3],
}

impl EventsReport {
    fn new(predicted: &[Row], truth: &[Row]) -> Self {
        let spans = |rows: &[Row]| rows.iter().map(|row| row.span).collect::<Vec<_>>();
        let (proposals, truths) = (spans(predicted), spans(truth));
        let pairs = matches(&proposals, &truths);
        let [micro, macro_] =
            EventKind::ALL.map(|kind| counts_of(kind, &proposals, &truths, &pairs));
        let error_ms = |part: usize| {
            let errors =
                pairs.iter().map(|&(i, j)| (predicted[i].secs[part] - truth[j].secs[part]).abs());
            median(errors.map(|secs| secs * 1000.0).collect())
        };
        Self {
            micro,
            macro_,
            all: micro.pooled(macro_),
            onset_error_ms: error_ms(0),
            apex_error_ms: error_ms(1),
            offset_error_ms: error_ms(2),
        }
    }
}

impl fmt::Display for EventsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_counts(f, &[("micro", &self.micro), ("macro", &self.macro_), ("all", &self.all)])?;
        let ms = |error: Option<f64>| error.map_or("–".into(), |ms| format!("{ms:.0} ms"));
        write!(
            f,
            "median error: onset {}, apex {}, offset {}",
            ms(self.onset_error_ms),
            ms(self.apex_error_ms),
            ms(self.offset_error_ms)
        )
    }
}

/// Compares the CSV of events at `predicted` with the one at `truth`.
pub fn events(predicted: &Path, truth: &Path) -> Result<EventsReport, EvaluateError> {
    Ok(EventsReport::new(&read(predicted)?, &read(truth)?))
}

/// Columns that a table must have.
const COLUMNS: [&str; 6] = ["onset_frame", "offset_frame", "kind", "onset_s", "apex_s", "offset_s"];

fn read(path: &Path) -> Result<Vec<Row>, EvaluateError> {
    let name = path.display().to_string();
    let io = |error| EvaluateError::Io { path: name.clone(), error };
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(content(&name, Wrong::new("file", "a table", "a folder, pipe or device")));
    }
    rows(&crate::files::read(path).map_err(io)?).map_err(|wrong| content(&name, wrong))
}

fn content(path: &str, wrong: Wrong) -> EvaluateError {
    let what = wrong.what.trim_end_matches(": ");
    let what = if what.is_empty() { "text" } else { what };
    let (path, expected, found) = (path.to_owned(), wrong.expected, wrong.found);
    EvaluateError::Content { path, what: what.to_owned(), expected, found }
}

fn rows(bytes: &[u8]) -> Result<Vec<Row>, Wrong> {
    let missing = |names: &[String]| {
        let wanted = COLUMNS.iter().find(|wanted| !names.iter().any(|name| name == *wanted));
        wanted.map(|wanted| format!("a column `{wanted}`"))
    };
    let table = Table::read(bytes, missing)?;
    let mut rows = Vec::new();
    for row in table.rows() {
        let empty = |name: &str, expected: &str| row.wrong(name, expected);
        let frame = |name: &str| {
            let expected = "a whole number";
            row.whole(name, expected)?.ok_or_else(|| empty(name, expected))
        };
        let secs = |name: &str| row.number(name, "seconds")?.ok_or_else(|| empty(name, "seconds"));
        let frames = Interval { first: frame("onset_frame")?, last: frame("offset_frame")? };
        if frames.frames() == 0 {
            return Err(row.wrong("offset_frame", "a frame not before the onset"));
        }
        let kind = row.get("kind").to_lowercase().parse();
        let kind = kind.map_err(|_| row.wrong("kind", "`micro` or `macro`"))?;
        let span = Span { video: 0, kind, frames };
        rows.push(Row { span, secs: [secs("onset_s")?, secs("apex_s")?, secs("offset_s")?] });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "onset_frame,apex_frame,offset_frame,onset_s,apex_s,offset_s,kind";

    fn report(predicted: &str, truth: &str) -> Result<EventsReport, EvaluateError> {
        let dir = tempfile::tempdir().expect("a folder");
        let [a, b] = [("a.csv", predicted), ("b.csv", truth)].map(|(name, rows)| {
            let path = dir.path().join(name);
            std::fs::write(&path, format!("{HEADER}\n{rows}")).expect("written");
            path
        });
        events(&a, &b)
    }

    #[test]
    fn a_found_event_counts_and_its_errors_are_in_milliseconds() {
        let report = report(
            "31,35,42,1.033,1.167,1.4,micro\n90,95,99,3.0,3.167,3.3,micro\n",
            "30,36,43,1.0,1.2,1.433,micro\n200,220,250,6.667,7.333,8.333,macro\n",
        )
        .expect("both files are good");
        assert_eq!((report.micro.tp, report.micro.proposals, report.micro.truths), (1, 2, 1));
        assert_eq!((report.macro_.tp, report.macro_.truths), (0, 1));
        assert_eq!(report.all.f1, 0.5);
        assert!((report.onset_error_ms.expect("a match") - 33.0).abs() < 1e-6);
    }

    #[test]
    fn no_events_at_all_is_a_valid_result() {
        let report = report("", "").expect("both files are good");
        assert_eq!((report.all.f1, report.onset_error_ms), (0.0, None));
    }

    #[test]
    fn a_bad_field_is_named_with_its_line() {
        let error = report("1,2,3,0.1,0.2,0.3,tiny\n", "").expect_err("no such kind");
        let text = error.to_string();
        assert!(text.contains("line 2, kind: expected `micro` or `macro`, found `tiny`"), "{text}");
        let error = report("1,2,x,0.1,0.2,0.3,micro\n", "").expect_err("no number");
        assert!(error.to_string().contains("offset_frame: expected a whole number, found `x`"));
    }

    #[test]
    fn a_row_that_begins_with_a_number_sign_counts_and_semicolons_are_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.csv");
        let rows = "#1;1;2;3;0,1;0,2;0,3;micro\r\n#2;9;9;9;0,9;0,9;0,9;macro\r\n";
        let text = format!("id;{}\r\n{rows}", HEADER.replace(',', ";"));
        std::fs::write(&path, text).expect("written");
        let report = events(&path, &path).expect("a good file");
        assert_eq!((report.micro.truths, report.macro_.truths, report.all.f1), (1, 1, 1.0));
        std::fs::write(&path, format!("{HEADER},note\n1,2,3,1,2,3,micro,\"left\n"))
            .expect("written");
        let error = events(&path, &path).expect_err("an open quotation mark").to_string();
        assert!(error.contains("line 2: expected a second quotation mark"), "{error}");
    }

    #[test]
    fn a_missing_column_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.csv");
        std::fs::write(&path, "onset_frame,kind\n").expect("written");
        let error = events(&path, &path).expect_err("columns are missing");
        assert!(error.to_string().contains("expected a column `offset_frame`"));
    }
}
