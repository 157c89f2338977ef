//! The door to randomness: nothing else in the program asks the kernel for random bytes.
//!
//! Keys, salts, tags and tokens are drawn here and handed to the cores as arguments.

#![allow(
    clippy::disallowed_methods,
    reason = "the one place where randomness is drawn"
)]

/// `N` random bytes from the kernel.
///
/// # Panics
/// If the kernel refuses random bytes: without them no key may be made.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut drawn = [0; N];
    getrandom::fill(&mut drawn).expect("the kernel gives random bytes");
    drawn
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn two_draws_differ() {
        assert_ne!(bytes::<32>(), bytes::<32>());
    }
}
