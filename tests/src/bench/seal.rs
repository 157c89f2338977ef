use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use guichet_keys::{
    AesGcm, AgreementSecret, Salt, Sealer as _, SecretKey, SigningKey, Wrap, verify,
};

use crate::figure::Figure;

const FOR: Duration = Duration::from_secs(1);
const MEGABYTE: f64 = 1e6;

/// Seals and opens segments and envelopes on one core; signs, verifies, wraps
/// and opens wraps.
pub fn run() -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (name, bytes) in [
        ("a segment of 16 KiB", 16 * 1024),
        ("an envelope of 256 B", 256),
    ] {
        figures.extend(sealing(name, bytes)?);
    }
    figures.extend(signing()?);
    figures.extend(wrapping()?);
    Ok(figures)
}

fn sealing(name: &str, bytes: usize) -> Result<[Figure; 2]> {
    let (key, salt) = (SecretKey::from([1; 32]), Salt::from([2; 16]));
    let (aad, plain) = ([3; 96], vec![4; bytes]);
    let sealed = AesGcm.seal(&key, &salt, "bench", 0, &aad, &plain);
    let mut index = 0;
    let seal = rate(|| {
        index += 1;
        black_box(AesGcm.seal(&key, &salt, "bench", index, &aad, &plain));
    })?;
    let open = rate(|| {
        let opened = AesGcm.open(&key, &salt, "bench", 0, &aad, &sealed);
        black_box(opened.expect("what was sealed opens"));
    })?;
    let figure = |verb, rate: Rate| {
        let value = rate.per_second * bytes as f64 / MEGABYTE;
        Figure::of("seal", &format!("{verb} {name}"), value, "MB/s", rate.n)
    };
    Ok([figure("seal", seal), figure("open", open)])
}

fn signing() -> Result<[Figure; 2]> {
    let key = SigningKey::from_seed(&[5; 32]);
    let message = [6; 300];
    let signature = key.sign("bench", &message);
    let sign = rate(|| {
        black_box(key.sign("bench", &message));
    })?;
    let check = rate(|| {
        let checked = verify(&key.subject(), "bench", &message, black_box(&signature));
        checked.expect("what was signed verifies");
    })?;
    Ok([sign.figure("sign"), check.figure("verify")])
}

fn wrapping() -> Result<[Figure; 2]> {
    let secret = AgreementSecret::from_seed(&[7; 32]);
    let wrapped = Wrap::seal(&secret.public(), "bench", b"", &[8; 32], &[9; 32])?;
    wrapped.open(&secret, "bench", b"")?;
    let wrap = rate(|| {
        let wrapped = Wrap::seal(&secret.public(), "bench", b"", &[8; 32], &[9; 32]);
        black_box(wrapped.expect("a key can be wrapped"));
    })?;
    let open = rate(|| {
        black_box(
            wrapped
                .open(&secret, "bench", b"")
                .expect("what was wrapped opens"),
        );
    })?;
    Ok([wrap.figure("wrap a key"), open.figure("open a wrap")])
}

struct Rate {
    per_second: f64,
    n: usize,
}

impl Rate {
    fn figure(&self, name: &str) -> Figure {
        Figure::of("seal", name, self.per_second, "1/s", self.n)
    }
}

/// How often something can be done in a second of one core, from doing it for one.
fn rate(mut act: impl FnMut()) -> Result<Rate> {
    let begun = Instant::now();
    let worked = processor_ns()?;
    let mut n = 0;
    while begun.elapsed() < FOR {
        act();
        n += 1;
    }
    let seconds = (processor_ns()? - worked) as f64 / 1e9;
    Ok(Rate {
        per_second: n as f64 / seconds,
        n,
    })
}

/// For how long this thread has had a core: others that want it too do not count.
fn processor_ns() -> Result<u64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let first = text.split(' ').next().and_then(|it| it.parse().ok());
    first.context("the time on a core in /proc")
}
