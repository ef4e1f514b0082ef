//! The words that every part of the program shares: time, geometry, events, quality, regions, samples.
//! Imports nothing.

pub mod action_unit;
pub mod baseline;
pub mod detection_limit;
pub mod effort;
pub mod event;
pub mod face;
pub mod finite;
pub mod geometry;
pub mod quality;
pub mod regions;
pub mod sample;
pub mod time;
