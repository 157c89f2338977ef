//! What goes wrong, and before which operation.

use std::collections::BTreeMap;

use super::cast::Post;
use super::disk::Disk;
use super::line::{End, Knows, MILLISECOND, SECOND};
use super::machine::Machine;
use super::random::Random;
use super::world::{Happening, World};

/// Something that goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// All lines of a post are cut for a while.
    Cut(Post),
    /// One line is cut for a while.
    CutLine,
    /// A connection breaks.
    Break,
    /// A machine stops dead and starts again later.
    Crash,
    /// A disk is full for a while.
    Fill,
    /// A disk is copied as it is, and the copy started.
    CopyDisk,
    /// A running process is copied with its disk, and both go on.
    CopyProcess,
    /// The machine of a copied post that has no line gets it.
    Swap,
}

/// Draws what goes wrong before which of `operations`.
pub fn draw(operations: u64, random: &mut Random) -> BTreeMap<u64, Vec<Fault>> {
    let mut faults: BTreeMap<u64, Vec<Fault>> = BTreeMap::new();
    let mut add = |random: &mut Random, fault, times: u64| {
        for _ in 0..times {
            let at = random.between(operations / 10, operations * 19 / 20);
            faults.entry(at).or_default().push(fault);
        }
    };
    let cut = *random.pick(&Post::ALL).expect("there are some");
    let (lines, breaks, crashes) = (random.below(4), random.below(8), random.between(1, 5));
    add(random, Fault::Cut(cut), 1);
    add(random, Fault::CutLine, lines);
    add(random, Fault::Break, breaks);
    add(random, Fault::Crash, crashes);
    match random.below(10) {
        0..3 => add(random, Fault::CopyDisk, 1),
        3..6 => add(random, Fault::CopyProcess, 1),
        6 => add(random, Fault::Fill, 1),
        _ => {}
    }
    let swaps = random.below(6);
    add(random, Fault::Swap, swaps);
    faults
}

impl World {
    /// Something goes wrong now.
    pub fn suffer(&mut self, fault: Fault) {
        self.trace.add(self.now_us, &fault);
        match fault {
            Fault::Cut(post) => {
                self.counts.cuts += 1;
                let delay_us = self.random.between(3 * SECOND, 30 * SECOND);
                for line in 0..self.lines.len() {
                    if self.lines[line].end_at(post).is_some() {
                        self.cut(line, delay_us);
                    }
                }
            }
            Fault::CutLine => {
                self.counts.cuts += 1;
                let line = self.random.index(self.lines.len());
                let delay_us = self.random.between(SECOND, 40 * SECOND);
                self.cut(line, delay_us);
            }
            Fault::Break => {
                let line = self.random.index(self.lines.len());
                self.sever(line);
            }
            Fault::Crash => self.crash(),
            Fault::Fill => {
                let machine = self.random.index(self.machines.len());
                self.machines[machine].disk.is_full = true;
                let delay_us = self.random.between(SECOND, 10 * SECOND);
                self.after(delay_us, Happening::Space(machine));
            }
            Fault::CopyDisk => self.copy_disk(),
            Fault::CopyProcess => self.copy_process(),
            Fault::Swap => self.swap(),
        }
    }

    fn cut(&mut self, line: usize, delay_us: u64) {
        self.lines[line].cuts += 1;
        self.sever(line);
        self.after(delay_us, Happening::Mend(line));
    }

    fn crash(&mut self) {
        let runs = |at: &usize| self.machines[*at].process.is_some();
        let running: Vec<usize> = (0..self.machines.len()).filter(runs).collect();
        let Some(machine) = self.random.pick(&running).copied() else {
            return;
        };
        self.counts.restarts += 1;
        self.stop(machine);
        let delay_us = self.random.between(10 * MILLISECOND, 15 * SECOND);
        self.after(delay_us, Happening::Start(machine));
    }

    /// A machine stops dead.
    pub fn stop(&mut self, machine: usize) {
        let it = &mut self.machines[machine];
        it.process = None;
        it.life += 1;
        it.disk.crash(&mut self.random);
        for line in 0..self.lines.len() {
            let Some(connection) = &mut self.lines[line].connection else {
                continue;
            };
            for end in End::BOTH {
                if connection.machines[end as usize] == machine {
                    connection.knows[end as usize] = Knows::Lost;
                }
            }
        }
        self.drop_lines_of(machine);
    }

    fn copy_disk(&mut self) {
        let original = self.random.index(self.machines.len());
        let copy = self.add_copy(original);
        self.start(copy, &BTreeMap::new());
    }

    /// The process is copied at a moment when its disk has nothing to do.
    fn copy_process(&mut self) {
        let posts = [Post::Kiosk, Post::FirstStation, Post::SecondStation];
        let post = *self.random.pick(&posts).expect("there are some");
        let original = self.has_line[&post];
        for _ in 0..1_000 {
            let it = &self.machines[original];
            if it.process.is_some() && it.disk.is_idle() {
                break;
            }
            self.run_until(self.now_us + 20 * MILLISECOND);
        }
        let it = &self.machines[original];
        let Some(process) = it.process.as_ref().filter(|_| it.disk.is_idle()) else {
            return;
        };
        let writers: BTreeMap<_, _> = process
            .cases
            .iter()
            .filter_map(|(case, open)| Some((*case, open.log.writer()?.author)))
            .collect();
        self.ledger.forked.extend(writers.values());
        let copy = self.add_copy(original);
        self.start(copy, &writers);
    }

    fn add_copy(&mut self, original: usize) -> usize {
        self.counts.clones += 1;
        let it = &self.machines[original];
        let mut copy = Machine::new(it.post, Disk::new(it.disk.platter.clone()));
        copy.keys.clone_from(&it.keys);
        copy.authors.clone_from(&it.authors);
        copy.skew_ms = it.skew_ms;
        self.machines.push(copy);
        self.machines.len() - 1
    }

    /// Another machine of a post that has several gets its line.
    pub fn swap(&mut self) {
        for post in Post::ALL {
            let holder = self.has_line[&post];
            let of_post = |at: &usize| self.machines[*at].post == post;
            let all: Vec<usize> = (0..self.machines.len()).filter(of_post).collect();
            let at = all.iter().position(|machine| *machine == holder);
            let next = at.map_or(holder, |at| all[(at + 1) % all.len()]);
            if next != holder {
                self.has_line.insert(post, next);
                self.drop_lines_of(holder);
            }
        }
    }

    /// Everything is whole again: all machines run, all lines and disks work.
    pub fn heal(&mut self) {
        for line in 0..self.lines.len() {
            while self.lines[line].cuts > 0 {
                self.run_until(self.now_us + SECOND);
            }
        }
        for machine in 0..self.machines.len() {
            self.machines[machine].disk.is_full = false;
            self.start(machine, &BTreeMap::new());
            self.open_known_cases(machine);
        }
        self.dial_everywhere();
    }
}
