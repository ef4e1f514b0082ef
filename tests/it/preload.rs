//! C libraries that stand between a child process and its system, built once a run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds `tests/fixtures/NAME.c`; none, and said so, where there is no C compiler.
pub(crate) fn library(name: &str) -> Option<PathBuf> {
    let library =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.so", std::process::id()));
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).with_extension("c");
    let output = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .args(["-ldl", "-lpthread"])
        .output();
    let Ok(output) = output else {
        println!("NOT TESTED: no C compiler (cc), so no {name}");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(library)
}
