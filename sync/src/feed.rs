//! Feeds: the classes of durable things a node hands on.
//!
//! Every durable record belongs to one feed and has an arrival number there: 1, 2, 3… in the
//! order in which this disk made it durable, allotted inside the write itself. A peer remembers
//! one cursor per feed, so a feed that lags never holds back another.

use minicbor::{Decode, Encode};

/// A class of durable things; the number stands in files and on the wire and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Feed {
    /// Signed facts of the network.
    #[n(0)]
    Statements = 0,
    /// Signed "durable here".
    #[n(1)]
    Receipts = 1,
    /// Envelopes of changes to documents.
    #[n(2)]
    Edits = 2,
    /// Envelopes of immutable records, and manifests of pages.
    #[n(3)]
    Acts = 3,
}

impl Feed {
    /// How many feeds there are.
    pub const COUNT: usize = 4;

    /// Every feed, in the order of `index`.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Statements, Self::Receipts, Self::Edits, Self::Acts];

    /// The place of this feed in an array with one entry per feed.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The feed at this place; none beyond the last.
    pub const fn from_index(index: usize) -> Option<Self> {
        match index {
            0 => Some(Self::Statements),
            1 => Some(Self::Receipts),
            2 => Some(Self::Edits),
            3 => Some(Self::Acts),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Feed;

    #[test]
    fn numbers_stay() {
        for (index, feed) in Feed::ALL.into_iter().enumerate() {
            assert_eq!(feed.index(), index);
            assert_eq!(Feed::from_index(index), Some(feed));
            let bytes = minicbor::to_vec(feed).expect("a vector takes any bytes");
            assert_eq!(bytes, [index as u8]);
            assert_eq!(minicbor::decode::<Feed>(&bytes).ok(), Some(feed));
        }
        assert_eq!(Feed::from_index(Feed::COUNT), None);
        assert!(minicbor::decode::<Feed>(&[4]).is_err());
    }
}
