//! Thousands of faults, each drawn from a seed. Whatever happens to a source, a file, a disk or a model, the
//! program goes on or ends with a reason, counts what was lost and reports it.
//!
//! A layer is one way in: the real code behind it runs, and only what lies outside is scripted. A scenario is
//! one seed of one layer. `.github/FAULTS.md` says which fault goes through which layer.
//!
//! `cargo test --test it faults::every -- --ignored` runs them:
//!
//! - `FLEETING_FAULTS=10000` asks for so many faults rather than for the few of a quick run;
//! - `FLEETING_FAULTS_SEED=7` begins at another seed;
//! - `FLEETING_FAULT=device:123` runs that one scenario again.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::tools::required;

mod device;
mod disk;
mod driver;
mod files;
mod models;
mod person;
mod run;
mod source;
mod stand_in;

/// Number of faults in a run, by default.
const QUICK: u64 = 1500;

/// Longest time of a scenario. None takes a tenth of this, so one that takes longer hangs.
const WATCHDOG: Duration = Duration::from_secs(120);

/// How many faults of each class were injected.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    fn count(&mut self, class: &'static str) {
        self.count_many(class, 1);
    }

    fn count_many(&mut self, class: &'static str, many: u64) {
        *self.0.entry(class).or_default() += many;
    }

    fn total(&self) -> u64 {
        self.0.values().sum()
    }

    fn classes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(class, many)| (*class, *many))
    }

    fn add(&mut self, other: &Self) {
        other.0.iter().for_each(|(class, many)| self.count_many(class, *many));
    }
}

/// One way in.
struct Layer {
    name: &'static str,
    /// What the faults go through.
    through: &'static str,
    /// Its share of a thousand faults.
    share: u64,
    /// Number of scenarios at the same time; those that mostly wait can be many.
    at_once: usize,
    /// Runs the scenario of a seed; panics if a promise is broken.
    run: fn(u64) -> Tally,
}

static LAYERS: &[Layer] = &[
    Layer {
        name: "device",
        through: "camera source, threads, links, recording, store",
        share: 520,
        at_once: 6,
        run: device::run,
    },
    Layer {
        name: "source",
        through: "threads, links, recording, store",
        share: 200,
        at_once: 1,
        run: source::run,
    },
    Layer {
        name: "files",
        through: "readers of video, pictures and films, threads, review's seeking",
        share: 170,
        at_once: 1,
        run: files::run,
    },
    Layer {
        name: "person",
        through: "the whole pipeline with the shipped models",
        share: 40,
        at_once: 1,
        run: person::run,
    },
    Layer {
        name: "disk",
        through: "recording and store, with a C library between them and the disk",
        share: 45,
        at_once: 1,
        run: disk::run,
    },
    Layer {
        name: "models",
        through: "manifest, hashes, engine",
        share: 10,
        at_once: 1,
        run: models::run,
    },
    Layer {
        name: "driver",
        through: "V4L2 with a virtual camera, camera source, threads, recording, store",
        share: 15,
        at_once: 2,
        run: driver::run,
    },
];

/// A message of a worker.
enum Word {
    Begun(&'static str, u64),
    Ended(&'static str, u64, Result<Tally, String>),
    Done,
}

/// Runs scenarios of a layer, one after the other, until it has had its share.
fn work(
    layer: &'static Layer,
    share: u64,
    next_seed: &AtomicU64,
    had: &AtomicU64,
    tx: &Sender<Word>,
) {
    while had.load(Ordering::SeqCst) < share {
        let seed = next_seed.fetch_add(1, Ordering::SeqCst);
        let said = tx.send(Word::Begun(layer.name, seed)).and_then(|()| {
            let ran = catch_unwind(AssertUnwindSafe(|| (layer.run)(seed)));
            let ran = ran.map_err(|panic| text_of(panic.as_ref()));
            // A scenario without faults cannot run here.
            let many = ran.as_ref().map_or(0, Tally::total);
            had.fetch_add(if many == 0 { share } else { many }, Ordering::SeqCst);
            tx.send(Word::Ended(layer.name, seed, ran))
        });
        if said.is_err() {
            return;
        }
    }
    // No one listens after another scenario has failed.
    tx.send(Word::Done).unwrap_or(());
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

fn number(variable: &str, otherwise: u64) -> u64 {
    let asked = std::env::var(variable).ok();
    asked.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text}")))
}

#[test]
#[ignore = "slow: it goes through more than a thousand faults"]
fn every_fault_is_survived_counted_and_told() {
    if let Ok(one) = std::env::var("FLEETING_FAULT") {
        return again(&one);
    }
    // Of the files that are damaged, one in a hundred goes through ffmpeg.
    required("ffmpeg");
    let (asked, first_seed) = (number("FLEETING_FAULTS", QUICK), number("FLEETING_FAULTS_SEED", 1));
    let begun = Instant::now();
    let (tx, rx) = channel();
    let mut working = 0;
    // Not scoped, because a scenario that hangs must not keep this test from reporting it.
    for layer in LAYERS {
        let share = (asked * layer.share).div_ceil(1000);
        let shared = Arc::new((AtomicU64::new(first_seed), AtomicU64::new(0)));
        for _ in 0..layer.at_once {
            let (tx, shared) = (tx.clone(), Arc::clone(&shared));
            let body = move || work(layer, share, &shared.0, &shared.1, &tx);
            Builder::new().name(format!("faults: {}", layer.name)).spawn(body).expect("a thread");
            working += 1;
        }
    }
    let mut under_way: HashMap<(&str, u64), Instant> = HashMap::new();
    let mut tallies: BTreeMap<&str, (u64, Tally)> = BTreeMap::new();
    while working > 0 {
        match rx.recv_timeout(Duration::from_secs(1)) {
            Ok(Word::Begun(layer, seed)) => {
                under_way.insert((layer, seed), Instant::now());
            }
            Ok(Word::Ended(layer, seed, Ok(tally))) => {
                under_way.remove(&(layer, seed));
                if tally.total() == 0 {
                    continue;
                }
                let (scenarios, sum) = tallies.entry(layer).or_default();
                *scenarios += 1;
                sum.add(&tally);
            }
            Ok(Word::Ended(layer, seed, Err(why))) => {
                panic!("FLEETING_FAULT={layer}:{seed} runs it again: {why}")
            }
            Ok(Word::Done) => working -= 1,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => panic!("no worker is left"),
        }
        let hung = under_way.iter().find(|(_, since)| since.elapsed() > WATCHDOG);
        if let Some(((layer, seed), _)) = hung {
            panic!("FLEETING_FAULT={layer}:{seed} runs it again: it does not end");
        }
    }
    report(&tallies, begun.elapsed());
    let total: u64 = tallies.values().map(|(_, tally)| tally.total()).sum();
    // A layer that needs a C compiler has said so if there is none.
    let left_out: u64 = LAYERS
        .iter()
        .filter(|layer| !tallies.contains_key(layer.name))
        .map(|layer| asked * layer.share / 1000)
        .sum();
    assert!(total + left_out >= asked, "{total} of {asked} faults");
}

/// Runs one scenario, as `layer:seed` names it.
fn again(one: &str) {
    let (name, seed) = one.split_once(':').expect("layer:seed");
    let layer = LAYERS.iter().find(|layer| layer.name == name).expect("a layer");
    let tally = (layer.run)(seed.parse().expect("a seed"));
    println!("{one}: {tally:?}");
}

fn report(tallies: &BTreeMap<&str, (u64, Tally)>, took: Duration) {
    for layer in LAYERS {
        let Some((scenarios, tally)) = tallies.get(layer.name) else {
            println!("{}: LEFT OUT on this machine", layer.name);
            continue;
        };
        println!(
            "{}: {} faults, {scenarios} scenarios, through {}",
            layer.name,
            tally.total(),
            layer.through
        );
        for (class, many) in &tally.0 {
            println!("    {many:6} {class}");
        }
    }
    let total: u64 = tallies.values().map(|(_, tally)| tally.total()).sum();
    println!("{total} faults in {:.0} s", took.as_secs_f64());
}

/// The random numbers of a scenario.
fn dice(layer: &str, seed: u64) -> ChaCha8Rng {
    let salt =
        layer.bytes().fold(0u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(byte.into()));
    ChaCha8Rng::seed_from_u64(seed ^ salt << 32)
}
