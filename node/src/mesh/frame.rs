//! Frames on a byte stream: a length of four bytes, big-endian, then as many bytes.
//!
//! A frame of length 0 carries nothing. Each end sends one on opening, so that a stream counts as
//! open only when the other end has answered on it: an optimistic negotiation proves nothing.

use super::limits::FRAME_BYTES_MAX;

const HEADER: usize = 4;

/// Why a byte stream is no sequence of frames.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {length} bytes was announced, {FRAME_BYTES_MAX} are allowed")]
pub struct FrameTooLong {
    /// The announced length.
    pub length: u32,
}

/// What the bytes read so far amount to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More bytes are needed.
    More,
    /// A frame of this length follows; nothing has been allocated for it yet.
    Announced(usize),
    /// A whole frame.
    Frame(Vec<u8>),
}

/// Cuts a byte stream into frames, reading each byte where it will stay.
#[derive(Debug)]
pub(super) enum Deframer {
    Header { bytes: [u8; HEADER], filled: usize },
    Announced { length: usize },
    Body { bytes: Vec<u8>, filled: usize },
}

impl Deframer {
    pub fn new() -> Self {
        Self::Header {
            bytes: [0; HEADER],
            filled: 0,
        }
    }

    /// The length of the frame whose body has been announced but not begun.
    pub fn announced(&self) -> Option<usize> {
        match self {
            Self::Announced { length } => Some(*length),
            Self::Header { .. } | Self::Body { .. } => None,
        }
    }

    /// Where the next bytes are to be put. Begins an announced body.
    pub fn space(&mut self) -> &mut [u8] {
        if let Self::Announced { length } = *self {
            *self = Self::Body {
                bytes: vec![0; length],
                filled: 0,
            };
        }
        match self {
            Self::Header { bytes, filled } => &mut bytes[*filled..],
            Self::Body { bytes, filled } => &mut bytes[*filled..],
            Self::Announced { .. } => &mut [],
        }
    }

    /// `count` bytes were put into `space`.
    pub fn advance(&mut self, count: usize) -> Result<Step, FrameTooLong> {
        match self {
            Self::Header { bytes, filled } => {
                *filled += count;
                if *filled < HEADER {
                    return Ok(Step::More);
                }
                let length = u32::from_be_bytes(*bytes);
                match usize::try_from(length) {
                    Ok(0) => {
                        *self = Self::new();
                        Ok(Step::Frame(Vec::new()))
                    }
                    Ok(length) if length <= FRAME_BYTES_MAX => {
                        *self = Self::Announced { length };
                        Ok(Step::Announced(length))
                    }
                    _ => Err(FrameTooLong { length }),
                }
            }
            Self::Announced { .. } => Ok(Step::More),
            Self::Body { bytes, filled } => {
                *filled += count;
                if *filled < bytes.len() {
                    return Ok(Step::More);
                }
                let frame = std::mem::take(bytes);
                *self = Self::new();
                Ok(Step::Frame(frame))
            }
        }
    }
}

/// Appends a frame to a buffer of bytes to write.
pub(super) fn put_frame(buffer: &mut Vec<u8>, frame: &[u8]) {
    let length = u32::try_from(frame.len()).expect("frames are at most FRAME_BYTES_MAX long");
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(frame);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(bytes: &[u8], piece: usize) -> Result<Vec<Vec<u8>>, FrameTooLong> {
        let mut deframer = Deframer::new();
        let mut frames = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let space = deframer.space();
            let count = space.len().min(piece).min(rest.len());
            space[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            if let Step::Frame(frame) = deframer.advance(count)? {
                frames.push(frame);
            }
        }
        Ok(frames)
    }

    #[test]
    fn frames_come_back_whole_however_the_stream_is_cut() {
        let frames = vec![
            vec![],
            b"bonjour".to_vec(),
            vec![],
            vec![9; FRAME_BYTES_MAX],
        ];
        let mut bytes = Vec::new();
        for frame in &frames {
            put_frame(&mut bytes, frame);
        }
        for piece in [1, 3, 4, 5, 4096, usize::MAX] {
            assert_eq!(cut(&bytes, piece), Ok(frames.clone()), "pieces of {piece}");
        }
    }

    #[test]
    fn a_frame_too_long_is_refused_at_its_header() {
        for length in [u32::try_from(FRAME_BYTES_MAX).unwrap() + 1, u32::MAX] {
            assert_eq!(cut(&length.to_be_bytes(), 1), Err(FrameTooLong { length }));
        }
    }

    #[test]
    fn no_stream_ends_who_cuts_it_into_frames() {
        let mut bytes = Vec::new();
        for frame in [&[][..], b"bonjour", &[9; 300]] {
            put_frame(&mut bytes, frame);
        }
        crate::hostile::drive(&[&bytes], |bytes| {
            let whole = cut(bytes, usize::MAX);
            assert_eq!(whole, cut(bytes, 1), "in pieces or at once");
            whole.is_ok_and(|frames| frames.len() >= 3)
        });
    }
}
