//! The document of a case, seen from outside.

mod chunk;
mod document;
mod hostile;
mod log;
mod random;
mod replicas;
mod seen;
mod tampered;
