//! `cargo bench --bench flow`: accuracy and time of the flow and of OpenCV's, on the same pictures, in one
//! run, one thread each, in turns.
//!
//! `FLEETING_BENCH_PYTHON` names the Python that has `opencv-contrib-python-headless`; without it the
//! bench says how to install it and measures Fleeting alone.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on stops, and its tables are what it is for"
)]

use std::collections::BTreeMap;
use std::time::Instant;

use fleeting::media::image::GrayImage;
use fleeting::pipeline::motion::flow::{Flow, FlowField, Pyramid, lattice_len};

mod peer;
mod portraits;

use peer::Peer;
use portraits::{Case, Pair, SIDE};

/// Number of turns on each pair. The median is reported, because the fastest run would flatter.
const TURNS: usize = 5;

fn main() {
    let mut peer = Peer::start("flow_peers.py", "opencv-contrib-python-headless==4.11.0.86 numpy");
    let mut flow = Flow::default();
    let (mut before, mut now) = (Pyramid::default(), Pyramid::default());
    let mut field = FlowField::default();
    let wanted = vec![true; lattice_len(SIDE, SIDE)];
    // Endpoint errors by motion and noise, then by method; milliseconds by method.
    let mut errors: BTreeMap<String, BTreeMap<String, Vec<f64>>> = BTreeMap::new();
    let mut times: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for case in Case::all() {
        let row = errors.entry(case.name()).or_default();
        let pair = case.render();
        before.build(&pair.before);
        for turn in 0..TURNS {
            let begun = Instant::now();
            now.build(&pair.now);
            flow.measure(&before, &now, &wanted, &mut field);
            let ms = begun.elapsed().as_secs_f64() * 1e3;
            times.entry("Fleeting".into()).or_default().push(ms);
            for (method, ms, error) in of_peers(&mut peer, &pair, turn) {
                times.entry(method.clone()).or_default().push(ms);
                if turn == 0 {
                    row.entry(method).or_default().push(error);
                }
            }
        }
        row.entry("Fleeting".into()).or_default().push(pair.error(&field));
    }
    print_errors(&errors);
    print_times(&mut times);
}

/// Method, milliseconds and mean endpoint error over the face, for each other method.
fn of_peers(peer: &mut Peer, pair: &Pair, turn: usize) -> Vec<(String, f64, f64)> {
    let slow = u8::from(pair.with_slow && turn == 0);
    let mut question = vec![slow];
    question.extend(bytes(&pair.before));
    question.extend(bytes(&pair.now));
    question.extend(pair.face.iter().map(|f| u8::from(*f)));
    for motion in &pair.truth {
        question.extend(motion.x.to_le_bytes());
        question.extend(motion.y.to_le_bytes());
    }
    debug_assert_eq!(question.len(), 1 + 11 * SIDE * SIDE);
    let part = |text: &str| {
        let mut words = text.split('=');
        let (name, ms, error) = (words.next()?, words.next()?, words.next()?);
        Some((name.to_owned(), ms.parse().ok()?, error.parse().ok()?))
    };
    let answer = peer.ask(&question).unwrap_or_default();
    answer.split_whitespace().filter_map(part).collect()
}

fn print_errors(errors: &BTreeMap<String, BTreeMap<String, Vec<f64>>>) {
    println!("\nMean endpoint error over the face, pixels of a {SIDE}x{SIDE} crop\n");
    let methods: Vec<&String> =
        errors.values().next().map(|row| row.keys().collect()).unwrap_or_default();
    let header: Vec<String> = methods.iter().map(|m| format!("{m:>14}")).collect();
    println!("{:<38}{}", "motion, sensor noise", header.concat());
    for (case, row) in errors {
        let mean = |v: &Vec<f64>| v.iter().sum::<f64>() / v.len().max(1) as f64;
        let value = |m: &&String| row.get(*m).map_or("-".into(), |v| format!("{:.3}", mean(v)));
        let cells: Vec<String> = methods.iter().map(|m| format!("{:>14}", value(m))).collect();
        println!("{case:<38}{}", cells.concat());
    }
}

fn print_times(times: &mut BTreeMap<String, Vec<f64>>) {
    println!(
        "\nMilliseconds a pair, median, one thread; the pyramid of the earlier picture is kept\n"
    );
    let medians: Vec<(String, f64)> = times
        .iter_mut()
        .map(|(method, ms)| {
            ms.sort_by(f64::total_cmp);
            (method.clone(), ms[ms.len() / 2])
        })
        .collect();
    let own = medians.iter().find(|(m, _)| m == "Fleeting").map_or(f64::NAN, |(_, ms)| *ms);
    for (method, ms) in &medians {
        println!("{method:<16}{ms:>10.3} ms   {:>8.2} times Fleeting's", ms / own);
    }
}

/// Grey levels in the form that the peer reads.
fn bytes(image: &GrayImage) -> Vec<u8> {
    image.data.iter().map(|v| *v as u8).collect()
}
