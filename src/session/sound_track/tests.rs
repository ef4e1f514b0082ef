use super::*;
use crate::media::sound::SoundFile;
use crate::media::wav::WavReader;

const RATE: f64 = 8000.0;
const FPS: f64 = 30.0;
const BLOCK: usize = 160;

/// A film with a clap each second, and a microphone whose clock runs wrong by `ppm` millionths.
struct Scene {
    folder: tempfile::TempDir,
    track: SoundTrack,
    ppm: f64,
}

impl Scene {
    fn new(ppm: f64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let track = SoundTrack::create(folder.path(), RATE as u32).expect("made");
        Self { folder, track, ppm }
    }

    /// The clock's second at which the microphone takes its sample number `n`.
    fn second_of(&self, n: u64) -> f64 {
        n as f64 / (RATE * (1.0 + self.ppm * 1e-6))
    }

    /// Block number `n`: a clap of two milliseconds at each whole second.
    fn block(&self, n: u64) -> (Timestamp, Vec<i16>) {
        let first = n * BLOCK as u64;
        let is_clap = |i: u64| self.second_of(first + i).fract() < 0.002;
        let samples = (0..BLOCK as u64).map(|i| if is_clap(i) { 20_000 } else { 0 }).collect();
        (Timestamp::from_secs(self.second_of(first)), samples)
    }

    /// Films for `secs` seconds; blocks of the seconds for which `is_lost` is true do not come, and each time
    /// is wrong by up to `jitter_secs`.
    fn film(&mut self, secs: f64, jitter_secs: f64, is_lost: impl Fn(f64) -> bool) {
        let mut picture = 0;
        for n in 0.. {
            let (time, samples) = self.block(n);
            if time.secs() >= secs {
                break;
            }
            // The pictures come a little later than the sound.
            while Timestamp::of_frame(picture, FPS).secs() < time.secs() - 0.1 {
                self.track.picture(Timestamp::of_frame(picture, FPS)).expect("written");
                picture += 1;
            }
            if !is_lost(time.secs()) {
                let wrong = ((n * 7919) % 1000) as f64 / 1000.0 - 0.5;
                self.track.push(time + wrong * 2.0 * jitter_secs, &samples).expect("written");
            }
        }
    }

    fn reader(&self) -> WavReader {
        WavReader::open(&self.folder.path().join(SOUND_FILE)).expect("opens")
    }

    /// Where the clap that belongs to second `secs` is in the file, seconds.
    fn clap(&self, secs: u64) -> f64 {
        let mut around = vec![0; RATE as usize];
        let first = (secs as f64 * RATE - RATE / 2.0) as i64;
        self.reader().read(first, &mut around).expect("read");
        let at = around.iter().position(|sample| *sample > 8000).expect("a clap");
        (first + at as i64) as f64 / RATE
    }
}

#[test]
fn an_hour_after_the_first_clap_sound_and_picture_are_less_than_a_frame_apart() {
    // Sound cards differ from their rate by up to a hundred millionths; 300 is a bad one.
    for ppm in [-300.0, 0.0, 300.0] {
        let mut scene = Scene::new(ppm);
        scene.film(3605.0, 0.004, |_| false);
        scene.track.keep().expect("written");
        for secs in [1, 60, 1800, 3600] {
            let apart = scene.clap(secs) - secs as f64;
            assert!(apart.abs() < 0.010, "{apart} s apart at {secs} s with {ppm} ppm");
        }
        assert_eq!(scene.track.take_losses(), [], "with {ppm} ppm");
    }
}

#[test]
fn what_is_lost_is_counted_and_silence_keeps_the_time() {
    let mut scene = Scene::new(50.0);
    scene.film(20.0, 0.001, |secs| (5.3..7.1).contains(&secs) || (12.0..12.1).contains(&secs));
    scene.track.keep().expect("written");
    for secs in [1, 4, 5, 8, 11, 13, 17] {
        assert!((scene.clap(secs) - secs as f64).abs() < 0.010, "{} s", scene.clap(secs));
    }
    let losses = scene.track.take_losses();
    let found: Vec<_> = losses.iter().map(|loss| (loss.at.secs(), loss.secs)).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    for ((at, secs), (first, long)) in found.into_iter().zip([(5.3, 1.8), (12.0, 0.1)]) {
        assert!((at - first).abs() < 0.03 && (secs - long).abs() < 0.03, "{at} s: {secs} s");
    }
    let mut silence = vec![1; RATE as usize];
    scene.reader().read((5.6 * RATE) as i64, &mut silence).expect("read");
    assert!(silence.iter().all(|sample| *sample == 0));
    assert!(scene.track.take_losses().is_empty(), "each is told once");
}

#[test]
fn sound_before_the_first_picture_and_after_the_last_is_not_stored() {
    let mut scene = Scene::new(0.0);
    let loud = vec![9000; BLOCK];
    for n in -30i64..300 {
        scene.track.push(Timestamp::from_secs(n as f64 * 0.02), &loud).expect("written");
        if n == 100 {
            scene.track.picture(Timestamp::from_secs(2.0)).expect("written");
            scene.track.end_at(Timestamp::from_secs(2.0 + 1.0 / FPS)).expect("written");
        }
    }
    assert!(scene.track.is_complete());
    scene.track.finish(Timestamp::from_secs(2.0 + 1.0 / FPS)).expect("written");
    let reader = scene.reader();
    assert!((reader.secs() - 2.0 - 1.0 / FPS).abs() < 1e-4, "{} s", reader.secs());
    assert!(scene.track.take_losses().is_empty());
}

#[test]
fn while_paused_nothing_is_stored_and_nothing_counts_as_lost() {
    let mut scene = Scene::new(0.0);
    let block = |n: u64| (Timestamp::from_secs(n as f64 * 0.02), vec![n as i16; BLOCK]);
    for n in 0..50 {
        let (time, samples) = block(n);
        scene.track.push(time, &samples).expect("written");
    }
    scene.track.picture(Timestamp::from_secs(1.0)).expect("written");
    scene.track.pause();
    for n in 50..150 {
        let (time, samples) = block(n);
        scene.track.push(time, &samples).expect("taken");
    }
    scene.track.picture(Timestamp::from_secs(3.0)).expect("written");
    for n in 150..200 {
        let (time, samples) = block(n);
        scene.track.push(time, &samples).expect("written");
    }
    scene.track.picture(Timestamp::from_secs(4.0)).expect("written");
    scene.track.finish(Timestamp::from_secs(4.0)).expect("written");
    let mut between = vec![1; RATE as usize];
    scene.reader().read((1.5 * RATE) as i64, &mut between).expect("read");
    assert!(between.iter().all(|sample| *sample == 0));
    assert_eq!(
        (scene.reader().samples(), scene.track.take_losses()),
        (4 * RATE as u64, Vec::new())
    );
}

#[test]
fn a_stretched_block_keeps_its_ends() {
    let samples: Vec<i16> = (0..960).map(|i| i * 30).collect();
    for length in [958, 959, 961, 962] {
        let made = stretched(&samples, length);
        assert_eq!((made.len(), made[0]), (length, 0));
        assert!((i32::from(made[length - 1]) - 959 * 30).abs() <= 60);
    }
}
