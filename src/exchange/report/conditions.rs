//! The conditions in the report.

use std::io;

use super::text;
use crate::exchange::conditions::counts;
use crate::exchange::{Sink, View};

/// One line for each condition, with its events and their rate in the time that was scored.
pub(super) fn write(view: &View<'_>, out: &mut Sink) -> io::Result<()> {
    let conditions = counts(view);
    if conditions.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section>\n<h2>Conditions of {}</h2>\n<table>", text(view.subject()))?;
    let heads =
        ["Condition", "From", "To", "Scored", "Micro", "Macro", "Micro a minute", "Macro a minute"];
    let heads: String = heads.iter().map(|head| format!("<th>{head}</th>")).collect();
    writeln!(out, "<tr>{heads}</tr>")?;
    for one in &conditions {
        let rate =
            |events| one.per_minute(events).map_or("–".into(), |rate| format!("{rate:.1}"));
        let (micro, macro_) = (rate(one.micro), rate(one.macro_));
        writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.1} s</td><td>{}</td><td>{}</td>\
             <td>{micro}</td><td>{macro_}</td></tr>",
            text(&one.name),
            one.start,
            one.end,
            one.scored_secs,
            one.micro,
            one.macro_,
        )?;
    }
    writeln!(
        out,
        "</table>\n<p>An event counts in the condition of its apex. Rates are per minute of scored \
                   time.</p>\n</section>"
    )
}
