//! Analyses a video with the shipped models and prints the events that it finds:
//! `cargo run --release --example analyze_video -- interview.mp4`
#![expect(clippy::print_stdout, reason = "what is found is what this program is for")]

use fleeting::config::Config;
use fleeting::engine::offline::analyse_all;
use fleeting::measure::event::{EmotionReading, units_text};
use fleeting::model::{ModelChoice, Models};
use fleeting::pipeline::Pipeline;
use fleeting::session::Session;
use fleeting::source::SourceSpec;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let video = std::env::args().nth(1).ok_or("expected a video file, found no argument")?;
    let models = Models::load(&ModelChoice::Embedded)?;
    let mut source = video.parse::<SourceSpec>()?.open()?;
    let mut pipeline = Pipeline::new(&models, &Config::default())?;
    let mut session = Session::default();
    analyse_all(source.as_mut(), &mut pipeline, &mut session, |_| ())?;
    println!("{}: {} frames", session.source.name, session.history.len());
    for event in &session.events {
        println!(
            "{:.2} s to {:.2} s: {}-expression, action units {}, emotion {}",
            event.onset.time.secs(),
            event.offset.time.secs(),
            event.kind,
            units_text(&event.action_units),
            event.emotion.as_ref().map_or("unclear", EmotionReading::label),
        );
    }
    Ok(())
}
