//! Holds the invariants that `src/lib.rs` states to the source text.

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

/// The text up to its test module, which comes last in every file, without comment lines.
fn code(text: &str) -> String {
    let end =
        text.find("#[cfg(test)]\nmod tests").or(text.find("#[cfg(test)]\npub(crate) mod tests"));
    let lines = text[..end.unwrap_or(text.len())].lines();
    lines
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Fails with every place where one of `words` stands outside `allowed`.
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
    only_in(&["Mutex", "RwLock", "Condvar"], "", &["engine/link.rs"]);
}

#[test]
fn the_engine_and_everything_below_it_know_no_window() {
    only_in(&["egui", "eframe"], "", &["app/", "cli/gui.rs"]);
}

#[test]
fn only_main_exits() {
    only_in(&["process::exit", "process::abort"], "", &["main.rs"]);
}

#[test]
fn only_the_model_module_opens_networks() {
    only_in(
        &["use ort", " ort::", "(ort::", "use tract", "tract_onnx"],
        "",
        &["model.rs", "model/"],
    );
}

/// Not where it is denied only, so that no exception creeps in: there is no unsafe code at all.
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
fn nothing_in_the_program_speaks_to_a_network() {
    let words = ["std::net", "TcpStream", "TcpListener", "UdpSocket", "UnixStream"];
    only_in(&words, "", &[]);
    // ELAN's files must name their schema.
    only_in(&["http://", "https://"], "", &["export/elan/document.rs"]);
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let manifest: toml::Table = manifest.expect("readable").parse().expect("TOML");
    let dependencies = manifest["dependencies"].as_table().expect("a table");
    for name in ["reqwest", "ureq", "hyper", "curl", "tokio", "async-std", "rustls", "native-tls"] {
        assert!(!dependencies.contains_key(name), "{name} can speak to a network");
    }
}

#[test]
fn the_map_names_every_module() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"));
    let text = text.expect("readable");
    for line in text.lines() {
        if let Some(module) = line.strip_prefix("pub mod ").and_then(|m| m.strip_suffix(';')) {
            assert!(text.contains(&format!("[`{module}`]")), "`{module}` is not on the map");
        }
    }
}
