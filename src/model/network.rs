//! One opened network, in whichever library runs it.

use std::fmt::Debug;

/// An input or output as the file declares it.
#[derive(Clone, Debug)]
pub(super) struct Outlet {
    pub(super) name: String,
    /// Its sizes, −1 for a free one. The error says what it is instead of an `f32` tensor.
    pub(super) shape: Result<Vec<i64>, String>,
}

/// One input of a run: its name, its shape and its values, row-major.
pub(super) type Given<'a> = (&'a str, Vec<i64>, &'a [f32]);

/// Called with each output of a run: its name, its shape and its values, row-major.
pub(super) type Take<'a> = &'a mut dyn FnMut(&str, &[i64], &[f32]);

/// A network that is ready to run, and the inputs and outputs that its file declares.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) inputs: Vec<Outlet>,
    pub(super) outputs: Vec<Outlet>,
    pub(super) network: Box<dyn Runnable>,
}

/// A network opened by a library. Errors are in the library's words.
pub(super) trait Runnable: Debug + Send {
    /// Runs it, and calls `take` with each output.
    fn run(&mut self, inputs: &[Given<'_>], take: Take<'_>) -> Result<(), String>;
}
