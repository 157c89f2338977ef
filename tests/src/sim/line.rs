//! A line between two posts, and the connection on it.
//!
//! A connection carries frames in order, each way for itself: at the line's rate, after its delay
//! with jitter, and a lost one again after a while, which holds up those behind it. What was on
//! its way when the connection broke is lost; each end notices for itself, and late.

use super::cast::Post;
use super::random::Random;

/// One microsecond counts one.
pub const SECOND: u64 = 1_000_000;
/// One millisecond.
pub const MILLISECOND: u64 = 1_000;

/// One of the two ends of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The first of its posts.
    First = 0,
    /// The second.
    Second = 1,
}

impl End {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::First, Self::Second];

    /// The opposite one.
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// What an end knows of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knows {
    /// Nothing yet.
    Nothing,
    /// It is open.
    Open,
    /// It is gone.
    Lost,
}

#[derive(Clone, Copy, Debug, Default)]
struct Pipe {
    free_us: u64,
    last_us: u64,
}

/// A stream between two machines.
#[derive(Debug)]
pub struct Connection {
    /// Tells it from those before.
    pub number: u64,
    /// The machines at its ends.
    pub machines: [usize; 2],
    /// What each end knows of it.
    pub knows: [Knows; 2],
    /// Whether it carries anything.
    pub carries: bool,
    pipes: [Pipe; 2],
}

impl Connection {
    /// A new one.
    pub fn new(number: u64, machines: [usize; 2]) -> Self {
        Self {
            number,
            machines,
            knows: [Knows::Nothing; 2],
            carries: true,
            pipes: [Pipe::default(); 2],
        }
    }

    /// Nothing that this end sends arrives before this time.
    pub fn hold(&mut self, from: End, until_us: u64) {
        let pipe = &mut self.pipes[from as usize];
        pipe.last_us = pipe.last_us.max(until_us);
    }

    /// When the last of what this end has sent arrives.
    pub fn last_arrival_us(&self, from: End) -> u64 {
        self.pipes[from as usize].last_us
    }
}

/// A line.
#[derive(Debug)]
pub struct Line {
    /// Between whom.
    pub posts: [Post; 2],
    /// Least time one way.
    pub delay_us: u64,
    /// More of it, at random.
    pub jitter_us: u64,
    /// Bytes a second, each way.
    pub rate_bytes_s: u64,
    /// How many of a hundred frames are lost at first.
    pub loss_percent: u64,
    /// How many cuts it suffers now.
    pub cuts: u32,
    /// The connection on it.
    pub connection: Option<Connection>,
    /// Whether somebody is about to dial.
    pub dials: bool,
}

impl Line {
    /// A line of some kind, from a good one in the same house to a poor one by satellite.
    pub fn draw(posts: [Post; 2], random: &mut Random) -> Self {
        let delays = [1, 20, 60, 150, 300].map(|delay_ms| delay_ms * MILLISECOND);
        let rates = [16_000, 64_000, 256_000, 2_000_000, 50_000_000];
        let delay_us = *random.pick(&delays).expect("there are some");
        Self {
            posts,
            delay_us,
            jitter_us: random.below(delay_us + 1),
            rate_bytes_s: *random.pick(&rates).expect("there are some"),
            loss_percent: random.below(6),
            cuts: 0,
            connection: None,
            dials: false,
        }
    }

    /// The end that is at this post.
    pub fn end_at(&self, post: Post) -> Option<End> {
        End::BOTH
            .into_iter()
            .find(|end| self.posts[*end as usize] == post)
    }

    /// When a frame of this size that is sent now arrives.
    pub fn arrival_us(&mut self, now_us: u64, from: End, bytes: usize, random: &mut Random) -> u64 {
        let Some(connection) = &mut self.connection else {
            return now_us;
        };
        let pipe = &mut connection.pipes[from as usize];
        pipe.free_us = pipe.free_us.max(now_us) + bytes as u64 * SECOND / self.rate_bytes_s;
        let mut arrival_us = pipe.free_us + self.delay_us + random.below(self.jitter_us + 1);
        while random.percent(self.loss_percent) {
            arrival_us += 2 * self.delay_us + 200 * MILLISECOND;
        }
        pipe.last_us = pipe.last_us.max(arrival_us) + 1;
        pipe.last_us
    }
}
