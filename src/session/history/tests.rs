//! Plots of a history: no peak lost, no gap crossed.

use super::*;
use crate::measure::sample::Score;
use proptest::prelude::*;

fn sample(seq: u64, micro: Option<f32>) -> Sample {
    Sample {
        seq,
        time: Timestamp::of_frame(seq, 30.0),
        quality: crate::measure::quality::Quality::default(),
        motion: None,
        score: micro.map(|micro| Score { micro, macro_: 0.0 }),
    }
}

fn history(values: &[Option<f32>]) -> History {
    let mut history = History::keeping_all();
    for (seq, &value) in values.iter().enumerate() {
        history.push(sample(seq as u64, value));
    }
    history
}

fn values() -> impl Strategy<Value = Vec<Option<f32>>> {
    prop::collection::vec(prop::option::weighted(0.9, 0f32..1.0), 1..3000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_peak_is_lost_and_none_invented(
        values in values(), a in 0f64..1.0, b in 0f64..1.0, wanted in 1usize..200,
    ) {
        let end = values.len() as f64 / 30.0;
        let (from, to) = (end * a.min(b), end * a.max(b));
        let (from, to) = (Timestamp::from_secs(from), Timestamp::from_secs(to));
        let history = history(&values);
        let columns = history.columns(Channel::Micro, from, to, wanted);
        let inside = |s: &Sample, f: Timestamp, l: Timestamp| (f..=l).contains(&s.time);
        for s in history.samples().iter().filter(|s| inside(s, from, to)) {
            let home = columns.iter().find(|c| (c.first..=c.last).contains(&s.time));
            let home = home.expect("every sample inside has a column");
            match s.score {
                Some(Score { micro, .. }) => prop_assert!(
                    home.range.is_some_and(|(l, g)| (l..=g).contains(&micro))),
                None => prop_assert!(home.has_gap),
            }
        }
        for column in &columns {
            let own: Vec<f32> = history.samples().iter()
                .filter(|s| inside(s, column.first, column.last))
                .filter_map(|s| s.score.map(|score| score.micro)).collect();
            let extremes = own.iter().copied().reduce(f32::min)
                .zip(own.iter().copied().reduce(f32::max));
            prop_assert_eq!(column.range, extremes);
        }
    }

    #[test]
    fn no_line_crosses_a_span_that_is_not_scored(
        values in values(), a in 0f64..1.0, b in 0f64..1.0, wanted in 1usize..200,
    ) {
        let end = values.len() as f64 / 30.0;
        let (from, to) = (end * a.min(b), end * a.max(b));
        let (from, to) = (Timestamp::from_secs(from), Timestamp::from_secs(to));
        let history = history(&values);
        let unscored: Vec<f64> = history.samples().iter()
            .filter(|s| s.score.is_none()).map(|s| s.time.secs()).collect();
        let lines = history.lines(Channel::Micro, from, to, wanted);
        for segment in lines.iter().flat_map(|line| line.windows(2)) {
            let [first, last] = [segment[0][0], segment[1][0]];
            let crossed = unscored.iter().find(|&&t| first < t && t < last);
            prop_assert!(crossed.is_none(), "{first} to {last} crosses {crossed:?}");
        }
        let columns = history.columns(Channel::Micro, from, to, wanted);
        let greatest = columns.iter().filter_map(|c| c.range).map(|r| f64::from(r.1));
        let drawn = lines.iter().flatten().map(|point| point[1]);
        prop_assert_eq!(drawn.fold(-1.0, f64::max), greatest.fold(-1.0, f64::max));
    }

    #[test]
    fn a_peak_outlives_the_whole_samples_round_it(
        len in 100usize..20_000, at in 0.0..1.0f64, keep in 1usize..900_000,
        wanted in 1usize..60,
    ) {
        let peak = (at * len as f64) as usize;
        let mut history = History::keeping(keep);
        for seq in 0..len {
            history.push(sample(seq as u64, Some(if seq == peak { 0.9 } else { 0.1 })));
        }
        let time = Timestamp::of_frame(peak as u64, 30.0);
        let end = Timestamp::of_frame(len as u64, 30.0);
        for (from, to) in [(Timestamp::ZERO, end), (time - 0.5, time + 0.5)] {
            let columns = history.columns(Channel::Micro, from, to, wanted);
            let greatest = columns.iter().filter_map(|c| c.range).map(|r| r.1).fold(0.0, f32::max);
            prop_assert_eq!(greatest, 0.9);
        }
    }

    #[test]
    fn a_plot_costs_no_more_for_a_longer_session(
        len in 1u64..60_000, wanted in 4usize..100,
    ) {
        let mut history = History::default();
        (0..len).for_each(|seq| history.push(sample(seq, Some(0.5))));
        let end = Timestamp::of_frame(len, 30.0);
        let columns = history.columns(Channel::Micro, Timestamp::ZERO, end, wanted);
        prop_assert!(columns.len() <= 2 * wanted + 2, "{} for {wanted}", columns.len());
    }

    #[test]
    fn a_plot_is_an_eighth_as_fine_as_was_asked_or_finer(len in 1u64..20_000, wanted in 8usize..100) {
        let mut history = History::default();
        (0..len).for_each(|seq| history.push(sample(seq, Some(0.5))));
        let end = Timestamp::of_frame(len, 30.0);
        let columns = history.columns(Channel::Micro, Timestamp::ZERO, end, wanted);
        // The finest blocks hold sixteen samples, and twice as many columns as asked for are whole.
        prop_assert!(columns.len() >= (wanted / 8).min(len as usize), "{} of {len} for {wanted}", columns.len());
    }
}

#[test]
fn a_history_spans_from_its_first_to_its_last_sample() {
    assert!(History::default().is_empty() && History::default().span().is_none());
    let mut history = History::default();
    (3..10).for_each(|seq| history.push(sample(seq, None)));
    let at = |seq| Timestamp::of_frame(seq, 30.0);
    assert_eq!((history.is_empty(), history.span()), (false, Some((at(3), at(9)))));
}

#[test]
fn every_channel_draws_its_own_numbers_and_its_own_gaps_whole_or_folded() {
    let all: Vec<_> = channels().collect();
    let full = |seq: u64| {
        let mut regions = [[0.0f32; 2]; REGIONS];
        regions.iter_mut().zip(10u8..).for_each(|(region, n)| region[1] = n.into());
        let mut sample = sample(seq, Some(0.5));
        sample.score = Some(Score { micro: 0.5, macro_: 0.25 });
        (sample.quality.rate_fps, sample.quality.head_speed) = (30.0, 2.0);
        sample.motion = Some(crate::measure::regions::RegionMotion { regions, head: [0.0; 2] });
        sample
    };
    let mut history = History::keeping_all();
    for seq in 0..640 {
        let mut sample = full(seq);
        match seq {
            3 => sample.quality.head_speed = f32::NAN,
            100 => sample.score = None,
            200 => sample.motion = None,
            300 => sample.quality.rate_fps = f32::NAN,
            _ => (),
        }
        history.push(sample);
    }
    let value = |channel| match channel {
        Channel::Micro => 0.5,
        Channel::Macro => 0.25,
        Channel::Rate => 30.0,
        Channel::HeadSpeed => 2.0,
        Channel::Region(region) => (10 + region) as f32,
    };
    let gap = |channel| match channel {
        Channel::Micro | Channel::Macro => 100,
        Channel::Rate => 300,
        Channel::HeadSpeed => 3,
        Channel::Region(_) => 200,
    };
    let end = Timestamp::from_secs(60.0);
    for wanted in [5, 30, 640] {
        for &channel in &all {
            let columns = history.columns(channel, Timestamp::ZERO, end, wanted);
            assert!(
                columns
                    .iter()
                    .filter_map(|c| c.range)
                    .all(|r| r == (value(channel), value(channel)))
            );
            let gaps: Vec<_> = columns.iter().filter(|c| c.has_gap).collect();
            let at = Timestamp::of_frame(gap(channel), 30.0);
            assert!(
                gaps.len() == 1 && (gaps[0].first..=gaps[0].last).contains(&at),
                "{channel:?} {wanted}"
            );
        }
    }
    assert_eq!(all.len(), CHANNELS);
    assert!(history.columns(Channel::Region(REGIONS), Timestamp::ZERO, end, 9).is_empty());
}

#[test]
fn twice_as_many_samples_as_columns_are_drawn_one_by_one() {
    let history = history(&[Some(0.5); 40]);
    let (from, to) = (Timestamp::from_secs(-1.0), Timestamp::from_secs(9.0));
    let single = |wanted| {
        history.columns(Channel::Micro, from, to, wanted).iter().all(|c| c.first == c.last)
    };
    assert!(single(20) && !single(19));
}

#[test]
fn two_pieces_are_kept_however_little_may_be_and_then_the_oldest_goes() {
    let mut history = History::keeping(1);
    for seq in 0..=2 * PIECE {
        assert_eq!(history.folded(), 0, "{seq}");
        history.push(sample(seq as u64, None));
    }
    assert_eq!((history.folded(), history.samples().len()), (PIECE, PIECE + 1));
}

#[test]
fn four_hours_at_30_fps_are_kept_whole_and_for_a_file_all() {
    let four_hours = 4.0 * 3600.0 * 30.0 * Samples::bytes_each(30.0, 30.0);
    assert!(History::default().kept_bytes as f64 > four_hours);
    assert_eq!(History::keeping_all().kept_bytes, usize::MAX);
}

#[test]
fn a_gap_breaks_the_line() {
    let history = history(&[Some(0.1), Some(0.2), None, None, Some(0.3)]);
    let lines = history.lines(Channel::Micro, Timestamp::ZERO, Timestamp::from_secs(1.0), 100);
    assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn what_is_no_longer_whole_is_still_drawn() {
    let mut history = History::keeping(500_000);
    for seq in 0..30_000 {
        history.push(sample(seq, Some(if seq == 50 { 0.9 } else { 0.1 })));
    }
    assert!((PIECE..3 * PIECE).contains(&history.samples().len()));
    assert_eq!(history.len(), 30_000);
    assert_eq!(history.folded() + history.samples().len(), 30_000);
    let columns = history.columns(Channel::Micro, Timestamp::ZERO, Timestamp::from_secs(5.0), 100);
    let peak = columns.iter().filter_map(|c| c.range).map(|r| r.1).fold(0.0, f32::max);
    assert_eq!(peak, 0.9);
}

#[test]
fn the_nearest_sample_is_the_nearest() {
    let history = history(&[Some(0.0); 10]);
    let at = |secs| history.nearest(Timestamp::from_secs(secs)).map(|s| s.seq);
    assert_eq!((at(-5.0), at(0.11), at(0.12), at(99.0)), (Some(0), Some(3), Some(4), Some(9)));
    assert_eq!(History::default().nearest(Timestamp::ZERO), None);
}

#[test]
fn a_region_that_does_not_exist_has_no_columns() {
    let far = Timestamp::from_secs(9.0);
    assert!(history(&[None]).columns(Channel::Region(99), Timestamp::ZERO, far, 9).is_empty());
}

#[test]
fn memory_is_what_the_module_says() {
    let an_hour = |fps: f64| Samples::bytes_each(fps, 30.0) * fps * 3600.0 / 1e6;
    assert!(an_hour(30.0) <= 29.0 && an_hour(200.0) <= 73.0, "{}", an_hour(200.0));
    let per_sample = Pyramid::bytes_per_sample();
    assert!(per_sample <= 28.5, "{per_sample}");
}
