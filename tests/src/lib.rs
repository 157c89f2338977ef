//! The harness: real `guichet` processes, real lines and real browsers.
//!
//! A journey makes a [`village`]: a [`network`] of namespaces with a [`process`]
//! in each place. It opens a [`browser`] beside one and uses its [`pages`], or
//! gives orders by [`script`] through [`api`]; a [`visit`] is the one that most
//! tests leave behind, a [`counter`] a case with both its sides at hand. Lines are cut by dropping packets between two places and
//! disks filled on a [`small_disk`], and paper comes out of a [`print_shop`], so the product
//! needs no switch for tests.
//! A [`gallery`] shows every page in every state, with invented people.
//! [`canary`] searches disks, memory and [`capture`]d traffic for what must not be there,
//! and finds it in what is [`careless`]; a [`burglar`] tries every key on every
//! lock of a folder. [`figure`] is the one form in which programs say what they
//! measured, [`seeds`] the frame of those that draw their world at random, and
//! [`bench`] what is measured; [`cuts`] is what a call goes through. An [`attack`] is what one
//! enrolled machine tries against nodes that each have a [`share`] of the processor, and what honest
//! people notice of it.
//!
//! Everything that is started ends with its owner: processes, namespaces,
//! browsers and their profiles. What a killed test left behind is swept by the
//! next one.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

pub mod api;
pub mod attack;
pub mod bench;
pub mod browser;
pub mod burglar;
pub mod calls;
pub mod canary;
pub mod capture;
pub mod careless;
pub mod counter;
pub mod cuts;
pub mod figure;
pub mod fleet;
pub mod fuzz;
pub mod gallery;
pub mod meeting;
pub mod network;
pub mod pages;
pub mod performer;
pub mod print_shop;
pub mod process;
#[path = "../../node/tests/mesh/raw.rs"]
pub mod raw;
pub mod samples;
pub mod script;
pub mod seeds;
pub mod share;
pub mod sim;
pub mod small_disk;
pub mod village;
pub mod visit;
pub mod work;
