//! Placeholder.

pub mod web;
