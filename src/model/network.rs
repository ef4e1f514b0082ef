//! One opened network, whichever library runs it.

use std::fmt::Debug;

/// An input or output as the file declares it.
#[derive(Clone, Debug)]
pub(super) struct Outlet {
    pub(super) name: String,
    /// Sizes, −1 where one is free; or else what it is instead of an f32 tensor.
    pub(super) shape: Result<Vec<i64>, String>,
}

/// One input of a run: its name, its shape and its values, row-major.
pub(super) type Given<'a> = (&'a str, Vec<i64>, &'a [f32]);

/// Is shown one output of a run: its name, its shape and its values, row-major.
pub(super) type Take<'a> = &'a mut dyn FnMut(&str, &[i64], &[f32]);

/// A network that is ready to run, with what its file declares.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) inputs: Vec<Outlet>,
    pub(super) outputs: Vec<Outlet>,
    pub(super) network: Box<dyn Runnable>,
}

/// A network that a library has opened. Errors are in the library's words.
pub(super) trait Runnable: Debug + Send {
    /// Runs it, and shows each output to `take`.
    fn run(&mut self, inputs: &[Given<'_>], take: Take<'_>) -> Result<(), String>;
}
