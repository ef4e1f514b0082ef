//! Every line is read or refused, and each error names the line that an editor shows.

use super::parser::line_ends;
use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Result<Table, String> {
    read_bytes(text.as_bytes())
}

fn read_bytes(bytes: &[u8]) -> Result<Table, String> {
    let missing = |names: &[String]| {
        (!names.iter().any(|name| name == "a")).then(|| "a column `a`".to_owned())
    };
    Table::read(bytes, missing).map_err(|wrong| {
        format!("{}expected {}, found {}", wrong.what, wrong.expected, wrong.found)
    })
}

fn fields(table: &Table) -> Vec<Vec<&str>> {
    table.rows().map(|row| row.record.fields.iter().map(String::as_str).collect()).collect()
}

#[track_caller]
fn refused(text: &str, words: &[&str]) {
    let error = read(text).expect_err("refused");
    for word in words {
        assert!(error.contains(word), "expected `{word}` in: {error}");
    }
}

#[test]
fn a_row_that_begins_with_a_number_sign_is_a_row() {
    let table = read("a,b\n#1,2\n# 3,4\n5,6\n").expect("read");
    assert_eq!(fields(&table), [["#1", "2"], ["# 3", "4"], ["5", "6"]]);
}

#[test]
fn a_quotation_mark_that_nothing_closes_is_an_error_with_its_line() {
    refused("a,b\n1,x\n2,\"smirk left\n3,ok\n4,ok\n", &["line 3", "quotation mark", "smirk left"]);
    // Another quotation mark further down would close it, and everything between would be one field.
    refused("a,b\n1,\"left\n2,ok\n3,right\"\n4,ok\n", &["line 2", "over 3 lines"]);
    refused("a,b\n1,\"left\" side\n", &["line 2", "`side`", "closing quotation mark"]);
}

#[test]
fn a_field_may_hold_line_breaks_or_separators_but_not_both() {
    let table = read("a,b\n\"1,5\",\"said \"\"no\"\"\nand left\"\n7,8\n").expect("read");
    assert_eq!(fields(&table), [["1,5", "said \"no\"\nand left"], ["7", "8"]]);
    assert_eq!(table.rows().map(Row::line).collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "1,2", "", "3,4", "x"].join(end);
        refused(&text, &["line 5", "2 fields", "found 1 fields"]);
        let table = read(&["", "a,b", "1,2", "", "3,4", ""].join(end)).expect("read");
        assert_eq!(table.rows().map(Row::line).collect::<Vec<_>>(), [3, 5], "{end:?}");
    }
}

#[test]
fn the_forms_of_excel_are_read_and_numbers_as_they_are_written_there() {
    let numbers = |bytes: &[u8]| {
        let table = read_bytes(bytes)?;
        let number = |row: Row<'_>| row.number("a", "a number").map_err(|w| w.found);
        table.rows().map(number).collect::<Result<Vec<_>, _>>()
    };
    let expected = Ok(vec![Some(1.5), Some(2.0), None]);
    let unicode: Vec<u8> =
        "a\tb\r\n1,5\tx\r\n2\tx\r\n\tx\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        b"a,b\n1.5,x\n2,x\n,x\n".as_slice(),
        b"a;b\r\n1,5;\xFCber\r\n2;x\r\n;x\r\n;\r\n",
        b"sep=;\r\na;b\r\n1,5;x\r\n2;x\r\n;x\r\n",
        b"\"sep=\t\"\na\tb\n1.5\tx\n2\tx\n\tx\n",
        b"\xEF\xBB\xBFsep=|\na|b\n1,5|x\n2|x\n|x\n",
        &[b"\xFF\xFE", unicode.as_slice()].concat(),
    ] {
        assert_eq!(numbers(bytes), expected, "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(numbers(b"a,b\n\"1,234\",x\n"), Err("`1,234`".into()), "a thousand, or one?");
    assert_eq!(numbers(b"a;b\n1.5;x\n1,5;x\n"), Err("`1,5`".into()), "both marks in one table");
    assert_eq!(numbers(b"a;b\n1.234,5;x\n"), Err("`1.234,5`".into()));
    assert_eq!(numbers(b"a;b\ninf;x\n"), Err("`inf`".into()));
}

#[test]
fn the_line_of_a_separator_counts_as_a_line() {
    refused("sep=;\na;b\n1\n", &["line 3"]);
}

#[test]
fn whole_numbers_may_have_a_zero_behind_the_mark() {
    let table = read("a,b\n7.0,x\n").expect("read");
    let row = table.rows().next().expect("a row");
    assert_eq!(row.whole("a", "a frame").ok(), Some(Some(7)));
    let table = read("a,b\n7.5,x\n").expect("read");
    assert!(table.rows().next().expect("a row").whole("a", "a frame").is_err());
}

#[test]
fn a_header_that_lacks_something_or_has_it_twice_is_named() {
    refused("", &["header", "a column `a`", "nothing"]);
    refused("x;y\n1;2\n", &["header", "a column `a`", "semicolons", "found x, y"]);
    refused("a,b,B\n", &["header", "each column once", "`b` twice"]);
}

proptest! {
    /// Every line of a file is a row that was read, the header or an empty line; otherwise an error names a
    /// line.
    #[test]
    fn rows_read_and_rows_refused_are_the_lines_of_the_file(
        lines in prop::collection::vec("[#\"',;a1 \t]{0,10}", 0..12),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let mut all = vec!["a,b".to_owned()];
        all.extend(lines);
        let text = all.join(end);
        match records(&text, ',', 1) {
            Ok(records) => {
                let inside: u64 = records.iter().flat_map(|r| &r.fields).map(|f| line_ends(f)).sum();
                // A last line without a character does not count.
                let count = all.len() as u64 - u64::from(all.last().is_some_and(String::is_empty));
                prop_assert_eq!(records.len() as u64 + inside, count, "{:?}", text);
                let mut line = 1;
                for record in &records {
                    prop_assert_eq!(record.line, line);
                    line += 1 + record.fields.iter().map(|f| line_ends(f)).sum::<u64>();
                    // Only a field without a separator may continue on the next line.
                    let swallows = |f: &String| line_ends(f) > 0 && f.contains(',');
                    prop_assert!(!record.fields.iter().any(swallows));
                }
            }
            Err(wrong) => {
                let line: usize = wrong.what.strip_prefix("line ").and_then(|rest| {
                    rest.trim_end_matches(": ").parse().ok()
                }).expect("a line");
                prop_assert!((1..=all.len()).contains(&line), "{:?}", wrong);
                prop_assert!(all[..line].iter().any(|line| line.contains('"')));
            }
        }
    }

    #[test]
    fn what_another_program_writes_is_read_as_it_reads_it(
        rows in prop::collection::vec(("[#a1 ]{1,5}", "[\"',;#a1\t ]{0,8}"), 0..8)
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["a", "b"]).expect("written");
        for (a, b) in &rows {
            writer.write_record([a, b]).expect("written");
        }
        let bytes = writer.into_inner().expect("written");
        let table = read_bytes(&bytes).expect("read");
        let whole = rows.iter().filter(|(a, b)| !(a.trim().is_empty() && b.trim().is_empty()));
        let expected: Vec<Vec<&str>> = whole.map(|(a, b)| vec![a.as_str(), b.as_str()]).collect();
        prop_assert_eq!(fields(&table), expected);
    }
}
