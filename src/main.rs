//! The program: parse, run, and the only place that exits.

fn main() {}
