//! A screen that nobody looks at: what a browser does only before one is done there as well.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::network::Place;

/// An X server without a display, of its own number; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Screen {
    child: Child,
    display: String,
}

impl Screen {
    /// Starts one in a place.
    pub fn start(place: &Place) -> Result<Self> {
        // It chooses the number, and says which on the descriptor that it is given.
        let mut child = place
            .command("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1920x1200x24"])
            .args(["-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start Xvfb (Debian: xvfb)")?;
        let output = child.stdout.take().context("a pipe was asked for")?;
        let mut screen = Self {
            child,
            display: String::new(),
        };
        let mut number = String::new();
        BufReader::new(output).read_line(&mut number)?;
        ensure!(!number.trim().is_empty(), "Xvfb ended without a display");
        screen.display = format!(":{}", number.trim());
        Ok(screen)
    }

    /// What a program finds it by.
    pub fn display(&self) -> &str {
        &self.display
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
