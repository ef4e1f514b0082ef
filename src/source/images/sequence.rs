//! The order and the numbers of the pictures in a folder, from their names.
//!
//! Data sets number their frames in the names of the files, and their labels use these numbers. So the number
//! in the name is the number of the frame, and a missing number is a lost frame. There is one exception: if
//! the numbers begin at 1, frames begin at 0, as those of a video do.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::natural_order;

/// Numbers from here on cannot be frame numbers.
const FIRST_ABSURD: u64 = 1 << 53;

/// Pictures in the order in which they are shown.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    pub(super) files: Vec<PathBuf>,
    /// The frame number of each; they increase.
    pub(super) frames: Vec<u64>,
    /// The number in the name of frame 0, if it is not 0.
    pub(super) name_of_frame_0: Option<u64>,
    /// Why the numbers are not used as frame numbers, in one sentence; `None` if they are.
    pub(super) remark: Option<String>,
}

impl Sequence {
    /// Orders the files. If the folder holds several sequences, or a number twice, the error says what was
    /// expected and what was found.
    pub(super) fn of(files: Vec<PathBuf>) -> Result<Self, (&'static str, String)> {
        let names: Vec<Name> = files.into_iter().map(Name::of).collect();
        let has_number = |name: &Name| !name.runs.is_empty();
        if !names.iter().any(has_number) {
            return Ok(Self::by_place(names, |a, b| natural_order(&a.stem, &b.stem), None));
        }
        if are_times(&names) {
            let remark = "the names of the pictures look like times; they give the order only";
            let order = |a: &Name, b: &Name| a.decimal().cmp(&b.decimal());
            return Ok(Self::by_place(names, order, Some(remark.into())));
        }
        let of_shape = |name: &Name| name.pattern(&[]);
        one_of(&names, of_shape)?;
        match counter(&names)? {
            Some(counter) => Self::by_number(names, counter),
            None => {
                let remark = "the names of the pictures hold several numbers that change; they give \
                              the order only";
                let order = |a: &Name, b: &Name| natural_order(&a.stem, &b.stem);
                Ok(Self::by_place(names, order, Some(remark.into())))
            }
        }
    }

    /// Frame numbers count the pictures from 0.
    fn by_place(
        mut names: Vec<Name>,
        order: impl Fn(&Name, &Name) -> Ordering,
        remark: Option<String>,
    ) -> Self {
        names.sort_by(|a, b| order(a, b).then_with(|| a.path.cmp(&b.path)));
        let frames = (0..names.len() as u64).collect();
        let files = names.into_iter().map(|name| name.path).collect();
        Self { files, frames, name_of_frame_0: None, remark }
    }

    /// Frame numbers are those in the names, if they count frames.
    fn by_number(mut names: Vec<Name>, counter: usize) -> Result<Self, (&'static str, String)> {
        names.sort_by(|a, b| {
            let [a_run, b_run] = [a, b].map(|name| name.runs[counter].as_str());
            number_order(a_run, b_run).then_with(|| a.path.cmp(&b.path))
        });
        let is_same =
            |pair: &&[Name]| number_order(&pair[0].runs[counter], &pair[1].runs[counter]).is_eq();
        if let Some(pair) = names.windows(2).find(is_same) {
            let found = format!("{} and {}", file_name(&pair[0].path), file_name(&pair[1].path));
            return Err(("a number of its own for each picture", found));
        }
        let numbers: Option<Vec<u64>> = names
            .iter()
            .map(|name| name.runs[counter].parse().ok().filter(|number| *number < FIRST_ABSURD))
            .collect();
        let files: Vec<PathBuf> = names.into_iter().map(|name| name.path).collect();
        match numbers.filter(|numbers| count_frames(numbers)) {
            Some(numbers) => {
                let first = numbers.first().copied().unwrap_or(0);
                let base = if first == 1 { 1 } else { 0 };
                let frames = numbers.iter().map(|number| number - base).collect();
                let name_of_frame_0 = (base > 0).then_some(base);
                Ok(Self { files, frames, name_of_frame_0, remark: None })
            }
            None => {
                let remark = "the numbers in the names of the pictures do not go up by one; they give \
                              the order only";
                let frames = (0..files.len() as u64).collect();
                Ok(Self { files, frames, name_of_frame_0: None, remark: Some(remark.into()) })
            }
        }
    }

    /// Number of frames that are missing before picture `place`.
    pub(super) fn lost_before(&self, place: usize) -> u64 {
        match place.checked_sub(1).and_then(|before| self.frames.get(before)) {
            Some(before) => self.frames[place] - before - 1,
            None => 0,
        }
    }

    /// Number of frames from the first to the last, the missing ones included.
    pub(super) fn span(&self) -> u64 {
        match (self.frames.first(), self.frames.last()) {
            (Some(first), Some(last)) => last - first + 1,
            _ => 0,
        }
    }

    /// The number that frame `frame` has, or would have, in its name.
    pub(super) fn number_of(&self, frame: u64) -> u64 {
        frame + self.name_of_frame_0.unwrap_or(0)
    }
}

/// True if increasing numbers count frames: at least half of them follow their predecessor.
fn count_frames(numbers: &[u64]) -> bool {
    let steps = numbers.windows(2);
    let (all, by_one) = (steps.len(), steps.filter(|pair| pair[1] == pair[0] + 1).count());
    by_one * 2 >= all
}

/// A file's name in parts.
#[derive(Debug)]
struct Name {
    path: PathBuf,
    stem: String,
    /// The texts before, between and after the digits, in lower case.
    texts: Vec<String>,
    /// The runs of digits.
    runs: Vec<String>,
}

impl Name {
    fn of(path: PathBuf) -> Self {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (mut texts, mut runs) = (vec![String::new()], Vec::<String>::new());
        let mut was_digit = false;
        for c in stem.chars() {
            let is_digit = c.is_ascii_digit();
            match (is_digit, was_digit) {
                (true, true) => runs.last_mut().into_iter().for_each(|run| run.push(c)),
                (true, false) => runs.push(c.into()),
                (false, true) => texts.push(c.to_lowercase().collect()),
                (false, false) => {
                    texts.last_mut().into_iter().for_each(|text| text.extend(c.to_lowercase()));
                }
            }
            was_digit = is_digit;
        }
        Self { path, stem, texts, runs }
    }

    /// `color_#`: the name with the runs of `shown` as they are, and `#` for every other run.
    fn pattern(&self, shown: &[usize]) -> String {
        let mut pattern = String::new();
        for (at, text) in self.texts.iter().enumerate() {
            pattern.push_str(text);
            match self.runs.get(at) {
                Some(run) if shown.contains(&at) => pattern.push_str(run),
                Some(_) => pattern.push('#'),
                None => {}
            }
        }
        pattern
    }

    /// `0.033` as its whole part and its decimals, for comparing.
    fn decimal(&self) -> (usize, String, String) {
        let whole = self.runs.first().map_or("", |run| run.trim_start_matches('0'));
        let fraction = self.runs.get(1).map_or("", |run| run.trim_end_matches('0'));
        (whole.len(), whole.to_owned(), fraction.to_owned())
    }
}

/// True if names are decimal numbers such as `0.033` and `0.1`, and not numbers of frames after a point.
fn are_times(names: &[Name]) -> bool {
    let is_decimal = |name: &Name| match (name.runs.len(), name.texts.as_slice()) {
        (1, [_]) => true,
        (2, [_, point]) => point == ".",
        _ => false,
    };
    let first = |name: &Name| name.texts.first().cloned();
    let is_one = names.windows(2).all(|pair| first(&pair[0]) == first(&pair[1]));
    let with_point: Vec<&Name> = names.iter().filter(|name| name.runs.len() == 2).collect();
    if with_point.is_empty() || !is_one || !names.iter().all(is_decimal) {
        return false;
    }
    let same =
        |part: fn(&Name) -> usize| with_point.windows(2).all(|pair| part(pair[0]) == part(pair[1]));
    let is_counter = with_point.len() == names.len()
        && with_point.windows(2).all(|pair| pair[0].runs[0] == pair[1].runs[0])
        && same(|name| name.runs[1].len());
    let mut fractions: Vec<u64> =
        with_point.iter().filter_map(|name| name.runs[1].parse().ok()).collect();
    fractions.sort_unstable();
    !(is_counter && count_frames(&fractions))
}

/// The run of digits that counts frames. `None` if several runs change and none of them is different for
/// every picture.
fn counter(names: &[Name]) -> Result<Option<usize>, (&'static str, String)> {
    let runs = names.first().map_or(0, |name| name.runs.len());
    let values =
        |run: usize| names.iter().map(|name| name.runs[run].as_str()).collect::<BTreeSet<_>>();
    let changing: Vec<usize> = (0..runs).filter(|run| values(*run).len() > 1).collect();
    match changing.as_slice() {
        [] => return Ok(runs.checked_sub(1)),
        [one] => return Ok(Some(*one)),
        _ => {}
    }
    let telling: Vec<usize> =
        changing.iter().copied().filter(|run| values(*run).len() == names.len()).collect();
    let counts = |run: &&usize| {
        let mut numbers: Vec<u64> =
            names.iter().filter_map(|name| name.runs[**run].parse().ok()).collect();
        numbers.sort_unstable();
        count_frames(&numbers)
    };
    if let Some(run) = telling.iter().find(counts).or(telling.first()) {
        return Ok(Some(*run));
    }
    let others = &changing[..changing.len() - 1];
    let patterns: BTreeSet<String> = names.iter().map(|name| name.pattern(others)).collect();
    if patterns.len() * 2 <= names.len() {
        one_of(names, |name| name.pattern(others))?;
    }
    Ok(None)
}

/// Refuses names of several patterns.
fn one_of(names: &[Name], pattern: impl Fn(&Name) -> String) -> Result<(), (&'static str, String)> {
    const MOST: usize = 4;
    let mut patterns: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *patterns.entry(pattern(name)).or_default() += 1;
    }
    if patterns.len() < 2 {
        return Ok(());
    }
    let count = patterns.len();
    let listed: Vec<_> =
        patterns.iter().take(MOST).map(|(name, count)| format!("`{name}` ({count})")).collect();
    let more = if count > MOST { format!(" and {} others", count - MOST) } else { String::new() };
    let found = format!("{count} of them: {}{more}", listed.join(", "));
    Err(("one sequence of pictures; put each into a folder of its own", found))
}

/// Orders numbers of any length by value.
fn number_order(a: &str, b: &str) -> Ordering {
    let [a, b] = [a, b].map(|run| run.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Shown = Result<(Vec<String>, Vec<u64>), String>;

    fn shown(names: &[&str]) -> Shown {
        let sequence = Sequence::of(names.iter().map(PathBuf::from).collect());
        let sequence = sequence.map_err(|(expected, found)| format!("{expected}: {found}"))?;
        Ok((sequence.files.iter().map(|path| file_name(path)).collect(), sequence.frames))
    }

    fn remark(names: &[&str]) -> Option<String> {
        Sequence::of(names.iter().map(PathBuf::from).collect()).expect("one sequence").remark
    }

    #[test]
    fn a_frame_has_the_number_of_its_name_unless_names_begin_at_1() {
        let frames = |names: &[&str]| shown(names).expect("one sequence").1;
        assert_eq!(frames(&["img46.jpg", "img48.jpg", "img47.jpg"]), [46, 47, 48]);
        assert_eq!(frames(&["img0.jpg", "img1.jpg", "img3.jpg"]), [0, 1, 3]);
        assert_eq!(frames(&["img001.jpg", "img002.jpg", "img004.jpg"]), [0, 1, 3]);
        assert_eq!(frames(&["006_05562.jpg", "006_05563.jpg"]), [5562, 5563], "SAMM");
        assert_eq!(frames(&["f_0010_640x480.png", "f_0011_640x480.png"]), [10, 11]);
        assert_eq!(frames(&["a.png", "b.png"]), [0, 1], "no number anywhere");
        assert_eq!(frames(&["reg_img7.png"]), [7]);
        let one = Sequence::of(vec!["IMG_1.jpg".into(), "img_2.JPG".into()]).expect("one");
        assert_eq!((one.frames, one.name_of_frame_0, one.remark), (vec![0, 1], Some(1), None));
    }

    #[test]
    fn names_that_are_times_are_sorted_as_numbers() {
        let names = ["0.1.jpg", "0.033.jpg", "10.5.jpg", "1.jpg", "0.jpg", "2.25.jpg"];
        let (files, frames) = shown(&names).expect("one sequence");
        assert_eq!(files, ["0.jpg", "0.033.jpg", "0.1.jpg", "1.jpg", "2.25.jpg", "10.5.jpg"]);
        assert_eq!(frames, [0, 1, 2, 3, 4, 5]);
        assert!(remark(&names).is_some_and(|text| text.contains("look like times")));
        let fixed = ["0.033.png", "0.067.png", "0.100.png", "1.000.png"];
        assert_eq!(shown(&fixed).expect("one sequence").1, [0, 1, 2, 3]);
        let counter = ["shot1.0007.png", "shot1.0008.png", "shot1.0010.png"];
        assert_eq!(shown(&counter).expect("one sequence").1, [7, 8, 10]);
    }

    #[test]
    fn numbers_that_count_no_frames_give_the_order_only() {
        let stamps = ["1403636579763555584.png", "1403636579813555456.png", "9.png"];
        assert_eq!(shown(&stamps).expect("one sequence").0[0], "9.png");
        let tens = ["a10.png", "a20.png", "a30.png"];
        assert_eq!(shown(&tens).expect("one sequence").1, [0, 1, 2]);
        for names in [stamps, tens] {
            assert!(remark(&names).is_some_and(|text| text.contains("order only")));
        }
    }

    #[test]
    fn several_sequences_in_one_folder_are_refused_with_their_names() {
        for (names, words) in [
            (
                ["color_1.jpg", "color_2.jpg", "depth_1.jpg", "depth_2.jpg"],
                ["color_#` (2)", "depth_#"],
            ),
            (
                ["cam1_01.jpg", "cam1_02.jpg", "cam2_01.jpg", "cam2_02.jpg"],
                ["cam1_#` (2)", "cam2_#"],
            ),
            (["img1.jpg", "img2.jpg", "img3.jpg", "cover.jpg"], ["`cover` (1)", "`img#` (3)"]),
        ] {
            let error = shown(&names).expect_err("refused");
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
        let error = shown(&["img1.jpg", "img2.jpg", "img01.jpg"]).expect_err("refused");
        assert!(error.contains("img01.jpg and img1.jpg"), "{error}");
        let error = shown(&["img1.jpg", "img1.png"]).expect_err("refused");
        assert!(error.contains("img1.jpg and img1.png"), "{error}");
    }

    proptest! {
        #[test]
        fn every_picture_is_there_once_and_frames_grow(
            numbers in prop::collection::btree_set(0u64..200, 1..40),
            width in 1usize..5,
        ) {
            let names: Vec<_> = numbers.iter().map(|n| format!("img{n:0width$}.png")).collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let (files, frames) = shown(&names).expect("one sequence");
            prop_assert_eq!(files.len(), names.len());
            prop_assert!(frames.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
