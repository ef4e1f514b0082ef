//! Runs the program as a user does.

use std::path::Path;
use std::process::{Command, Stdio};

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `fleeting` in `folder` with no display, the embedded runtime and no settings of its own.
pub(crate) fn fleeting(folder: &Path, args: &[&str]) -> Ran {
    fleeting_at(folder, None, args)
}

/// The same with `home` as the user's own folder.
pub(crate) fn fleeting_at(folder: &Path, home: Option<&Path>, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleeting"));
    if let Some(home) = home {
        command.env("HOME", home).env_remove("XDG_CONFIG_HOME");
    }
    let output = command
        .args(args)
        .current_dir(folder)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .env_remove("RUST_LOG")
        .env("FLEETING_BACKEND", "embedded")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

impl Ran {
    /// The run failed with one line that holds all of `words`.
    #[track_caller]
    pub(crate) fn failed_saying(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.err.trim_end().lines().count(), 1, "{self:?}");
        assert!(self.err.starts_with("fleeting: "), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "expected `{word}` in {self:?}");
        }
    }

    /// The run did what it should.
    #[track_caller]
    pub(crate) fn succeeded(&self) {
        assert_eq!(self.code, Some(0), "{self:?}");
    }
}
