//! Text of a person as a cell of a table, so that it is read only as text.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula
//! and runs it. Such a cell gets an apostrophe in front; a spreadsheet hides or shows the apostrophe and does
//! not run the cell. A line break becomes the symbol ␊, so that a line of the file is a row. Reading reverses
//! both.

use std::borrow::Cow;

/// Stands before a symbol for a control character if a person typed that symbol.
const TYPED: char = '\u{2426}';

/// True if a spreadsheet may run `text`, now or after its apostrophes are removed.
fn is_formula(text: &str) -> bool {
    let first = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    let is_blank = |c: char| c.is_whitespace() || c == '\'';
    let starts_blank =
        text.trim_start_matches('\'').starts_with(['\t', '\r', '\u{2409}', '\u{240D}']);
    starts_blank || text.trim_start_matches(is_blank).starts_with(first)
}

/// A cell that holds `text`. [`read_cell`] returns the same text.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| (c >= ' ' || c == '\t') && !('\u{2400}'..='\u{2426}').contains(&c);
    let mut cell = Cow::Borrowed(text);
    if !text.chars().all(is_plain) {
        cell = Cow::Owned(text.chars().flat_map(written).collect());
    }
    if is_formula(&cell) { Cow::Owned(format!("'{cell}")) } else { cell }
}

fn written(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        '\t' => (c, None),
        c if c < ' ' => (char::from_u32(0x2400 + u32::from(c)).unwrap_or(c), None),
        '\u{2400}'..='\u{2426}' => (TYPED, Some(c)),
        c => (c, None),
    };
    std::iter::once(first).chain(second)
}

/// The text that [`cell`] was given.
pub(crate) fn read_cell(cell: &str) -> String {
    let text = cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            TYPED => chars.next().unwrap_or(TYPED),
            '\u{2400}'..='\u{241F}' => char::from_u32(u32::from(c) - 0x2400).unwrap_or(c),
            c => c,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_spreadsheet_would_run_begins_with_an_apostrophe() {
        for text in ["=1+1", "+49 30", "-", "@SUM(A1)", "\t=1", "\r=1", " =HYPERLINK(1)", "＝1"] {
            assert!(cell(text).starts_with('\''), "{text:?}");
        }
        for text in ["", "it's", "'tis", "a=b", "4+R14", "日本"] {
            assert_eq!(cell(text), text);
        }
        assert_eq!(cell("two\nlines"), "two␊lines");
    }

    proptest! {
        #[test]
        fn a_cell_reads_back_as_it_was_and_is_one_line_and_no_formula(
            text in prop_oneof!["['=+@\\-\t\r\n ␊␦a＝]{0,8}", ".{0,12}", any::<String>()]
        ) {
            let cell = cell(&text);
            prop_assert_eq!(read_cell(&cell), text.clone());
            prop_assert!(!cell.contains(['\n', '\r', '\0']));
            prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '＝']), "{}", cell);
            prop_assert!(!cell.starts_with('\t'));
        }
    }
}
