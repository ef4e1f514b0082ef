//! A report for people: one HTML file that needs no other file and no network.
//!
//! It says what was flagged and how people judged it, shows the scores with the trouble of each frame, and
//! says how often such flags are wrong. Everything that a person typed is text in it, never markup.

use std::io;

use super::{FileFormat, Format, PictureUse, Sink, View};
use crate::measure::event::{EventKind, MovingUnit, units_text};
use crate::measure::quality::Trouble;
use crate::session::annotation::{SignedMark, Verdict};
use crate::session::counts::FrameCounts;
use crate::session::table::Row;

mod conditions;
mod limit;
mod pictures;
mod plot;

use pictures::Strips;

/// The registry entry.
pub const FORMAT: Format = Format::written(
    "report",
    "A report for people, with plots and pictures (HTML)",
    PictureUse::Welcome,
    |_| vec![FileFormat::new("report.html", write)],
)
.with_limit();

const STYLE: &str = include_str!("style.css");

/// Figures of the shipped models on real faces, from README.md, which gives the command for each.
const MEASURED: [(&str, &str); 3] = [
    (
        "Spotting, SAMM Long Videos (147 videos, 159 micro- and 343 macro-expressions)",
        "At the default of one false alarm in two minutes: F1 0.288 for micro-expressions and 0.356 \
         for macro-expressions; 4.6 false micro flags a minute. Nearly two micro-expressions in three \
         were missed, and three micro flags in four were false.",
    ),
    (
        "Emotion class, SMIC of MEGC 2019 (164 clips, three classes)",
        "UF1 0.699, UAR 0.708: about three in ten were classed wrongly.",
    ),
    (
        "Action units, CASME II of MEGC 2019 (145 clips)",
        "F1 0.89 for units 1 and 4, 0.87 for 2, 0.65 for 17, 0.62 for 12, 0.55 for 15, 0.11 for 7; units \
         5, 6, 9, 10, 14 and 25/26 were never named rightly.",
    ),
];

/// What a flag is, and what it is not.
const MEANING: [&str; 4] = [
    "A flag says that here the face moved, shortly and in this pattern. It does not say why.",
    "It is not a lie detector, and no emotion is certain from a movement: take the label as a \
     suggestion and the action units as the observation.",
    "What could not be scored (no face, turned away, frames missing) is a gap in the plots, never a \
     zero. A flag with a quality other than “good” may come from that trouble.",
    "In the European Union, systems that infer emotions of people at work or in education are \
     forbidden except for medical or safety reasons (EU AI Act, Article 5(1)(f)).",
];

fn write(view: &mut View<'_>, out: &mut Sink) -> io::Result<()> {
    let title = format!("Facial movements in {}", view.session.source.name);
    writeln!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(
        out,
        "<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>",
        text(&title)
    )?;
    writeln!(out, "<h1>{}</h1>", text(&title))?;
    write_facts(view, out)?;
    write_meaning(out)?;
    write_overview(view, out)?;
    limit::write(view, out)?;
    write_events(view, out)?;
    conditions::write(view, out)?;
    write_marks(view, out)?;
    write_details(view, out)?;
    writeln!(out, "</main>\n</body>\n</html>")
}

/// Text, escaped for HTML.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

fn fact(out: &mut Sink, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", text(name), text(value))
}

fn write_facts(view: &View<'_>, out: &mut Sink) -> io::Result<()> {
    let session = view.session;
    writeln!(out, "<dl class=\"facts\">")?;
    let judged = match view.rater {
        None => "nobody: these are the program's own flags".to_owned(),
        Some(name) => format!("{name}{}", counts_of_verdicts(view)),
    };
    fact(out, "Judged by", &judged)?;
    match &session.consent {
        None => fact(out, "Consent", "none is recorded with this session")?,
        Some(consent) => {
            let until = consent.keep_until.map_or_else(
                || "without an agreed end".to_owned(),
                |date| format!("to be kept until {date} at the latest"),
            );
            let sound = if consent.with_sound { ", sound included" } else { "" };
            let words = format!("{}, for: {}{sound}; {until}", consent.who, consent.purpose);
            fact(out, "Consent", &words)?;
        }
    }
    let counts = session.counts();
    let begun = session.provenance.begun_at_unix_ms.and_then(|ms| {
        let begun = jiff::Timestamp::from_millisecond(ms).ok()?;
        Some(format!("begun {} UTC, ", begun.strftime("%Y-%m-%d %H:%M")))
    });
    let recorded = duration(counts.recorded_secs);
    fact(out, "Recorded time", &format!("{}{recorded}", begun.unwrap_or_default()))?;
    let scored = duration(counts.scored_secs);
    fact(out, "Scored time", &format!("{scored} of {recorded}; {}", unscored(view)))?;
    fact(out, "Frames", &counts.to_string())?;
    fact(out, "Rate", &rate(view, &counts))?;
    if let Some(baseline) = &session.baseline {
        fact(out, "Neutral baseline", &baseline.quality_in_words())?;
    }
    fact(out, "Flagged", &flagged(view))?;
    writeln!(out, "</dl>")
}

fn counts_of_verdicts(view: &View<'_>) -> String {
    let of = |verdict| view.rows.iter().filter(|row| row.verdict == verdict).count();
    format!(
        ": {} confirmed or added, {} rejected, {} not judged yet",
        of(Verdict::Confirmed),
        of(Verdict::Rejected),
        of(Verdict::Open)
    )
}

/// The true rate, and the rate that the source states if it differs.
fn rate(view: &View<'_>, counts: &FrameCounts) -> String {
    let Some(fps) = counts.true_fps() else { return "unknown, for want of frames".into() };
    let claimed = view.session.source.nominal_fps.filter(|claimed| (claimed - fps).abs() >= 0.05);
    let claimed = claimed.map(|claimed| format!("; the source claims {claimed:.1}"));
    format!("{fps:.1} frames a second analysed{}", claimed.unwrap_or_default())
}

fn duration(secs: f64) -> String {
    let whole = secs.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) => format!("{secs:.1} s"),
        (0, minutes, secs) => format!("{minutes} min {secs} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// How much could not be scored, and the most frequent reason.
fn unscored(view: &View<'_>) -> String {
    let samples = view.session.history.samples();
    let without: Vec<_> = samples.iter().filter(|sample| sample.score.is_none()).collect();
    let share = 100.0 * without.len() as f64 / samples.len().max(1) as f64;
    let frames_of = |trouble: Trouble| {
        without.iter().filter(|sample| sample.quality.trouble.any(trouble)).count()
    };
    let reasons = Trouble::NAMES.iter().filter(|(one, _)| Trouble::UNSCORABLE.any(*one));
    let mut reasons: Vec<_> =
        reasons.map(|(one, word)| (frames_of(*one), *word)).filter(|(n, _)| *n > 0).collect();
    reasons.sort_unstable_by_key(|(frames, _)| std::cmp::Reverse(*frames));
    let words: Vec<_> = reasons.iter().map(|(_, word)| *word).collect();
    let why = if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) };
    format!("{share:.1} % of the analysed frames could not be scored{why}")
}

fn flagged(view: &View<'_>) -> String {
    let of = |kind| view.session.events.iter().filter(|event| event.kind == kind).count();
    let minutes = view.session.history.span().map_or(0.0, |(a, b)| b.secs_since(a)) / 60.0;
    let rate = view.session.events.len() as f64 / minutes.max(1e-9);
    let a_minute = if minutes > 0.5 { format!(", {rate:.1} a minute") } else { String::new() };
    format!(
        "{} micro- and {} macro-expressions by the program{a_minute}",
        of(EventKind::Micro),
        of(EventKind::Macro)
    )
}

fn write_meaning(out: &mut Sink) -> io::Result<()> {
    writeln!(
        out,
        "<section class=\"meaning\">\n<h2>What a flag is, and what it is not</h2>\n<ul>"
    )?;
    for line in MEANING {
        writeln!(out, "<li>{}</li>", text(line))?;
    }
    writeln!(out, "</ul>\n<h3>How often it is wrong, measured on real faces</h3>\n<dl>")?;
    for (set, result) in MEASURED {
        writeln!(out, "<dt>{}</dt><dd>{}</dd>", text(set), text(result))?;
    }
    writeln!(out, "</dl>\n</section>")
}

fn write_overview(view: &View<'_>, out: &mut Sink) -> io::Result<()> {
    writeln!(out, "<section>\n<h2>The whole recording</h2>")?;
    plot::legend(view, out)?;
    plot::overview(view, out)?;
    writeln!(out, "</section>")
}

fn write_events(view: &mut View<'_>, out: &mut Sink) -> io::Result<()> {
    writeln!(out, "<section>\n<h2>Events</h2>")?;
    if view.rows.is_empty() {
        writeln!(out, "<p>None.</p>")?;
    }
    let mut strips = Strips::default();
    for row in view.rows.clone() {
        write_event(view, &row, &mut strips, out)?;
    }
    writeln!(out, "</section>")
}

fn write_event(
    view: &mut View<'_>,
    row: &Row,
    strips: &mut Strips,
    out: &mut Sink,
) -> io::Result<()> {
    let (onset, apex, offset) = (row.bounds.onset, row.bounds.apex, row.bounds.offset);
    let state = match (row.rater.is_some(), row.verdict) {
        (false, _) => "",
        (true, Verdict::Open) => " open",
        (true, Verdict::Confirmed) => " confirmed",
        (true, Verdict::Rejected) => " rejected",
    };
    writeln!(out, "<article id=\"event-{}\" class=\"{}{state}\">", row.id(), row.kind)?;
    write!(out, "<h3>{}-expression at {}", capital(row.kind.name()), onset.time)?;
    if !state.is_empty() {
        write!(out, " <span class=\"verdict\">{}</span>", verdict_word(row.verdict))?;
    }
    writeln!(out, " <span class=\"id\">event {}</span></h3>", row.id())?;
    strips.write(view, row, out)?;
    writeln!(out, "<div class=\"beside\">")?;
    plot::close_up(view, row, out)?;
    writeln!(out, "<dl>")?;
    let frames = format!(
        "{} ms, frames {} – {} – {} (onset – apex – offset)",
        (row.duration_secs() * 1000.0).round(),
        onset.frame,
        apex.frame,
        offset.frame
    );
    fact(out, "Lasts", &frames)?;
    fact(out, "Action units", &units_in_words(&row.units))?;
    fact(out, "Emotion", &emotion_in_words(row))?;
    if let Some(machine) = &row.machine {
        fact(out, "Quality", &machine.trouble.to_string())?;
        fact(out, "Score", &format!("{:.2}", machine.score))?;
        if row.rater.is_some() {
            fact(out, "The program said", &machine_in_words(row))?;
        }
    } else {
        fact(out, "Found by", row.rater.as_deref().unwrap_or("a person"))?;
    }
    if let Some(confidence) = row.confidence {
        fact(out, "How sure the rater is", confidence.name())?;
    }
    if !row.note.is_empty() {
        fact(out, "Note", &row.note)?;
    }
    writeln!(out, "</dl>\n</div>\n</article>")
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Open => "not judged",
        Verdict::Confirmed => "✓ confirmed",
        Verdict::Rejected => "✗ rejected",
    }
}

/// `L12 lip corner puller (left), 0.83`.
fn units_in_words(units: &[MovingUnit]) -> String {
    let words = units.iter().map(|moving| {
        let sure = match moving.probability {
            p if p < 1.0 => format!(" ({p:.2})"),
            _ => String::new(),
        };
        format!("{moving} {}{sure}", moving.unit.name())
    });
    let words: Vec<_> = words.collect();
    if words.is_empty() { "none named".into() } else { words.join("; ") }
}

fn emotion_in_words(row: &Row) -> String {
    if let Some(label) = row.label {
        return format!("{} (by {})", label.name(), row.rater.as_deref().unwrap_or("a person"));
    }
    match row.machine.as_ref().and_then(|event| event.emotion) {
        None if row.machine.is_none() => "not labelled".into(),
        None => "not read".into(),
        Some(reading) if reading.clear => {
            format!("{}, confidence {:.2} (by the program)", reading.label(), reading.best().1)
        }
        Some(reading) => {
            let (class, p) = reading.best();
            format!("unclear (likeliest: {}, {p:.2})", class.name())
        }
    }
}

/// The model's own values, beside a person's.
fn machine_in_words(row: &Row) -> String {
    let Some(event) = &row.machine else { return String::new() };
    let frames = format!("{} – {} – {}", event.onset.frame, event.apex.frame, event.offset.frame);
    let units = units_text(&event.action_units);
    let units = if units.is_empty() { "none".into() } else { units };
    let emotion = event.emotion.map_or("not read", |reading| reading.label());
    format!("frames {frames}; units {units}; {emotion}")
}

fn write_marks(view: &View<'_>, out: &mut Sink) -> io::Result<()> {
    let marks = view.marks();
    if marks.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section>\n<h2>Markers and notes</h2>\n<table>")?;
    let heads = ["Time", "Seconds before", "Frame", "By", "Note"];
    let heads: String = heads.iter().map(|head| format!("<th>{head}</th>")).collect();
    writeln!(out, "<tr>{heads}</tr>")?;
    for SignedMark { by, mark } in marks {
        let before = mark.at.time.secs_since(mark.begin());
        writeln!(
            out,
            "<tr><td>{}</td><td>{before:.1}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            mark.at.time,
            mark.at.frame,
            text(&by),
            text(&mark.words())
        )?;
    }
    writeln!(out, "</table>\n</section>")
}

fn write_details(view: &View<'_>, out: &mut Sink) -> io::Result<()> {
    let session = view.session;
    writeln!(out, "<section>\n<h2>How it was made</h2>\n<dl class=\"facts\">")?;
    let provenance = &session.provenance;
    let program = match provenance.program.as_str() {
        "" => "not recorded",
        program => program,
    };
    fact(out, "Program", program)?;
    fact(out, "Source", &session.source.name)?;
    if !session.source.detail.is_empty() {
        fact(out, "Picture", &session.source.detail)?;
    }
    if let Some(threshold) = session.threshold {
        let text = format!("micro {:.3}, macro {:.3}", threshold.micro, threshold.macro_);
        fact(out, "Threshold", &text)?;
    }
    if view.blur {
        fact(
            out,
            "Faces",
            "those that were found are blurred; look at each picture before you pass it on",
        )?;
    }
    for model in &provenance.models {
        fact(out, &format!("Model: {}", model.task), &format!("{} {}", model.file, model.sha256))?;
    }
    writeln!(out, "</dl>")?;
    for logged in &session.notices {
        writeln!(out, "<p class=\"notice\">{}: {}</p>", logged.time, text(&logged.notice.text))?;
    }
    if !provenance.settings.is_empty() {
        writeln!(
            out,
            "<details><summary>Settings</summary><pre>{}</pre></details>",
            text(&provenance.settings)
        )?;
    }
    writeln!(out, "</section>")
}

#[cfg(test)]
mod tests;
