//! Which samples of a track are shown, in which order, and when: the composition times, cut and moved by the
//! edit list (ISO/IEC 14496-12, 8.6.6).

use re_mp4::{Mp4, Sample, Track, TrakBox};

use crate::measure::time::Timestamp;

/// The effect of a track's edit list: a pause before the track, and the part that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// For this long, nothing is shown before the first picture.
    pause_nanos: i128,
    /// The time that is shown first, in the ticks of the media.
    from_ticks: i64,
    /// True if samples before `from_ticks` are hidden. In fragmented files they are not, because ffmpeg shows
    /// them.
    hides: bool,
    /// Samples from here on are hidden.
    until_ticks: Option<i64>,
}

impl Edit {
    const WHOLE: Self = Self { pause_nanos: 0, from_ticks: 0, hides: false, until_ticks: None };

    /// The error says what cannot be followed here. It follows "an MP4 file with …".
    pub(super) fn of(mp4: &Mp4, trak: &TrakBox) -> Result<Self, String> {
        let entries = trak.edts.as_ref().and_then(|edts| edts.elst.as_ref());
        let Some(list) = entries.filter(|list| !list.entries.is_empty()) else {
            return Ok(Self::WHOLE);
        };
        let nothing = if list.version == 1 { u64::MAX } else { u64::from(u32::MAX) };
        let pauses = list.entries.iter().take_while(|entry| entry.media_time == nothing);
        let (count, ticks) = pauses
            .fold((0, 0), |(n, sum), entry| (n + 1, sum + i128::from(entry.segment_duration)));
        let movie_ticks = i128::from(mp4.moov.mvhd.timescale.max(1));
        let pause_nanos = ticks * 1_000_000_000 / movie_ticks;
        let entry = match &list.entries[count..] {
            [] => return Ok(Self { pause_nanos, ..Self::WHOLE }),
            [entry] if (entry.media_rate, entry.media_rate_fraction) == (1, 0) => entry,
            [_] => return Err("an edit list that changes its speed".into()),
            more => return Err(format!("an edit list of {} parts", more.len())),
        };
        let from_ticks = i64::try_from(entry.media_time)
            .map_err(|_| "an edit list that begins beyond all time".to_owned())?;
        let is_fragmented = !mp4.moofs.is_empty();
        // Rounded to the nearest tick of the media.
        let length = i128::from(entry.segment_duration) * i128::from(trak.mdia.mdhd.timescale) * 2
            + movie_ticks;
        let length = i64::try_from(length / (2 * movie_ticks)).unwrap_or(i64::MAX);
        let until = (length > 0 && !is_fragmented).then(|| from_ticks.saturating_add(length));
        Ok(Self { pause_nanos, from_ticks, hides: !is_fragmented, until_ticks: until })
    }

    fn shows(&self, ticks: i64) -> bool {
        (!self.hides || ticks >= self.from_ticks)
            && self.until_ticks.is_none_or(|until| ticks < until)
    }

    /// When media time `ticks` is shown, on the movie's clock.
    fn movie_nanos(&self, ticks: i64, timescale: u64) -> i128 {
        let ticks = i128::from(ticks) - i128::from(self.from_ticks);
        self.pause_nanos + ticks * 1_000_000_000 / i128::from(timescale.max(1))
    }
}

/// The composition time of every sample in ticks, as the file states it. The parser's own times differ: it
/// moves those of the index to begin at 0, and lets every fragment follow the previous one whatever time the
/// fragment states.
pub(super) fn composition_ticks(mp4: &Mp4, track: &Track) -> Vec<i64> {
    let trak = track.trak(mp4);
    let mut ticks: Vec<i64> = track.samples.iter().map(|s| s.composition_timestamp).collect();
    let fragments: Vec<_> = mp4
        .moofs
        .iter()
        .flat_map(|moof| &moof.trafs)
        .filter(|traf| traf.tfhd.track_id == track.track_id)
        .map(|traf| {
            let count: usize = traf.truns.iter().map(|trun| trun.sample_count as usize).sum();
            (count, traf.tfdt.as_ref().map(|tfdt| tfdt.base_media_decode_time))
        })
        .collect();
    let in_fragments: usize = fragments.iter().map(|(count, _)| count).sum();
    let in_index = ticks.len().saturating_sub(in_fragments);
    if let Some(first) = ticks.first().copied().filter(|_| in_index > 0) {
        let table = trak.mdia.minf.stbl.ctts.as_ref();
        let stated = table.and_then(|ctts| ctts.entries.first());
        let moved = stated.map_or(0, |entry| i64::from(entry.sample_offset)) - first;
        ticks[..in_index].iter_mut().for_each(|tick| *tick = tick.saturating_add(moved));
    }
    let mut at = in_index;
    for (count, stated) in fragments {
        if let Some((sample, stated)) = track.samples.get(at).zip(stated) {
            let moved = i64::try_from(stated).unwrap_or(i64::MAX);
            let moved = moved.saturating_sub(sample.decode_timestamp);
            let end = (at + count).min(ticks.len());
            ticks[at..end].iter_mut().for_each(|tick| *tick = tick.saturating_add(moved));
        }
        at += count;
    }
    ticks
}

/// When the first of the video and sound tracks begins, on the movie's clock. This is a player's zero.
pub(super) fn movie_start_nanos(mp4: &Mp4) -> Option<i128> {
    let begins = |track: &Track| {
        let trak = track.trak(mp4);
        let kind = trak.mdia.hdlr.handler_type.value;
        if track.samples.is_empty() || ![*b"vide", *b"soun"].contains(&kind) {
            return None;
        }
        let edit = Edit::of(mp4, trak).unwrap_or(Edit::WHOLE);
        let ticks = composition_ticks(mp4, track);
        let first = ticks.into_iter().filter(|tick| edit.shows(*tick)).min()?;
        // Sound is cut inside a packet; the rest begins where the pause ends.
        let first = if kind == *b"soun" && edit.hides { edit.from_ticks } else { first };
        Some(edit.movie_nanos(first, track.timescale))
    };
    mp4.tracks().values().filter_map(begins).min()
}

/// Seconds on a player's clock at which media time zero of the first sound track is heard.
pub(super) fn sound_start_secs(mp4: &Mp4) -> Option<f64> {
    let is_sound = |track: &&Track| track.trak(mp4).mdia.hdlr.handler_type.value == *b"soun";
    let track = mp4.tracks().values().find(is_sound)?;
    let edit = Edit::of(mp4, track.trak(mp4)).unwrap_or(Edit::WHOLE);
    let nanos = edit.movie_nanos(0, track.timescale) - movie_start_nanos(mp4).unwrap_or(0);
    Some(nanos as f64 / 1e9)
}

/// In which order, and when, the samples are shown.
pub(super) struct DisplayOrder {
    /// Place of every sample in the order of display, in file order; `None` if it is not shown.
    pub(super) places: Vec<Option<u64>>,
    /// Sample of every place.
    pub(super) samples: Vec<usize>,
    /// Time of every place since the first.
    pub(super) times: Vec<Timestamp>,
    /// When the first one is shown, on the movie's clock.
    pub(super) start_nanos: i128,
}

impl DisplayOrder {
    /// `ticks` are composition times. Samples for which `is_empty` holds have no picture and no place.
    pub(super) fn of(
        ticks: &[i64],
        timescale: u64,
        edit: &Edit,
        is_empty: impl Fn(usize) -> bool,
    ) -> Self {
        let mut samples: Vec<usize> =
            (0..ticks.len()).filter(|&i| edit.shows(ticks[i]) && !is_empty(i)).collect();
        samples.sort_by_key(|&i| ticks[i]);
        let first = samples.first().map_or(0, |&i| ticks[i]);
        let mut places = vec![None; ticks.len()];
        let mut times = Vec::with_capacity(samples.len());
        for (place, &i) in samples.iter().enumerate() {
            places[i] = Some(place as u64);
            let since = i128::from(ticks[i]) - i128::from(first);
            let nanos = since * 1_000_000_000 / i128::from(timescale.max(1));
            times.push(Timestamp::from_nanos(nanos.try_into().unwrap_or(i64::MAX)));
        }
        Self { places, samples, times, start_nanos: edit.movie_nanos(first, timescale) }
    }

    pub(super) fn mean_fps(&self) -> Option<f64> {
        let (first, last) = (self.times.first()?, self.times.last()?);
        let secs = last.secs_since(*first);
        (secs > 0.0).then(|| (self.times.len() - 1) as f64 / secs)
    }

    /// Position after the last sample that is shown.
    pub(super) fn end(&self) -> usize {
        self.samples.iter().max().map_or(0, |last| last + 1)
    }

    /// The first sample that is shown, in file order.
    pub(super) fn begin(&self) -> usize {
        self.samples.iter().min().copied().unwrap_or(0)
    }
}

/// True for a sample so short that it may hold no picture: only filler units, or only parameter sets. Such
/// samples are checked.
pub(super) fn may_be_empty(sample: &Sample) -> bool {
    const SHORT_BYTES: u64 = 1024;
    sample.size <= SHORT_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: Edit =
        Edit { pause_nanos: 500_000_000, from_ticks: 20, hides: true, until_ticks: Some(50) };

    #[test]
    fn what_an_edit_hides_has_no_place_and_what_it_shows_is_counted_from_the_first() {
        let order = DisplayOrder::of(&[0, 10, 40, 20, 30, 50, 60], 10, &CUT, |_| false);
        assert_eq!(order.samples, [3, 4, 2]);
        assert_eq!(order.places, [None, None, Some(2), Some(0), Some(1), None, None]);
        assert_eq!(order.times, [0.0, 1.0, 2.0].map(Timestamp::from_secs));
        assert_eq!((order.begin(), order.end()), (2, 5));
        assert_eq!(order.start_nanos, 500_000_000);
    }

    #[test]
    fn a_sample_without_a_picture_takes_no_place() {
        let order = DisplayOrder::of(&[0, 10, 20], 10, &Edit::WHOLE, |i| i == 1);
        assert_eq!(order.places, [Some(0), None, Some(1)]);
        assert_eq!(order.times, [0.0, 2.0].map(Timestamp::from_secs));
    }
}
