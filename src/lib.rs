//! Fleeting watches a face and flags micro-expressions.
//!
//! # The map, in the order a frame meets it
//!
//! | module | what it holds |
//! |---|---|
//! | [`config`] | every tunable, with unit, range, default and reason |
//! | [`time`], [`geom`], [`image`], [`event`] | small value types that every boundary speaks |
//! | `finite` | numbers out of files: finite, or an error |
//! | [`npz`] | arrays out of NumPy's archives, whoever made them |
//! | [`model`] | the only place that opens networks |
//! | [`source`] | where frames come from: camera, video file, image folder, demo person |
//! | [`pipeline`] | the analysis: detect, landmarks, align, flow, regions, quality, spot, recognise |
//! | [`synth`] | the generator of labelled motion and labelled video that training, tests and the demo share |
//! | [`session`] | what has been seen so far: samples, events, drops, faults |
//! | [`export`] | sessions as files that other tools read |
//! | [`import`] | other people's events as a rater's layer |
//! | [`evaluate`] | the field's metrics, and the commands that score the shipped models |
//! | [`engine`] | the threads that carry frames through the pipeline, and the links between them |
//! | [`app`] | the window |
//! | [`cli`] | raw arguments to a checked job |
//!
//! # What must keep holding
//!
//! 1. `pipeline` has no thread, no clock, no file and no egui: the same frames give the same numbers.
//! 2. Threads start in `engine` only; locks live in `engine::link` only.
//! 3. Live equals offline: both are the same calls on the same frames.
//! 4. Every frame that a source delivers becomes one [`session::Sample`] or one counted drop, and
//!    data may be dropped in one place only, the camera queue.
//! 5. What the model detected is never overwritten; a person's correction is a new row that names it.
//! 6. Nothing leaves the machine unless the user exports it.
//!
//! `tests/architecture.rs` holds the first, second and last to the source text; the others have
//! tests of their own.

pub mod app;
pub mod cli;
pub mod config;
pub mod engine;
pub mod evaluate;
pub mod exchange;
pub mod measure;
pub mod media;
pub mod model;
pub mod pipeline;
pub mod session;
pub mod source;
pub mod synth;
