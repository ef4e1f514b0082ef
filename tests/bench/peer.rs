//! A Python process that measures other programs on the same pictures, in turns.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The process; `None` if it cannot run.
pub(crate) struct Peer(Option<Running>);

struct Running {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts `script` of this folder. If that fails, says what to install.
    pub(crate) fn start(script: &str, packages: &str) -> Self {
        let python = std::env::var("FLEETING_BENCH_PYTHON").unwrap_or_else(|_| "python3".into());
        let path = format!("{}/tests/bench/{script}", env!("CARGO_MANIFEST_DIR"));
        let started = Command::new(&python)
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let running = started.ok().and_then(|mut child| {
            let questions = child.stdin.take()?;
            let mut answers = BufReader::new(child.stdout.take()?);
            let mut greeting = String::new();
            answers.read_line(&mut greeting).ok()?;
            println!("peer: {}", greeting.trim());
            greeting.starts_with("ready").then_some(Running { child, questions, answers })
        });
        if running.is_none() {
            println!("no peer: {python} -m pip install {packages}, or set FLEETING_BENCH_PYTHON");
        }
        Self(running)
    }

    /// Its answer, one line; `None` if it does not run.
    pub(crate) fn ask(&mut self, question: &[u8]) -> Option<String> {
        let running = self.0.as_mut()?;
        let mut answer = String::new();
        let asked = running.questions.write_all(question).and_then(|()| running.questions.flush());
        asked.and_then(|()| running.answers.read_line(&mut answer)).expect("the peer answers");
        assert!(!answer.is_empty(), "the peer has ended");
        Some(answer)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
