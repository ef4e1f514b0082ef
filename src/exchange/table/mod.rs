//! Tables of text: one reader for all that this program reads.
//!
//! Every line of a file is read, or the file is refused with the number of the line. No line is a comment. A
//! quotation mark that is not closed is an error. A field over several lines that holds a separator is an
//! error too, because that is nearly always a lost quotation mark and not a text. Commas, semicolons or tabs
//! separate the columns, or the separator in Excel's line `sep=`.

use std::cell::Cell;

use super::import::Wrong;

pub(crate) mod cell;
mod parser;
pub(crate) mod text;

pub(crate) use cell::cell;
use parser::{header, records};
use text::{Encoding, decode};

/// Possible separators of columns, in the order in which they are tried.
const DELIMITERS: [char; 3] = [',', ';', '\t'];

/// A table that was read completely.
#[derive(Debug)]
pub(crate) struct Table {
    delimiter: char,
    /// Names of the columns, trimmed and in lower case.
    names: Vec<String>,
    records: Vec<Record>,
    encoding: Encoding,
    /// The first decimal mark, and its line.
    mark: Cell<Option<(char, u64)>>,
}

/// One row of the file.
#[derive(Debug)]
struct Record {
    /// Number of its first line, from 1.
    line: u64,
    fields: Vec<String>,
}

/// One row of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    table: &'a Table,
    record: &'a Record,
}

impl Table {
    /// Reads a table. `missing` says which names of columns are missing, in lower case. The separator with
    /// which none is missing is used.
    pub(crate) fn read(
        bytes: &[u8],
        missing: impl Fn(&[String]) -> Option<String>,
    ) -> Result<Self, Wrong> {
        let (text, encoding) = decode(bytes)?;
        let (said, content) = said_delimiter(&text);
        let delimiter = find_delimiter(content, said, missing)?;
        let first_line = if content.len() < text.len() { 2 } else { 1 };
        let mut records = records(content, delimiter, first_line)?;
        records.retain(|record| !record.is_blank());
        if records.is_empty() {
            return Err(Wrong::new("header", "names of columns", "nothing"));
        }
        let names: Vec<_> = records.remove(0).fields.iter().map(|name| name_of(name)).collect();
        for (at, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if names[..at].contains(name) {
                let found = format!("`{name}` twice");
                return Err(Wrong::new("header", "each column once", found));
            }
        }
        let table = Self { delimiter, names, records, encoding, mark: Cell::new(None) };
        table.records.iter().try_for_each(|record| table.check_width(record))?;
        Ok(table)
    }

    /// True if the first row has all the names that are needed.
    pub(crate) fn has_header(bytes: &[u8], missing: impl Fn(&[String]) -> Option<String>) -> bool {
        decode(bytes).is_ok_and(|(text, _)| {
            let (said, content) = said_delimiter(&text);
            find_delimiter(content, said, missing).is_ok()
        })
    }

    fn check_width(&self, record: &Record) -> Result<(), Wrong> {
        let (width, found) = (self.names.len(), record.fields.len());
        let is_empty = |field: &String| field.trim().is_empty();
        if found == width || (found > width && record.fields[width..].iter().all(is_empty)) {
            return Ok(());
        }
        let hint = if self.delimiter == ',' { ", and decimals with a point" } else { "" };
        let expected =
            format!("{width} fields as in the header, separated by {}{hint}", self.separator());
        let found = format!("{found} fields");
        Err(Wrong::new(&format!("line {}", record.line), expected, found))
    }

    /// The separator, in words.
    pub(crate) fn separator(&self) -> String {
        match self.delimiter {
            ',' => "commas".into(),
            ';' => "semicolons".into(),
            '\t' => "tabs".into(),
            other => format!("`{other}`"),
        }
    }

    /// True if there is a column of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|column| column == name)
    }

    /// Every row that is not empty, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().map(|record| Row { table: self, record })
    }

    /// What a reader of the file should know, one sentence each.
    pub(crate) fn remarks(&self) -> Vec<String> {
        match self.encoding {
            Encoding::Windows1252 => {
                vec!["The table is not in UTF-8; it was read as Windows-1252 (ANSI).".into()]
            }
            Encoding::Utf8 | Encoding::Utf16 => Vec::new(),
        }
    }
}

impl<'a> Row<'a> {
    /// The number of its first line in the file, from 1.
    pub(crate) fn line(self) -> u64 {
        self.record.line
    }

    fn raw(self, name: &str) -> &'a str {
        let at = self.table.names.iter().position(|column| column == name);
        at.and_then(|at| self.record.fields.get(at)).map_or("", String::as_str)
    }

    /// The field of this column without spaces around it; empty if there is none.
    pub(crate) fn get(self, name: &str) -> &'a str {
        self.raw(name).trim()
    }

    /// A person's text in this column, as it was typed.
    pub(crate) fn text(self, name: &str) -> String {
        cell::read_cell(self.raw(name))
    }

    /// True if there is a column of this name.
    pub(crate) fn has(self, name: &str) -> bool {
        self.table.has(name)
    }

    /// The fields of all columns whose names begin with `beginning`.
    pub(crate) fn values_of(self, beginning: &'static str) -> impl Iterator<Item = &'a str> {
        let names = self.table.names.iter().zip(&self.record.fields);
        names.filter(move |(name, _)| name.starts_with(beginning)).map(|(_, field)| field.trim())
    }

    /// The finite number in this column; `None` for an empty field. Decimals have a point or, if commas do
    /// not separate the columns, a comma. All numbers of a table must have the same mark.
    pub(crate) fn number(self, name: &str, expected: &str) -> Result<Option<f64>, Wrong> {
        let text = self.get(name);
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || self.wrong(name, expected);
        let count = |mark: char| text.matches(mark).count();
        let mark = match (count('.'), count(',')) {
            (0, 0) => None,
            (1, 0) => Some('.'),
            (0, 1) if self.table.delimiter != ',' => Some(','),
            _ => return Err(wrong()),
        };
        if let Some(mark) = mark {
            let (first, line) = self.table.mark.get().unwrap_or((mark, self.line()));
            if first != mark {
                let expected = format!("decimals with `{first}`, as in line {line}");
                return Err(self.wrong(name, expected));
            }
            self.table.mark.set(Some((first, line)));
        }
        let number: f64 = text.replace(',', ".").parse().map_err(|_| wrong())?;
        if number.is_finite() { Ok(Some(number)) } else { Err(wrong()) }
    }

    /// The whole number in this column; `7.0` is one too. `None` for an empty field.
    pub(crate) fn whole(self, name: &str, expected: &str) -> Result<Option<i64>, Wrong> {
        const MOST: f64 = (1_u64 << 53) as f64;
        match self.number(name, expected)? {
            None => Ok(None),
            Some(number) if number.fract() == 0.0 && number.abs() < MOST => Ok(Some(number as i64)),
            Some(_) => Err(self.wrong(name, expected)),
        }
    }

    /// An error that the field of this column is not what was expected.
    pub(crate) fn wrong(self, name: &str, expected: impl Into<String>) -> Wrong {
        let what = format!("line {}, {name}", self.line());
        Wrong::new(&what, expected, format!("`{}`", self.get(name)))
    }
}

impl Record {
    fn is_blank(&self) -> bool {
        self.fields.iter().all(|field| field.trim().is_empty())
    }
}

fn name_of(field: &str) -> String {
    field.trim().to_lowercase()
}

/// The separator in Excel's line `sep=;`, and the text after it.
fn said_delimiter(text: &str) -> (Option<char>, &str) {
    let end = text.find(['\n', '\r']).unwrap_or(text.len());
    let line = text[..end].trim_matches([' ', '"']);
    let said = line.get(..4).filter(|word| word.eq_ignore_ascii_case("sep=")).and_then(|_| {
        let mut rest = line[4..].chars();
        let first = rest.next().filter(|c| !c.is_alphanumeric());
        first.filter(|_| rest.all(|c| c == ' '))
    });
    match said {
        None => (None, text),
        Some(_) => {
            let rest = &text[end..];
            let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\n', '\r']));
            (said, rest.unwrap_or(""))
        }
    }
}

/// The separator with which the first row has all names that are needed.
fn find_delimiter(
    text: &str,
    said: Option<char>,
    missing: impl Fn(&[String]) -> Option<String>,
) -> Result<char, Wrong> {
    let mut widest: Option<(Vec<String>, String)> = None;
    let mut broken = None;
    let tried = said.map_or(DELIMITERS.to_vec(), |said| vec![said]);
    for delimiter in tried {
        let header = match header(text, delimiter) {
            Ok(header) => header,
            Err(wrong) => {
                broken.get_or_insert(wrong);
                continue;
            }
        };
        let names: Vec<_> = header.iter().map(|name| name_of(name)).collect();
        let Some(lacking) = missing(&names) else { return Ok(delimiter) };
        if widest.as_ref().is_none_or(|(widest, _)| widest.len() < names.len()) {
            widest = Some((names, lacking));
        }
    }
    match (widest, broken) {
        (Some((names, lacking)), _) => {
            let expected = format!("{lacking}, separated by commas, semicolons or tabs");
            let found = names.join(", ");
            let found = if found.is_empty() { "nothing".to_owned() } else { found };
            Err(Wrong::new("header", expected, found))
        }
        (None, Some(wrong)) => Err(wrong),
        (None, None) => Err(Wrong::new("header", "names of columns", "nothing")),
    }
}

#[cfg(test)]
mod tests;
