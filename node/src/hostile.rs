//! Bytes from outside, for the tests of what reads them: valid samples with numbers at the ends of
//! their range, parts again, ends cut off.

/// Inputs of one drive.
const INPUTS: u64 = 3_000;

const NUMBERS: [u64; 10] = [
    0,
    1,
    0x7f,
    0xff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 32,
    i64::MAX as u64,
    u64::MAX,
];

/// What is left to chance; a seed gives the same again.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end.max(1)
    }
}

/// Says which input it was, if that is the one that fails.
struct Told<'a>(u64, &'a [u8]);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "input {} fails: {:?}",
                self.0,
                self.1.escape_ascii().to_string()
            );
        }
    }
}

/// Reads altered samples, at least half of which must still be read.
pub fn drive(samples: &[&[u8]], reads: impl Fn(&[u8]) -> bool) {
    let read = (0..INPUTS).filter(|seed| {
        let bytes = altered(samples, *seed);
        let _told = Told(*seed, &bytes);
        reads(&bytes)
    });
    let read = read.count() as u64;
    assert!(2 * read >= INPUTS, "{read} of {INPUTS} are read");
}

/// The same for texts.
pub fn drive_text(samples: &[&str], reads: impl Fn(&str) -> bool) {
    let samples: Vec<&[u8]> = samples.iter().map(|it| it.as_bytes()).collect();
    drive(&samples, |bytes| reads(&String::from_utf8_lossy(bytes)));
}

fn altered(samples: &[&[u8]], seed: u64) -> Vec<u8> {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..8 {
        random.below(2);
    }
    let mut bytes = samples[random.below(samples.len())].to_vec();
    let number = NUMBERS[random.below(NUMBERS.len())];
    let at = random.below(bytes.len());
    match random.below(12) {
        0..=3 => {}
        4 | 5 => put(
            &mut bytes,
            at,
            &number.to_be_bytes()[[4, 6, 7][random.below(3)]..],
        ),
        6 => put(
            &mut bytes,
            at,
            &number.to_le_bytes()[..[1, 2, 4][random.below(3)]],
        ),
        7 | 8 => digits(&mut bytes, at, number),
        9 => bytes[at] ^= 1 << random.below(8),
        10 => {
            let end = at + random.below(bytes.len() - at + 1);
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
        _ => bytes.truncate(at),
    }
    bytes
}

fn put(bytes: &mut [u8], at: usize, number: &[u8]) {
    for (place, byte) in bytes[at..].iter_mut().zip(number) {
        *place = *byte;
    }
}

/// Another number in the place of the next that is written in digits.
fn digits(bytes: &mut Vec<u8>, from: usize, number: u64) {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let Some(at) = bytes[from..].iter().position(is_digit).map(|at| from + at) else {
        return;
    };
    let count = bytes[at..].iter().take_while(|byte| is_digit(byte)).count();
    bytes.splice(at..at + count, number.to_string().into_bytes());
}
