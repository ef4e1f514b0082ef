//! Splits the text of a table into rows and fields.

use super::Record;
use crate::exchange::import::Wrong;

/// The first row that is not empty; no fields if there is none.
pub(super) fn header(text: &str, delimiter: char) -> Result<Vec<String>, Wrong> {
    let mut parser = Parser { rest: text, line: 1, delimiter };
    while let Some(record) = parser.record()? {
        if !record.is_blank() {
            return Ok(record.fields);
        }
    }
    Ok(Vec::new())
}

/// Every row of the text, whose first line has the number `line`.
pub(super) fn records(text: &str, delimiter: char, line: u64) -> Result<Vec<Record>, Wrong> {
    let mut parser = Parser { rest: text, line, delimiter };
    let mut records = Vec::new();
    while let Some(record) = parser.record()? {
        records.push(record);
    }
    Ok(records)
}

/// Splits a text into fields. Quotation marks follow RFC 4180; lines end with CR LF, LF or CR.
struct Parser<'a> {
    rest: &'a str,
    /// Number of the line at which the rest begins, from 1.
    line: u64,
    delimiter: char,
}

impl Parser<'_> {
    fn record(&mut self) -> Result<Option<Record>, Wrong> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut record = Record { line: self.line, fields: Vec::new() };
        loop {
            let field = self.field()?;
            record.fields.push(field);
            if !self.take_delimiter() {
                self.take_line_end();
                return Ok(Some(record));
            }
        }
    }

    fn field(&mut self) -> Result<String, Wrong> {
        let start = self.without_blanks(self.rest);
        if let Some(quoted) = start.strip_prefix('"') {
            return self.quoted(quoted);
        }
        let end = self.rest.find([self.delimiter, '\n', '\r']).unwrap_or(self.rest.len());
        let (field, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(field.to_owned())
    }

    fn without_blanks<'b>(&self, text: &'b str) -> &'b str {
        text.trim_start_matches(|c| matches!(c, ' ' | '\t') && c != self.delimiter)
    }

    /// A field whose opening quotation mark stands before `text`.
    fn quoted(&mut self, text: &str) -> Result<String, Wrong> {
        let wrong = |line: u64, expected: &str, found: String| {
            Wrong::new(&format!("line {line}"), expected, found)
        };
        let mut field = String::new();
        let mut rest = text;
        loop {
            let Some((before, after)) = rest.split_once('"') else {
                let expected = "a second quotation mark that ends the field which the first begins";
                return Err(wrong(self.line, expected, format!("`\"{}`", beginning(text))));
            };
            field.push_str(before);
            match after.strip_prefix('"') {
                Some(after) => {
                    field.push('"');
                    rest = after;
                }
                None => {
                    rest = after;
                    break;
                }
            }
        }
        let ends = line_ends(&field);
        if ends > 0 && field.contains(self.delimiter) {
            let expected = "a field in quotation marks that ends on its line, or holds nothing that \
                            separates columns";
            let found = format!("`\"{}` over {} lines", beginning(&field), ends + 1);
            return Err(wrong(self.line, expected, found));
        }
        self.line += ends;
        let behind = self.without_blanks(rest);
        if !(behind.is_empty() || behind.starts_with([self.delimiter, '\n', '\r'])) {
            let expected = "the end of a field behind its closing quotation mark";
            return Err(wrong(self.line, expected, format!("`{}`", beginning(behind))));
        }
        let taken = text.len() - behind.len();
        let start = self.rest.len() - text.len();
        self.rest = &self.rest[start + taken..];
        Ok(field)
    }

    fn take_delimiter(&mut self) -> bool {
        match self.rest.strip_prefix(self.delimiter) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn take_line_end(&mut self) {
        let rest = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix(['\n', '\r']));
        if let Some(rest) = rest {
            self.rest = rest;
            self.line += 1;
        }
    }
}

/// Number of line ends in `text`.
pub(super) fn line_ends(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = |at: &usize| match bytes[*at] {
        b'\r' => true,
        b'\n' => *at == 0 || bytes[*at - 1] != b'\r',
        _ => false,
    };
    (0..bytes.len()).filter(ends).count() as u64
}

/// The first words of a text, which may be long, on one line.
fn beginning(text: &str) -> String {
    const MOST: usize = 24;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}
