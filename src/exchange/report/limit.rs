//! The detection limit in the report: a text, a curve, a table, and the times at which the spotter was blind.

use std::io;

use super::plot::add;
use super::text;
use crate::exchange::detection_limit::{rows, state_name};
use crate::exchange::{Sink, View};
use crate::measure::detection_limit::{
    DetectionLimit, FOUND_SHARE, FacePart, FaceState, SIZES_PERCENT,
};
use crate::measure::time::Timestamp;

/// What the figures mean.
const MEANING: &str = "Movements of known size, with the course of real micro-expressions, were added to the \
    measured motion at moments at which nothing was flagged. The spotter looked at each once more, at the \
    threshold of this recording. A size is how far the skin moves from onset to apex, in percent of the \
    distance between the outer eye corners; half of all real micro-expressions are smaller than 0.76 %. \
    Where no movement of a size is found, the absence of flags says nothing about movements of that size.";

/// Colour and dashes of the line of each part of the face; its name stands beside it.
fn stroke(part: FacePart) -> (&'static str, &'static str) {
    match part {
        FacePart::Brows => ("#7a3e00", ""),
        FacePart::Eyes => ("#00695c", "6 3"),
        FacePart::Mouth => ("#4527a0", "2 3"),
    }
}

/// Writes the section, or nothing if the limit was not measured.
pub(super) fn write(view: &View<'_>, out: &mut Sink) -> io::Result<()> {
    let Some(limit) = &view.detection_limit else { return Ok(()) };
    writeln!(out, "<section>\n<h2>What this recording could have shown</h2>")?;
    writeln!(out, "<p>{}.</p>\n<p>{}</p>", text(&limit.to_string()), text(MEANING))?;
    write_curve(limit, out)?;
    write_shares(limit, out)?;
    if let Some((first, last)) = view.session.history.span() {
        write_strip(limit, first, last, out)?;
    }
    writeln!(out, "</section>")
}

/// The share that is found of each size: one line for each part of the face.
fn write_curve(limit: &DetectionLimit, out: &mut Sink) -> io::Result<()> {
    const WIDTH: f64 = 460.0;
    const FLOOR: f64 = 120.0;
    let span = f64::from(SIZES_PERCENT[SIZES_PERCENT.len() - 1] / SIZES_PERCENT[0]).ln();
    let x = |percent: f32| 44.0 + 380.0 * f64::from(percent / SIZES_PERCENT[0]).ln() / span;
    let y = |share: f64| FLOOR - share * (FLOOR - 8.0);
    let mut svg = format!(
        "<svg viewBox=\"0 0 960 150\" role=\"img\"><title>Share found by size of the movement</title>\
         <path d=\"M34 8 V{FLOOR} H{WIDTH}\" fill=\"none\" stroke=\"#9aa5b1\"/>"
    );
    for share in [0.0, 0.5, 1.0] {
        let (at, percent) = (y(share) + 4.0, share * 100.0);
        add(
            &mut svg,
            format_args!("<text x=\"30\" y=\"{at:.1}\" text-anchor=\"end\">{percent:.0}%</text>"),
        );
    }
    for percent in SIZES_PERCENT {
        let at = x(percent);
        add(
            &mut svg,
            format_args!(
                "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{percent} %</text>",
                FLOOR + 14.0
            ),
        );
    }
    let promised = y(FOUND_SHARE);
    add(
        &mut svg,
        format_args!(
            "<path d=\"M34 {promised:.1} H{WIDTH}\" stroke=\"#5c6878\" stroke-dasharray=\"4 3\"/>\
             <text x=\"{}\" y=\"{:.1}\">8 in 10</text>",
            WIDTH + 4.0,
            promised + 4.0
        ),
    );
    for (nth, part) in FacePart::ALL.into_iter().enumerate() {
        let (color, dash) = stroke(part);
        let line = format!(
            "fill=\"none\" stroke=\"{color}\" stroke-width=\"1.8\" stroke-dasharray=\"{dash}\""
        );
        let row = 26.0 + 20.0 * nth as f64;
        add(
            &mut svg,
            format_args!(
                "<path d=\"M560 {row} H600\" {line}/><text x=\"608\" y=\"{}\">{}: {}</text>",
                row + 4.0,
                part.name(),
                limit.smallest(part, None)
            ),
        );
        let Some(shares) = limit.shares(part, None) else { continue };
        let points = SIZES_PERCENT.into_iter().zip(shares);
        let points: Vec<_> =
            points.map(|(percent, share)| format!("{:.1} {:.1}", x(percent), y(share))).collect();
        add(&mut svg, format_args!("<path d=\"M{}\" {line}/>", points.join(" L")));
    }
    writeln!(out, "{svg}</svg>")
}

/// A table of all shares, with the number of trials.
fn write_shares(limit: &DetectionLimit, out: &mut Sink) -> io::Result<()> {
    write!(out, "<table class=\"shares\">\n<tr><th>Part</th><th>Face</th><th>Tried</th>")?;
    for percent in SIZES_PERCENT {
        write!(out, "<th>{percent} %</th>")?;
    }
    writeln!(out, "<th>8 in 10 found</th></tr>")?;
    for (part, state) in rows() {
        let (_, tried) = limit.found(part, state, 0);
        write!(out, "<tr><td>{}</td><td>{}</td><td>{tried}</td>", part.name(), state_name(state))?;
        for size in 0..SIZES_PERCENT.len() {
            match limit.shares(part, state) {
                Some(shares) => write!(out, "<td>{:.0}%</td>", 100.0 * shares[size])?,
                None => write!(out, "<td>–</td>")?,
            }
        }
        writeln!(out, "<td>{}</td></tr>", limit.smallest(part, state))?;
    }
    writeln!(out, "</table>")
}

/// At each moment, the smallest size that was found; the smaller, the darker.
fn write_strip(
    limit: &DetectionLimit,
    first: Timestamp,
    last: Timestamp,
    out: &mut Sink,
) -> io::Result<()> {
    const ROW: f64 = 16.0;
    const LEFT: f64 = 110.0;
    let secs = last.secs_since(first).max(1e-3);
    let height = ROW * FacePart::ALL.len() as f64 + 4.0;
    let mut svg = format!(
        "<svg viewBox=\"0 0 960 {height}\" role=\"img\"><title>Smallest movement found, by time</title>"
    );
    for (nth, part) in FacePart::ALL.into_iter().enumerate() {
        let top = 2.0 + ROW * nth as f64;
        let trials: Vec<_> = limit.trials.iter().filter(|trial| trial.part == part).collect();
        let width = (960.0 - LEFT) / trials.len().max(1) as f64;
        add(
            &mut svg,
            format_args!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                top + 11.0,
                part.name()
            ),
        );
        for trial in trials {
            let x = LEFT + (960.0 - LEFT) * trial.apex.secs_since(first) / secs;
            let x = (x - width / 2.0).clamp(LEFT, 960.0 - width);
            let (color, opacity, words) = match (trial.state, trial.smallest_percent()) {
                (FaceState::Unseen, _) => ("#c9d0d8", 1.0, "not seen".to_owned()),
                (_, None) => ("#1c2430", 0.05, "nothing found".to_owned()),
                (_, Some(percent)) => {
                    let rank = SIZES_PERCENT.iter().position(|size| *size == percent).unwrap_or(0);
                    ("#1c2430", 0.95 - 0.18 * rank as f64, format!("found from {percent} %"))
                }
            };
            add(
                &mut svg,
                format_args!(
                    "<rect x=\"{x:.1}\" y=\"{top}\" width=\"{:.1}\" height=\"13\" fill=\"{color}\" \
                     fill-opacity=\"{opacity:.2}\"><title>{}: {words}</title></rect>",
                    (width - 1.0).max(1.0),
                    trial.apex
                ),
            );
        }
    }
    writeln!(
        out,
        "<h3>Where it could see: dark finds small movements, pale none, grey saw no face</h3>"
    )?;
    writeln!(out, "{svg}</svg>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::detection_limit::tests::limit;
    use crate::exchange::tests::reviewed;

    fn html(limit: Option<DetectionLimit>) -> String {
        let session = reviewed();
        let mut view = View::of_model(&session);
        view.detection_limit = limit;
        let mut bytes = Vec::new();
        write(&view, &mut bytes).expect("written");
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn every_part_has_its_limit_its_curve_and_its_row() {
        let html = html(Some(limit()));
        assert!(html.contains("8 in 10 found: brows from 1.0 %"), "{html}");
        assert!(
            html.contains("brows: from 1.0 %") && html.contains("nose and mouth: none up to 3.2 %")
        );
        let row = "<tr><td>brows</td><td>calm</td><td>10</td><td>0%</td><td>0%</td><td>100%</td>";
        assert!(html.contains(row), "{html}");
        assert!(html.contains("not known (0 trials)"), "the eyes were never seen");
        for tag in ["svg", "table", "tr", "td", "text", "title"] {
            let opened = html.matches(&format!("<{tag}>")).count()
                + html.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }

    #[test]
    fn the_strip_tells_apart_where_it_was_blind() {
        let html = html(Some(limit()));
        assert_eq!(html.matches(": not seen</title>").count(), 12);
        assert_eq!(html.matches(": found from 1 %</title>").count(), 10);
        assert_eq!(html.matches(": nothing found</title>").count(), 14);
    }

    #[test]
    fn without_a_measurement_nothing_is_written() {
        assert_eq!(html(None), "");
    }
}
