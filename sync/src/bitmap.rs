//! Which segments of a page are held.

/// One bit a segment, least significant first; bits beyond the last are never set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    bytes: Vec<u8>,
    len: u32,
    set: u32,
}

impl Bitmap {
    /// None of `len` segments.
    #[must_use]
    pub fn empty(len: u32) -> Self {
        Self {
            bytes: vec![0; len.div_ceil(8) as usize],
            len,
            set: 0,
        }
    }

    /// All of `len` segments.
    #[must_use]
    pub fn full(len: u32) -> Self {
        Self::from_bytes(&vec![0xff; len.div_ceil(8) as usize], len)
    }

    /// Reads the bits that `bytes` has for `len` segments; what is missing is not set.
    #[must_use]
    pub fn from_bytes(bytes: &[u8], len: u32) -> Self {
        let mut bitmap = Self::empty(len);
        for index in 0..len {
            if bytes
                .get(index as usize / 8)
                .is_some_and(|byte| byte >> (index % 8) & 1 == 1)
            {
                bitmap.insert(index);
            }
        }
        bitmap
    }

    /// Sets a bit; gives whether it was new.
    pub fn insert(&mut self, index: u32) -> bool {
        if index >= self.len || self.contains(index) {
            return false;
        }
        self.bytes[index as usize / 8] |= 1 << (index % 8);
        self.set = self.set.saturating_add(1);
        true
    }

    /// Whether a bit is set.
    #[must_use]
    pub fn contains(&self, index: u32) -> bool {
        index < self.len && self.bytes[index as usize / 8] >> (index % 8) & 1 == 1
    }

    /// Takes a bit back.
    pub fn remove(&mut self, index: u32) {
        if self.contains(index) {
            self.bytes[index as usize / 8] &= !(1 << (index % 8));
            self.set = self.set.saturating_sub(1);
        }
    }

    /// Leaves set here only what is set in `other`.
    pub fn keep(&mut self, other: &Self) {
        (0..self.len)
            .filter(|index| !other.contains(*index))
            .for_each(|index| self.remove(index));
    }

    /// Sets here what is set in `other`.
    pub fn add(&mut self, other: &Self) {
        while let Some(index) = other.first_beyond(self).filter(|index| *index < self.len) {
            self.insert(index);
        }
    }

    /// The first segment that is set here and not in `other`.
    #[must_use]
    pub fn first_beyond(&self, other: &Self) -> Option<u32> {
        let (byte, ours) = self
            .bytes
            .iter()
            .enumerate()
            .map(|(at, byte)| (at, byte & !other.bytes.get(at).copied().unwrap_or(0)))
            .find(|(_, bits)| *bits != 0)?;
        let byte = u32::try_from(byte).ok()?;
        byte.checked_mul(8)?.checked_add(ours.trailing_zeros())
    }

    /// Whether every bit is set.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.set == self.len
    }

    /// How many bits are set.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.set
    }

    /// How many segments there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether no bit is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set == 0
    }

    /// The bits.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::Bitmap;

    #[test]
    fn bits_beyond_the_end_do_not_count() {
        let bitmap = Bitmap::from_bytes(&[0xff, 0xff, 0xff], 10);
        assert!(bitmap.is_full());
        assert_eq!(bitmap.count(), 10);
        assert_eq!(bitmap.as_bytes(), [0xff, 0x03]);
        assert!(!Bitmap::from_bytes(&[0xff], 10).is_full());
    }

    #[test]
    fn bits_are_added_and_taken_back() {
        let mut ours = Bitmap::from_bytes(&[0b1001], 9);
        ours.add(&Bitmap::from_bytes(&[0b0011, 0b1], 9));
        assert_eq!((ours.as_bytes(), ours.count()), (&[0b1011, 1][..], 4));
        [1, 2, 99].into_iter().for_each(|index| ours.remove(index));
        assert_eq!((ours.as_bytes(), ours.count()), (&[0b1001, 1][..], 3));
        ours.keep(&Bitmap::from_bytes(&[0b1001], 4));
        assert_eq!((ours.as_bytes(), ours.count()), (&[0b1001, 0][..], 2));
        let mut short = Bitmap::empty(4);
        short.add(&Bitmap::full(99));
        assert!(short.is_full());
    }

    #[test]
    fn the_first_segment_another_lacks() {
        let mut theirs = Bitmap::empty(20);
        (0..9).for_each(|index| assert!(theirs.insert(index)));
        let mut ours = Bitmap::empty(20);
        assert_eq!(ours.first_beyond(&theirs), None);
        ours.insert(3);
        ours.insert(17);
        assert_eq!(ours.first_beyond(&theirs), Some(17));
        assert!(!ours.insert(20));
    }
}
