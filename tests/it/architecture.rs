//! Checks the invariants of `src/lib.rs` in the source text.

use std::fs;
use std::path::{Path, PathBuf};

/// Every source file but tests, with its path below `src/`, without comments and test modules.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 40, "only {} source files found", files.len());
    let name = |path: &Path| {
        path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/")
    };
    let read = |path: &PathBuf| code(&fs::read_to_string(path).expect("readable"));
    files.iter().map(|path| (name(path), read(path))).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs")
            && path.file_stem().is_some_and(|stem| stem != "tests")
        {
            files.push(path);
        }
    }
}

/// The text up to its test module, which comes last in every file, without lines of comments.
fn code(text: &str) -> String {
    let end =
        text.find("#[cfg(test)]\nmod tests").or(text.find("#[cfg(test)]\npub(crate) mod tests"));
    let lines = text[..end.unwrap_or(text.len())].lines();
    lines
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The folders of `src`, lowest first, each with those that it may import. `src/lib.rs` lists them in the
/// same order.
const MAY_IMPORT: [(&str, &[&str]); 15] = [
    ("files", &[]),
    ("measure", &[]),
    ("config", &["files"]),
    ("media", &["files", "measure"]),
    ("sound", &["files"]),
    ("model", &["files", "measure", "config"]),
    ("pipeline", &["measure", "config", "media", "model"]),
    ("synth", &["files", "measure", "media", "model", "pipeline"]),
    ("source", &["files", "measure", "media", "synth"]),
    ("session", &["files", "measure", "media", "model", "source"]),
    ("exchange", &["files", "measure", "media", "model", "pipeline", "session", "synth"]),
    (
        "evaluate",
        &[
            "files", "measure", "config", "media", "model", "pipeline", "synth", "session",
            "exchange",
        ],
    ),
    (
        "engine",
        &[
            "files", "measure", "config", "media", "sound", "model", "pipeline", "source",
            "session", "exchange", "evaluate",
        ],
    ),
    (
        "app",
        &[
            "files", "measure", "config", "media", "sound", "model", "pipeline", "source",
            "session", "exchange", "evaluate", "engine",
        ],
    ),
    (
        "cli",
        &[
            "files", "measure", "config", "media", "sound", "model", "pipeline", "synth", "source",
            "session", "exchange", "evaluate", "engine", "app",
        ],
    ),
];

/// Every top-level folder that a source text names by a path from the root, in `use` or elsewhere.
fn imported(code: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut found = Vec::new();
    for (_, rest) in code.match_indices("crate::").map(|(at, word)| code.split_at(at + word.len()))
    {
        match rest.strip_prefix('{') {
            None => found.push(name(rest)),
            Some(group) => {
                let mut depth = 0;
                let mut begins = true;
                for (at, c) in group.char_indices() {
                    if depth == 0 && begins && c.is_alphabetic() {
                        found.push(name(&group[at..]));
                    }
                    begins = match c {
                        ',' => true,
                        c if c.is_whitespace() => begins,
                        _ => false,
                    };
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

#[test]
fn every_path_from_the_root_is_read_also_inside_groups() {
    let code = "use crate::{media::{image, jpeg}, measure};\nlet x = crate::session::open();";
    assert_eq!(imported(code), ["media", "measure", "session"]);
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        let folder = file.split('/').next().unwrap_or(&file).trim_end_matches(".rs");
        if ["lib", "main"].contains(&folder) {
            continue;
        }
        let Some((_, may)) = MAY_IMPORT.iter().find(|(name, _)| *name == folder) else {
            wrong.push(format!("src/{file}: the folder has no row in MAY_IMPORT"));
            continue;
        };
        for other in imported(&code) {
            if other != folder && !may.contains(&other.as_str()) {
                wrong.push(format!("src/{file}: {folder} may not import {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_imports_is_an_order() {
    for (place, (folder, may)) in MAY_IMPORT.iter().enumerate() {
        let lower: Vec<_> = MAY_IMPORT[..place].iter().map(|(name, _)| *name).collect();
        for other in *may {
            assert!(
                lower.contains(other),
                "{folder} imports {other}, which does not stand below it"
            );
        }
    }
}

#[test]
fn no_channel_is_unbounded() {
    only_in(&["unbounded", "mpsc::channel"], "", &[]);
}

/// Fails with every place outside `allowed` that has one of `words`.
fn only_in(words: &[&str], within: &str, allowed: &[&str]) {
    let mut found = Vec::new();
    for (name, code) in sources() {
        if !name.starts_with(within) || allowed.iter().any(|place| name.starts_with(place)) {
            continue;
        }
        for (number, line) in code.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                found.push(format!("src/{name}, about line {}: `{word}`", number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_pipeline_has_no_thread_no_clock_no_file_and_no_window() {
    let words = [
        "std::thread",
        "crossbeam",
        "Instant",
        "SystemTime",
        "std::fs",
        "File::",
        "std::io",
        "std::env",
        "egui",
        "eframe",
    ];
    only_in(&words, "pipeline/", &[]);
}

#[test]
fn threads_start_in_the_engine_only() {
    only_in(&["thread::spawn", "thread::scope", "thread::Builder", "rayon"], "", &["engine/"]);
}

#[test]
fn locks_live_in_the_links_only() {
    only_in(&["Mutex", "RwLock", "Condvar"], "", &["engine/live/link.rs"]);
}

#[test]
fn the_engine_and_everything_below_it_know_no_window() {
    only_in(&["egui", "eframe"], "", &["app/", "cli/gui.rs"]);
}

/// `files` refuses pipes, and only the owner can read what it makes. Readers of videos come after the look at
/// the first bytes, which refuses pipes too. What `synth` writes shows no person.
#[test]
fn files_are_opened_and_made_in_one_place() {
    let words = [
        "File::open(",
        "File::create(",
        "File::create_new(",
        "File::options(",
        "OpenOptions::new(",
        "fs::read(",
        "fs::read_to_string(",
        "fs::write(",
        "create_dir(",
        "create_dir_all(",
    ];
    let videos = ["media/avi/", "media/mkv/reader.rs", "media/mp4/", "source/video/"];
    let session = ["session/store.rs", "session/store/open.rs", "session/store/review.rs"];
    let system = ["cli/interrupt.rs", "source/camera/v4l2.rs"];
    let allowed = [&["files.rs", "synth/"][..], &videos, &session, &system].concat();
    only_in(&words, "", &allowed);
}

#[test]
fn only_main_exits() {
    only_in(&["process::exit", "process::abort"], "", &["main.rs"]);
}

#[test]
fn only_the_model_module_opens_networks() {
    only_in(&["use ort", " ort::", "(ort::", "use rten", " rten::", "rten_onnx"], "", &["model/"]);
}

#[test]
fn no_two_public_types_share_a_name() {
    let mut places = std::collections::BTreeMap::<String, Vec<String>>::new();
    for (file, code) in sources() {
        for line in code.lines().map(str::trim_start) {
            let mut words = line.split_whitespace();
            let is_type = words.next() == Some("pub")
                && words
                    .next()
                    .is_some_and(|word| ["struct", "enum", "trait", "type"].contains(&word));
            let name: String = words
                .next()
                .filter(|_| is_type && !line.contains("type Error"))
                .map(|word| word.chars().take_while(|c| c.is_alphanumeric()).collect())
                .unwrap_or_default();
            if !name.is_empty() {
                places.entry(name).or_default().push(format!("src/{file}"));
            }
        }
    }
    assert!(places.len() > 200, "only {} public types found", places.len());
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}

/// Unsafe code must be absent, not only denied, so that no exception can be added.
#[test]
fn nothing_in_the_program_or_its_tests_is_unsafe() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        all_of(&root.join(folder), &mut files);
    }
    let this = root.join(file!());
    for path in files.iter().filter(|path| **path != this) {
        let text = fs::read_to_string(path).expect("readable");
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        let found = words.find(|word| ["unsafe", "unsafe_code"].contains(word));
        assert_eq!(found, None, "{}", path.display());
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("readable");
    assert!(manifest.contains("unsafe_code = \"deny\""), "the compiler holds to it too");
}

/// Every Rust file below `folder`.
fn all_of(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            all_of(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn only_streams_speak_to_a_network() {
    // What a person can turn on is opened in one file, and its types are named where it is used.
    only_in(&["std::net", "socket2::"], "", &["engine/streams/sockets.rs"]);
    only_in(&["TcpStream", "TcpListener", "UdpSocket"], "", &["engine/streams/"]);
    // The sound server of this computer has a socket of its own.
    let local = ["unix::net", "UnixStream", "UnixListener", "UnixDatagram"];
    only_in(&local, "", &["engine/streams/sockets.rs", "sound/pulse/connection.rs"]);
    let opening =
        ["::bind(", "::connect(", "Socket::new(", "Inlet::", "::resolve(", "labstream_net::Outlet"];
    only_in(&opening, "engine/", &["engine/streams/sockets.rs"]);
    only_in(&["labstream_"], "", &["engine/streams/"]);
    // ELAN's files must name their schema.
    only_in(&["http://", "https://"], "", &["exchange/elan/document.rs"]);
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let manifest: toml::Table = manifest.expect("readable").parse().expect("TOML");
    let dependencies = manifest["dependencies"].as_table().expect("a table");
    for name in ["reqwest", "ureq", "hyper", "curl", "tokio", "async-std", "rustls", "native-tls"] {
        assert!(!dependencies.contains_key(name), "{name} can speak to a network");
    }
}

#[test]
fn the_map_in_lib_names_every_folder_in_the_order_of_the_table() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"));
    let text = text.expect("readable");
    let mut modules: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')))
        .collect();
    let row = |line: &str| {
        line.strip_prefix("//! | [`").and_then(|rest| Some(rest.split_once('`')?.0.to_owned()))
    };
    let map: Vec<_> = text.lines().filter_map(row).collect();
    assert_eq!(map, MAY_IMPORT.map(|(folder, _)| folder));
    let mut sorted = map.clone();
    sorted.sort();
    modules.sort_unstable();
    assert_eq!(modules, sorted);
}
