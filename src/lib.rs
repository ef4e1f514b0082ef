//! Fleeting watches a face and flags micro-expressions.
//!
//! # The plan, lowest folder first
//!
//! A folder imports only from folders above it in this table. `MAY_IMPORT` in
//! `tests/it/architecture.rs` lists which.
//!
//! | folder | what it holds |
//! |---|---|
//! | [`files`] | opening and making files: refuses pipes, keeps files private, writes them whole or not at all |
//! | [`measure`] | the words that all parts share: time, geometry, event, quality, regions, sample |
//! | [`config`] | every setting, with unit, range, default and reason |
//! | [`media`] | pixels and containers: frame, colour, JPEG, the readers of MP4, AVI, MKV and NPZ, the film writer |
//! | [`sound`] | the microphone and the loudspeaker |
//! | [`model`] | the only place that opens networks; the manifest; what made a session's numbers |
//! | [`pipeline`] | the analysis of one face: `face`, `motion`, `quality`, `spotting`, `recognition` |
//! | [`synth`] | the generator of synthetic people: `behaviour`, `rig`, `motion`, `render` |
//! | [`source`] | where frames come from: camera, video file, image folder, demo person |
//! | [`session`] | what was recorded, and what people said of it |
//! | [`exchange`] | every outside format: reports, tables, clips, and other people's events |
//! | [`evaluate`] | the field's metrics, and the commands that score the shipped models |
//! | [`engine`] | all threads, and the links between them: `live`, `streams`, `workers` |
//! | [`app`] | the window |
//! | [`cli`] | raw arguments to a checked job |
//!
//! # Where to add or find one thing
//!
//! | to find or add | look in |
//! |---|---|
//! | a format to read or to write | one file in [`exchange`], its line in [`exchange::FORMATS`], its row in `.github/MANUAL.md` |
//! | a source | one file in [`source`], one line in [`source::SOURCES`] |
//! | what other programs get while a source runs | [`exchange::streams`]; [`engine::streams`] sends it |
//! | a setting | one field in [`config`], with its default and its range in `out_of_range` |
//! | a panel of the window | one file in [`app::panels`], one line in [`app::panels::PANELS`] |
//! | the threshold of flags | [`pipeline::spotting::threshold`]; its default is in [`config::SpottingConfig`] |
//! | where a blink is judged | [`pipeline::quality::Judge`] |
//! | what happens to a frame when the disk or the analysis is slow | the table of links in [`engine`] |
//!
//! # What must keep holding
//!
//! 1. Imports go one way.
//! 2. `pipeline` has no thread, no clock, no file and no egui: the same frames give the same numbers.
//! 3. Threads start in `engine` only. Locks live in `engine::live::link` only. No channel is unbounded.
//! 4. Live equals offline: both are the same calls on the same frames.
//! 5. Every frame that a source numbers becomes one [`measure::sample::Sample`] or one counted loss with its
//!    reason; [`session::counts`] is the one place that counts. A slow analysis loses frames in one place
//!    only, the camera queue.
//! 6. What the model detected is never overwritten. A person's correction is a new row that names it.
//! 7. Nothing leaves the machine unless the user exports it or turns a stream on. Only
//!    `engine/streams/sockets.rs` opens sockets, except that to the sound server of this computer (`sound::pulse`).
//!
//! Tests hold them: `tests/it/architecture.rs` reads the source text for 1, 2, 3 and 7;
//! `tests/it/live_equals_offline.rs` holds 4, `tests/it/counts.rs` 5, and `session/store/tests.rs` 6.

pub mod app;
pub mod cli;
pub mod config;
pub mod engine;
pub mod evaluate;
pub mod exchange;
pub mod files;
pub mod measure;
pub mod media;
pub mod model;
pub mod pipeline;
pub mod session;
pub mod sound;
pub mod source;
pub mod synth;
