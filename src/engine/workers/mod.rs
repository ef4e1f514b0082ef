//! Work beside the window: one thread each, joined on drop.

pub mod annotation_writer;
pub mod background_task;
pub mod batch;
pub mod clip_extractor;
pub mod frame_server;
