//! Model files that are missing, changed, or described by a manifest that is damaged.

use std::fs;
use std::path::Path;

use fleeting::config::Config;
use fleeting::engine::{Engine, Update};
use fleeting::model::ModelChoice;
use fleeting::session::record::Record;
use fleeting::source::SourceSpec;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{Tally, dice};
use crate::damage::damage;

/// Damages one file of the folder. Returns the names of the fault and of the file.
fn spoil(folder: &Path, dice: &mut ChaCha8Rng) -> (&'static str, String) {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let name = names[dice.random_range(0..names.len())].clone();
    let path = folder.join(&name);
    let whole = fs::read(&path).expect("a file");
    // If the files are links, the shipped one must not be changed.
    fs::remove_file(&path).expect("removed");
    let class = match dice.random_range(0..5) {
        0 => "model file or manifest that is missing",
        1 => {
            fs::create_dir(&path).expect("made");
            "folder in the place of a model file"
        }
        2 => {
            fs::write(&path, b"").expect("written");
            "model file or manifest that is empty"
        }
        _ => {
            let mut changed = whole.clone();
            while changed == whole {
                damage(dice, &mut changed);
            }
            fs::write(&path, changed).expect("written");
            "model file or manifest that has changed"
        }
    };
    (class, name)
}

pub(super) fn run(seed: u64) -> Tally {
    let (mut dice, mut tally) = (dice("models", seed), Tally::default());
    let folder = tempfile::tempdir().expect("a folder");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    for entry in fs::read_dir(shipped).expect("models").map(|entry| entry.expect("readable")) {
        let name = entry.file_name();
        let is_model = ["onnx", "bin"].iter().any(|end| name.to_string_lossy().ends_with(end));
        if is_model || name == "manifest.toml" {
            fs::copy(entry.path(), folder.path().join(name)).expect("copied");
        }
    }
    let (class, name) = spoil(folder.path(), &mut dice);
    let spec: SourceSpec = "demo:1".parse().expect("a source");
    let choice = ModelChoice::Folder(folder.path().into());
    let engine = Engine::start(spec, choice, Config::default(), || ());
    let reason = loop {
        match engine.wait(std::time::Duration::from_secs(60)).expect("goes on or ends") {
            Update::Ended(reason) => break reason,
            // A change in a comment, or in a part of the manifest that the program does not use.
            Update::Record(Record::Samples(_)) if name == "manifest.toml" => break None,
            Update::Record(Record::Samples(_)) => panic!("analysed with a {name} that has changed"),
            _ => {}
        }
    };
    match reason {
        Some(reason) => {
            let is_named = reason.contains(&name) || name == "manifest.toml";
            assert!(is_named && !reason.contains("a bug in"), "{name}: {reason}");
        }
        None => assert_eq!(name, "manifest.toml"),
    }
    tally.count(class);
    tally
}
