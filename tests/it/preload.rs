//! C libraries that stand between a child process and its system. Each test builds its own copy.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::tools::required;

/// Builds `tests/fixtures/NAME.c`. `None` where there is no C compiler.
pub(crate) fn library(name: &str) -> Option<PathBuf> {
    if !required("cc") {
        return None;
    }
    // Tests run in parallel, and none may load a file that another one is writing.
    static BUILT: AtomicU32 = AtomicU32::new(0);
    let number = BUILT.fetch_add(1, Ordering::Relaxed);
    let library = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("{name}-{}-{number}.so", std::process::id()));
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).with_extension("c");
    let output = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .args(["-ldl", "-lpthread"])
        .output()
        .expect("the C compiler starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(library)
}
