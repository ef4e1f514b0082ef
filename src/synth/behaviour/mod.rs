//! What a synthetic person does, and when.

pub mod distributions;
pub mod expression;
pub mod nuisance;
pub mod published;
pub mod scenario;
pub mod setting;
pub mod timeline;
pub mod units;
