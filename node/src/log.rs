//! A log that nothing fills: a line that repeats is written once a minute, and how often it was
//! left out is said afterwards. Whoever asks for more than `info` gets every line of that.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// A line that is written is not written again for so long.
const REPEATED_EVERY: Duration = Duration::from_secs(60);
/// Lines that one place in the program writes within that time.
const OF_ONE_PLACE_MAX: u32 = 60;
/// Lines that are remembered; each that is not is written.
const LINES_MAX: usize = 2048;
/// What is kept of a line to name it, in bytes.
const NAMED_BYTES_MAX: usize = 160;

/// What has been written lately.
#[derive(Debug, Default)]
pub struct Thrift<Place> {
    lines: HashMap<String, Repeated>,
    places: HashMap<Place, Repeated>,
}

/// Something that may repeat.
#[derive(Debug)]
struct Repeated {
    since: Instant,
    written: u32,
    left_out: u64,
    named: String,
}

impl Repeated {
    fn new(since: Instant, named: &str) -> Self {
        let mut named = named.trim_end().to_owned();
        while named.len() > NAMED_BYTES_MAX {
            named.pop();
        }
        Self {
            since,
            written: 0,
            left_out: 0,
            named,
        }
    }
}

impl<Place: Eq + std::hash::Hash> Thrift<Place> {
    /// Whether a line of this place in the program is to be written.
    pub fn admits(&mut self, now: Instant, place: Place, line: &str) -> bool {
        let text = likeness(line);
        let known = self.lines.contains_key(&text);
        if known || self.lines.len() < LINES_MAX {
            let named = text.as_str();
            let line = self.lines.entry(text.clone());
            let line = line.or_insert_with(|| Repeated::new(now, named));
            if line.written > 0 {
                line.left_out += 1;
                return false;
            }
            line.written = 1;
        }
        let place = self.places.entry(place);
        let place = place.or_insert_with(|| Repeated::new(now, &text));
        if place.written >= OF_ONE_PLACE_MAX {
            place.left_out += 1;
            return false;
        }
        place.written += 1;
        true
    }

    /// What is over, and how often something was left out meanwhile: a sentence each.
    pub fn lapsed(&mut self, now: Instant) -> Vec<String> {
        let over = |it: &Repeated| now.saturating_duration_since(it.since) >= REPEATED_EVERY;
        let lines = self.lines.extract_if(|_, it| over(it));
        let mut said: Vec<String> = lines
            .filter(|(_, it)| it.left_out > 0)
            .map(|(_, it)| format!("left out {} times: {}", it.left_out, it.named))
            .collect();
        let places = self.places.extract_if(|_, it| over(it));
        said.extend(places.filter(|(_, it)| it.left_out > 0).map(|(_, it)| {
            format!(
                "left out {} lines that began with: {}",
                it.left_out, it.named
            )
        }));
        said.sort();
        said
    }
}

/// What a line says, without when and how much: its time is its first word.
fn likeness(line: &str) -> String {
    let said = line.split_once(' ').map_or(line, |(_, said)| said);
    let mut text = String::with_capacity(said.len());
    for letter in said.chars() {
        match letter {
            '0'..='9' if text.ends_with('#') => {}
            '0'..='9' => text.push('#'),
            other => text.push(other),
        }
    }
    text
}

/// Writes a log line by line, and leaves out what repeats.
#[derive(Debug)]
pub struct Thrifty<W> {
    out: W,
    thrift: Mutex<Thrift<Identifier>>,
}

impl<W> Thrifty<W> {
    /// Nothing has been written yet.
    pub fn new(out: W) -> Self {
        Self {
            out,
            thrift: Mutex::new(Thrift {
                lines: HashMap::new(),
                places: HashMap::new(),
            }),
        }
    }
}

impl<'a, W: Fn() -> O + 'a, O: Write + 'a> MakeWriter<'a> for Thrifty<W> {
    type Writer = Line<'a, O>;

    fn make_writer(&'a self) -> Line<'a, O> {
        let out = (self.out)();
        Line { out, place: None }
    }

    fn make_writer_for(&'a self, of: &Metadata<'_>) -> Line<'a, O> {
        let out = (self.out)();
        let spared = *of.level() <= Level::INFO;
        let place = spared.then(|| (of.callsite(), &self.thrift));
        Line { out, place }
    }
}

/// One line of the log.
pub struct Line<'a, O> {
    out: O,
    place: Option<(Identifier, &'a Mutex<Thrift<Identifier>>)>,
}

impl<O: Write> Line<'_, O> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some((place, thrift)) = &self.place else {
            return self.out.write_all(bytes);
        };
        let line = String::from_utf8_lossy(bytes);
        let now = Instant::now();
        let (lapsed, admitted) = {
            let mut thrift = thrift.lock().unwrap_or_else(PoisonError::into_inner);
            let lapsed = thrift.lapsed(now);
            (lapsed, thrift.admits(now, place.clone(), &line))
        };
        let time = line.split(' ').next().unwrap_or_default();
        for said in lapsed {
            writeln!(self.out, "{time}  INFO log: {said}")?;
        }
        if admitted {
            self.out.write_all(bytes)?;
        }
        Ok(())
    }
}

impl<O: Write> Write for Line<'_, O> {
    /// Never fails: who reads no log, or has no room for one, still has a node.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _lost = self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _lost = self.out.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn thrift() -> Thrift<u32> {
        Thrift {
            lines: HashMap::new(),
            places: HashMap::new(),
        }
    }

    #[test]
    fn a_line_that_repeats_is_written_once_a_minute_and_counted() {
        let (mut thrift, start) = (thrift(), Instant::now());
        let mut written = Vec::new();
        for second in 0..300_u32 {
            let now = start + second * SECOND;
            written.extend(thrift.lapsed(now));
            for ms in [0, 250, 500] {
                let line =
                    format!("2026-11-30T00:00:{second}.{ms}Z  WARN relay: at capacity {ms}\n");
                if thrift.admits(now, 1, &line) {
                    written.push(line);
                }
            }
        }
        assert_eq!(written.len(), 5 + 4, "{written:#?}");
        let told = "left out 179 times:  WARN relay: at capacity #";
        assert_eq!(written.iter().filter(|it| *it == told).count(), 4);
    }

    #[test]
    fn lines_that_differ_are_written_until_their_place_has_said_enough() {
        let (mut thrift, start) = (thrift(), Instant::now());
        let name = |it: u32| char::from_u32(u32::from('α') + it).expect("a letter");
        let admitted = (0..200).filter(|it| {
            let line = format!("T INFO {} came", name(*it));
            thrift.admits(start, 1, &line)
        });
        assert_eq!(admitted.count(), OF_ONE_PLACE_MAX as usize);
        assert!(thrift.admits(start, 2, "T INFO something else"));
        let said = thrift.lapsed(start + REPEATED_EVERY);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("left out 140 lines"), "{said:?}");
        assert!(thrift.lines.is_empty() && thrift.places.is_empty());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut thrift, now) = (thrift(), Instant::now());
        let letter = |it: u32| char::from_u32(0x4e00 + it).expect("a letter");
        let many = u32::try_from(2 * LINES_MAX).expect("few");
        for number in 0..many {
            let line = format!("T INFO {}", letter(number));
            assert!(thrift.admits(now, number, &line), "it is news");
        }
        assert_eq!(thrift.lines.len(), LINES_MAX);
    }

    #[test]
    fn the_log_itself_is_spared_and_debugging_is_not() {
        use std::sync::Arc;

        #[derive(Clone, Default)]
        struct Kept(Arc<Mutex<Vec<u8>>>);
        impl Write for Kept {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        let kept = Kept::default();
        let out = kept.clone();
        let log = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_ansi(false)
            .with_writer(Thrifty::new(move || out.clone()))
            .finish();
        tracing::subscriber::with_default(log, || {
            for attempt in 0..50 {
                tracing::warn!(attempt, "at capacity");
                tracing::debug!(attempt, "dial failed");
            }
        });
        let written = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.matches("at capacity").count(), 1, "{written}");
        assert_eq!(written.matches("dial failed").count(), 50);
    }
}
