//! Lines on which frames take time: the kiosk's is thin and loses packets, all others are fast.
//!
//! What was lost is sent again after a round trip, or, where nothing came behind it that would tell,
//! after a second and more; meanwhile all behind it waits, and then arrives at once.

use std::collections::BTreeMap;
use std::time::Duration;

use guichet_keys::SubjectId;
use guichet_sync::page::PageId;
use guichet_sync::wire::Frame;

use super::network::Who;

/// 512 kbit/s.
const UP_BYTES_S: u64 = 64_000;
/// 2 Mbit/s.
const DOWN_BYTES_S: u64 = 250_000;
const ONE_WAY: Duration = Duration::from_millis(30);
const LAN: Duration = Duration::from_millis(1);
const PACKET_BYTES: usize = 1_200;
/// One packet of so many is lost, and sent again.
const LOSS_ONE_IN: u64 = 50;
/// Of those one of so many is missed late.
const LATE_ONE_IN: u64 = 4;
/// So late at most.
const LATE_MS: u64 = 1_500;

/// A frame on its way.
pub struct Passed {
    pub from: SubjectId,
    pub to: SubjectId,
    /// The line it went onto: what is on a line that is cut never arrives.
    pub line: u64,
    /// None: the line ends.
    pub frame: Option<Vec<u8>>,
}

/// Frames on their way, in the order in which they arrive.
#[derive(Default)]
pub struct Passing {
    queue: BTreeMap<(Duration, u64), Passed>,
    number: u64,
}

impl Passing {
    pub fn add(&mut self, at: Duration, passed: Passed) {
        self.number += 1;
        self.queue.insert((at, self.number), passed);
    }

    /// When the next arrives.
    pub fn next(&self) -> Option<Duration> {
        self.queue.keys().next().map(|(at, _)| *at)
    }

    /// The next that has arrived.
    pub fn take(&mut self, now: Duration) -> Option<Passed> {
        let first = self.queue.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}

/// What is left to chance, and follows from a seed.
#[derive(Default)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    fn draw(&mut self) -> u64 {
        let factor = 6_364_136_223_846_793_005;
        self.0 = self.0.wrapping_mul(factor);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.draw().is_multiple_of(many)
    }

    /// A number from the first up to the second.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.draw() % (most - least)
    }
}

/// How long frames take, and what went over the thin line.
#[derive(Default)]
pub struct Pace {
    free_at: BTreeMap<bool, Duration>,
    last_at: BTreeMap<(SubjectId, SubjectId), Duration>,
    chance: Chance,
    /// The kiosk's line carries nothing, and nobody has noticed.
    is_cut: bool,
    /// Bytes that the kiosk sent, what was lost on its line included.
    pub up_bytes: u64,
    /// How often each segment left the kiosk.
    pub left: BTreeMap<(PageId, u32), u32>,
    /// How often each segment arrived from the kiosk, wherever it went.
    pub arrived: BTreeMap<(PageId, u32), u32>,
}

impl Pace {
    pub fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            ..Self::default()
        }
    }

    /// When a frame that leaves now is there.
    pub fn arrival(
        &mut self,
        now: Duration,
        from: SubjectId,
        to: SubjectId,
        frame: &[u8],
    ) -> Duration {
        let is_up = from == Who::Kiosk.subject();
        if !is_thin(from, to) {
            return now + LAN;
        }
        let packets = frame.len().div_ceil(PACKET_BYTES);
        let lost = (0..packets)
            .filter(|_| self.chance.one_in(LOSS_ONE_IN))
            .count();
        let bytes = (frame.len() + lost * PACKET_BYTES) as u64;
        let rate = if is_up { UP_BYTES_S } else { DOWN_BYTES_S };
        let free_at = self.free_at.entry(is_up).or_default();
        *free_at = (*free_at).max(now) + Duration::from_micros(bytes * 1_000_000 / rate);
        let at = *free_at + ONE_WAY;
        let again = match lost {
            0 => Duration::ZERO,
            _ if self.chance.one_in(LATE_ONE_IN) => {
                Duration::from_millis(self.chance.between(0, LATE_MS))
            }
            _ => 2 * ONE_WAY,
        };
        let at = at + again;
        if is_up {
            self.up_bytes += bytes;
            if let Ok(Frame::Segment { page, index, .. }) = Frame::decode(frame) {
                *self.left.entry((page, index)).or_default() += 1;
            }
        }
        let last = self.last_at.entry((from, to)).or_default();
        *last = at.max(*last);
        *last
    }

    pub fn on_arrival(&mut self, from: SubjectId, frame: &[u8]) {
        if from == Who::Kiosk.subject()
            && let Ok(Frame::Segment { page, index, .. }) = Frame::decode(frame)
        {
            *self.arrived.entry((page, index)).or_default() += 1;
        }
    }

    /// Segments that arrived from the kiosk again.
    pub fn twice(&self) -> u32 {
        self.arrived.values().map(|times| times - 1).sum()
    }

    /// Segments that left the kiosk again.
    pub fn again(&self) -> u32 {
        self.left.values().map(|times| times - 1).sum()
    }

    /// What is under way on the kiosk's line, and what is sent on it until it is mended, never
    /// arrives.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// The kiosk's line carries again what is sent over new connections.
    pub fn mend(&mut self, now: Duration) {
        self.is_cut = false;
        self.free_at = BTreeMap::from([(true, now), (false, now)]);
        self.last_at.clear();
    }

    /// Whether what passes between these is lost now.
    pub fn loses(&self, from: SubjectId, to: SubjectId) -> bool {
        self.is_cut && is_thin(from, to)
    }
}

/// Whether these speak over the kiosk's line.
fn is_thin(from: SubjectId, to: SubjectId) -> bool {
    let kiosk = Who::Kiosk.subject();
    from == kiosk || to == kiosk
}
