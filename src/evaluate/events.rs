//! Scores one list of intervals against another.

use std::fmt;
use std::fs::File;
use std::path::Path;

use serde::Serialize;

use super::{Counts, EvaluateError, Span, counts_of, matches, median, write_counts};
use crate::measure::event::{EventKind, Interval};

/// What `evaluate events` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventsReport {
    /// Micro-expressions.
    pub micro: Counts,
    /// Macro-expressions.
    #[serde(rename = "macro")]
    pub macro_: Counts,
    /// Both, counts pooled.
    pub all: Counts,
    /// Median absolute error over the matches, milliseconds; none without a match.
    pub onset_error_ms: Option<f64>,
    /// Likewise.
    pub apex_error_ms: Option<f64>,
    /// Likewise.
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

/// Scores the events CSV at `predicted` against the one at `truth`.
pub fn events(predicted: &Path, truth: &Path) -> Result<EventsReport, EvaluateError> {
    Ok(EventsReport::new(&read(predicted)?, &read(truth)?))
}

fn read(path: &Path) -> Result<Vec<Row>, EvaluateError> {
    let name = path.display().to_string();
    let content = |what: String, expected: &str, found: String| EvaluateError::Content {
        path: name.clone(),
        what,
        expected: expected.into(),
        found,
    };
    let file = File::open(path).map_err(|error| EvaluateError::Io { path: name.clone(), error })?;
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(file);
    let as_csv = |e: csv::Error| content("text".into(), "comma-separated values", e.to_string());
    let header = reader.headers().map_err(as_csv)?.clone();
    let column = |wanted: &str| {
        header.iter().position(|h| h.trim() == wanted).ok_or_else(|| {
            let found = header.iter().collect::<Vec<_>>().join(", ");
            content("header".into(), &format!("a column `{wanted}`"), found)
        })
    };
    let (onset, offset, kind) = (column("onset_frame")?, column("offset_frame")?, column("kind")?);
    let secs = [column("onset_s")?, column("apex_s")?, column("offset_s")?];
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(as_csv)?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |at: usize| record.get(at).unwrap_or("").trim();
        let wrong = |at: usize, expected: &str| {
            let what = format!("line {line}, {}", header.get(at).unwrap_or(""));
            content(what, expected, format!("`{}`", field(at)))
        };
        let frame = |at: usize| field(at).parse::<i64>().map_err(|_| wrong(at, "a whole number"));
        let number = |at: usize| match field(at).parse::<f64>() {
            Ok(secs) if secs.is_finite() => Ok(secs),
            _ => Err(wrong(at, "seconds")),
        };
        let frames = Interval { first: frame(onset)?, last: frame(offset)? };
        if frames.frames() == 0 {
            return Err(wrong(offset, "a frame not before the onset"));
        }
        let kind = field(kind).parse().map_err(|_| wrong(kind, "`micro` or `macro`"))?;
        let span = Span { video: 0, kind, frames };
        rows.push(Row { span, secs: [number(secs[0])?, number(secs[1])?, number(secs[2])?] });
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
    fn a_missing_column_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.csv");
        std::fs::write(&path, "onset_frame,kind\n").expect("written");
        let error = events(&path, &path).expect_err("columns are missing");
        assert!(error.to_string().contains("expected a column `offset_frame`"));
    }
}
