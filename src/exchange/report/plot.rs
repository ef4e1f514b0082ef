//! Scores over time as inline SVG: lines that end at gaps, the threshold, event bands, markers.

use std::fmt::Write as _;
use std::io;

use super::text;
use crate::exchange::{Sink, View};
use crate::measure::event::EventKind;
use crate::measure::time::Timestamp;
use crate::session::annotation::{SignedMark, Verdict};
use crate::session::history::Channel;
use crate::session::table::Row;

/// Seconds on one line of the overview, unless that needs more than [`MOST_LINES`].
const LINE_SECS: f64 = 120.0;
const MOST_LINES: f64 = 30.0;

/// Seconds that a close-up shows before the onset and after the offset.
const AROUND_SECS: f64 = 1.5;

/// Least height of the axis; scores are 0–1 and seldom high.
const LEAST_TOP: f32 = 0.6;

/// Colours; a word stands beside each.
const KINDS: [(EventKind, Channel, &str); 2] =
    [(EventKind::Micro, Channel::Micro, "#b3261e"), (EventKind::Macro, Channel::Macro, "#1f5fa8")];

/// The place of a plot in SVG units, and what it shows.
struct Frame {
    width: f64,
    height: f64,
    left: f64,
    bottom: f64,
    from: Timestamp,
    to: Timestamp,
    top: f32,
}

impl Frame {
    fn x(&self, time: Timestamp) -> f64 {
        let share = time.secs_since(self.from) / self.to.secs_since(self.from).max(1e-9);
        self.left + share.clamp(0.0, 1.0) * (self.width - self.left)
    }

    fn y(&self, value: f64) -> f64 {
        let high = self.height - self.bottom - 4.0;
        4.0 + high * (1.0 - (value / f64::from(self.top)).clamp(0.0, 1.0))
    }

    fn floor(&self) -> f64 {
        self.height - self.bottom
    }
}

/// The meaning of every line.
pub(crate) fn legend(view: &View<'_>, out: &mut Sink) -> io::Result<()> {
    let item = |drawing: &str, words: &str| {
        format!(
            "<span><svg viewBox=\"0 0 26 12\" aria-hidden=\"true\">{drawing}</svg>{words}</span>"
        )
    };
    let mut items = String::new();
    for (kind, _, color) in KINDS {
        let line = format!(
            "<path d=\"M1 9 L9 4 L17 7 L25 3\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\"/>"
        );
        items += &item(&line, &format!("{kind} score"));
    }
    items +=
        &item("<path d=\"M1 6 H25\" stroke=\"#5c6878\" stroke-dasharray=\"4 3\"/>", "threshold");
    for (kind, _, color) in KINDS {
        let band = format!(
            "<rect x=\"3\" y=\"0\" width=\"20\" height=\"12\" fill=\"{color}\" opacity=\"0.16\"/>{}",
            cap(3.0, 20.0, kind, color)
        );
        items += &item(&band, &format!("{kind} event"));
    }
    items += &item(
        "<rect x=\"1\" y=\"0\" width=\"24\" height=\"12\" fill=\"#c9d0d8\"/>",
        "not scorable",
    );
    if !view.marks().is_empty() {
        items += &item(
            "<path d=\"M13 12 V4 M9 0 H17 L13 5 Z\" stroke=\"#7a5c00\" fill=\"#7a5c00\"/>",
            "marker",
        );
    }
    writeln!(out, "<p class=\"legend\">{items}</p>")
}

/// The bar over an event's band: one for micro, a double one for macro.
fn cap(x: f64, width: f64, kind: EventKind, color: &str) -> String {
    let bar = |y: f64| {
        format!("<rect x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"2\" fill=\"{color}\"/>")
    };
    match kind {
        EventKind::Micro => bar(0.0),
        EventKind::Macro => bar(0.0) + &bar(3.0),
    }
}

/// The whole recording, line after line.
pub(crate) fn overview(view: &View<'_>, out: &mut Sink) -> io::Result<()> {
    let Some((first, last)) = view.session.history.span() else {
        return writeln!(out, "<p>The recording has no frame.</p>");
    };
    let secs = last.secs_since(first).max(1e-3);
    let line_secs = LINE_SECS.max((secs / MOST_LINES / 60.0).ceil() * 60.0);
    let lines = (secs / line_secs).ceil().max(1.0);
    // A single line is as long as the recording.
    let line_secs = if lines > 1.0 { line_secs } else { secs };
    let top = top(view, first, last);
    for line in 0..lines as u32 {
        let from = first + f64::from(line) * line_secs;
        let frame = Frame {
            width: 960.0,
            height: 130.0,
            left: 34.0,
            bottom: 18.0,
            from,
            to: from + line_secs,
            top,
        };
        draw(view, &frame, None, out)?;
    }
    Ok(())
}

/// One event and the time around it.
pub(crate) fn close_up(view: &View<'_>, row: &Row, out: &mut Sink) -> io::Result<()> {
    let from = row.bounds.onset.time - AROUND_SECS;
    let to = row.bounds.offset.time + AROUND_SECS;
    let top = top(view, from, to);
    let frame = Frame { width: 400.0, height: 150.0, left: 34.0, bottom: 18.0, from, to, top };
    draw(view, &frame, Some(row), out)
}

/// The greatest value that must fit, rounded up so that half of it reads well on the axis.
fn top(view: &View<'_>, from: Timestamp, to: Timestamp) -> f32 {
    let columns = |channel| view.session.history.columns(channel, from, to, 2000);
    let greatest = KINDS.iter().flat_map(|(_, channel, _)| columns(*channel));
    let greatest = greatest.filter_map(|column| column.range).map(|(_, most)| most);
    (greatest.fold(LEAST_TOP, f32::max) * 5.0).ceil() / 5.0
}

fn draw(view: &View<'_>, frame: &Frame, row: Option<&Row>, out: &mut Sink) -> io::Result<()> {
    let mut svg = format!(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\"><title>Scores from {} to {}</title>",
        frame.width, frame.height, frame.from, frame.to
    );
    draw_gaps(view, frame, &mut svg);
    view.rows.iter().for_each(|row| draw_band(view, frame, row, &mut svg));
    draw_axes(frame, &mut svg);
    for (kind, channel, color) in KINDS {
        let threshold = view.session.threshold.map(|score| match kind {
            EventKind::Micro => score.micro,
            EventKind::Macro => score.macro_,
        });
        if let Some(threshold) = threshold.filter(|value| *value <= frame.top) {
            let y = frame.y(f64::from(threshold));
            add(
                &mut svg,
                format_args!(
                    "<path d=\"M{} {y:.1} H{}\" stroke=\"{color}\" stroke-width=\"1\" stroke-dasharray=\"4 3\" opacity=\"0.7\"/>",
                    frame.left, frame.width
                ),
            );
        }
        draw_lines(view, frame, channel, color, &mut svg);
    }
    for SignedMark { mark, .. } in view.marks() {
        if (frame.from..=frame.to).contains(&mark.at.time) {
            let x = frame.x(mark.at.time);
            let from = frame.x(mark.begin().max(frame.from));
            if from < x {
                add(
                    &mut svg,
                    format_args!(
                        "<rect x=\"{from:.1}\" y=\"0\" width=\"{:.1}\" height=\"{}\" fill=\"#7a5c00\" opacity=\"0.12\"/>",
                        x - from,
                        frame.floor()
                    ),
                );
            }
            add(
                &mut svg,
                format_args!(
                    "<path d=\"M{x:.1} {} V6 M{:.1} 0 H{:.1} L{x:.1} 6 Z\" stroke=\"#7a5c00\" fill=\"#7a5c00\" stroke-width=\"1\"><title>{}</title></path>",
                    frame.floor(),
                    x - 4.0,
                    x + 4.0,
                    text(&mark.words())
                ),
            );
        }
    }
    if let Some(row) = row {
        draw_moments(frame, row, &mut svg);
    }
    writeln!(out, "{svg}</svg>")
}

/// Writing to a string does not fail.
pub(super) fn add(svg: &mut String, what: std::fmt::Arguments<'_>) {
    match svg.write_fmt(what) {
        Ok(()) | Err(_) => {}
    }
}

/// Stretches without a score, from the first frame to the end of the last.
fn draw_gaps(view: &View<'_>, frame: &Frame, svg: &mut String) {
    let samples = view.session.history.samples();
    let begin = samples.partition_point(|sample| sample.time < frame.from);
    let end = samples.partition_point(|sample| sample.time <= frame.to);
    let mut gap: Option<(Timestamp, Timestamp)> = None;
    for (at, sample) in (begin..).zip(samples.range(begin..end)) {
        let next = samples.get(at + 1).map_or(sample.time, |next| next.time);
        match (&mut gap, sample.score) {
            (Some((_, last)), None) => *last = next,
            (None, None) => gap = Some((sample.time, next)),
            (_, Some(_)) => draw_gap(frame, gap.take(), svg),
        }
    }
    draw_gap(frame, gap, svg);
}

fn draw_gap(frame: &Frame, gap: Option<(Timestamp, Timestamp)>, svg: &mut String) {
    let Some((from, to)) = gap else { return };
    let (x, width) = (frame.x(from), (frame.x(to) - frame.x(from)).max(0.5));
    add(
        svg,
        format_args!(
            "<rect x=\"{x:.1}\" y=\"4\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"#c9d0d8\"/>",
            frame.floor() - 4.0
        ),
    );
}

fn draw_band(view: &View<'_>, frame: &Frame, row: &Row, svg: &mut String) {
    let end = view.end_of(row.bounds.offset);
    if end < frame.from || row.bounds.onset.time > frame.to {
        return;
    }
    let (x, to) = (frame.x(row.bounds.onset.time), frame.x(end));
    let width = (to - x).max(1.0);
    let color = KINDS.iter().find(|(kind, ..)| *kind == row.kind).map_or("", |(.., color)| color);
    let (opacity, dash) = match (row.rater.is_some(), row.verdict) {
        (true, Verdict::Rejected) => ("0.04", " stroke-dasharray=\"2 2\" stroke-width=\"0.7\""),
        _ => ("0.16", " stroke-width=\"0\""),
    };
    add(
        svg,
        format_args!(
            "<a href=\"#event-{}\"><rect x=\"{x:.1}\" y=\"0\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{color}\" \
         fill-opacity=\"{opacity}\" stroke=\"{color}\"{dash}><title>{} at {}</title></rect>{}</a>",
            row.id(),
            frame.floor(),
            row.kind,
            row.bounds.onset.time,
            cap(x, width, row.kind, color)
        ),
    );
}

fn draw_axes(frame: &Frame, svg: &mut String) {
    let floor = frame.floor();
    add(
        svg,
        format_args!(
            "<path d=\"M{} 4 V{floor} H{}\" fill=\"none\" stroke=\"#9aa5b1\"/>",
            frame.left, frame.width
        ),
    );
    for value in [0.0, f64::from(frame.top) / 2.0, f64::from(frame.top)] {
        let y = frame.y(value) + 4.0;
        let y = y.max(11.0);
        add(
            svg,
            format_args!(
                "<text x=\"{}\" y=\"{y:.1}\" text-anchor=\"end\">{value:.1}</text>",
                frame.left - 4.0
            ),
        );
    }
    let secs = frame.to.secs_since(frame.from);
    let step = [0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0]
        .into_iter()
        .find(|step| secs / step <= frame.width / 95.0)
        .unwrap_or(1800.0);
    let first = (frame.from.secs() / step).ceil() as i64;
    let last = (frame.to.secs() / step).floor() as i64;
    for tick in first..=last {
        let time = Timestamp::from_secs(tick as f64 * step);
        let x = frame.x(time);
        let anchor = if x > frame.width - 20.0 { "end" } else { "middle" };
        add(
            svg,
            format_args!(
                "<path d=\"M{x:.1} {floor} v3\" stroke=\"#9aa5b1\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                floor + 14.0,
                clock(time, step)
            ),
        );
    }
}

/// `1:05`, with tenths if the ticks are closer than a second.
fn clock(time: Timestamp, step: f64) -> String {
    let full = time.to_string();
    let cut = if step < 1.0 { 2 } else { 4 };
    full[..full.len().saturating_sub(cut)].to_owned()
}

fn draw_lines(view: &View<'_>, frame: &Frame, channel: Channel, color: &str, svg: &mut String) {
    let wanted = frame.width as usize;
    for line in view.session.history.lines(channel, frame.from, frame.to, wanted) {
        let mut path = String::new();
        for [secs, value] in line {
            let time = Timestamp::from_secs(secs);
            let letter = if path.is_empty() { 'M' } else { 'L' };
            if (frame.from..=frame.to).contains(&time) {
                add(&mut path, format_args!("{letter}{:.1} {:.1} ", frame.x(time), frame.y(value)));
            }
        }
        add(
            svg,
            format_args!(
                "<path d=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.2\"/>",
                path.trim_end()
            ),
        );
    }
}

/// Onset, apex and offset, named.
fn draw_moments(frame: &Frame, row: &Row, svg: &mut String) {
    for (moment, name, anchor, shift) in [
        (row.bounds.onset, "onset", "end", -3.0),
        (row.bounds.apex, "apex", "middle", 0.0),
        (row.bounds.offset, "offset", "start", 3.0),
    ] {
        let x = frame.x(moment.time);
        let y = if name == "apex" { 28.0 } else { 16.0 };
        add(
            svg,
            format_args!(
                "<path d=\"M{x:.1} 4 V{}\" stroke=\"#1c2430\" stroke-width=\"0.8\" stroke-dasharray=\"1 2\"/>\
             <text x=\"{:.1}\" y=\"{y}\" text-anchor=\"{anchor}\">{name}</text>",
                frame.floor(),
                x + shift
            ),
        );
    }
}
