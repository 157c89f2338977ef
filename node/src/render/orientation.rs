//! How a camera was held: the one thing of EXIF that changes what is seen.
//!
//! Only the first directory is read, once, and in it one entry: offsets that lead in circles or far
//! away lead nowhere. Whatever is not right in it counts as upright.

/// What brings a picture upright: mirrored left to right first, if at all, then turned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orientation {
    pub mirrored: bool,
    /// Quarter turns clockwise.
    pub turns: u8,
}

const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;
const ENTRY_BYTES: usize = 12;
const PNG_HEAD_BYTES: usize = 8;

impl Orientation {
    /// Reads EXIF data as it stands in a JPEG behind its marker, or in a PNG's `eXIf` (EXIF 2.32,
    /// section 4.6.4; TIFF 6.0, section 2).
    pub fn of_exif(exif: &[u8]) -> Self {
        let value = match exif.first_chunk() {
            Some(b"II*\0") => value(exif, u16::from_le_bytes, u32::from_le_bytes),
            Some(b"MM\0*") => value(exif, u16::from_be_bytes, u32::from_be_bytes),
            _ => None,
        };
        let (mirrored, turns) = match value {
            Some(2) => (true, 0),
            Some(3) => (false, 2),
            Some(4) => (true, 2),
            Some(5) => (true, 3),
            Some(6) => (false, 1),
            Some(7) => (true, 1),
            Some(8) => (false, 3),
            Some(_) | None => (false, 0),
        };
        Self { mirrored, turns }
    }

    /// Looks for `eXIf` among the chunks of a PNG, wherever it stands.
    pub fn of_png(document: &[u8]) -> Self {
        let mut rest = document.get(PNG_HEAD_BYTES..).unwrap_or_default();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            let Some((kind, after)) = after.split_first_chunk::<4>() else {
                break;
            };
            // Its checksum follows a chunk.
            let (Some(data), Some(next)) = (after.get(..length), after.get(length + 4..)) else {
                break;
            };
            if kind == b"eXIf" {
                return Self::of_exif(data);
            }
            rest = next;
        }
        Self::default()
    }
}

/// The value of the one entry, if it is there and of the right kind.
fn value(exif: &[u8], short: fn([u8; 2]) -> u16, long: fn([u8; 4]) -> u32) -> Option<u16> {
    let at = long(*exif.get(4..)?.first_chunk()?) as usize;
    let (count, entries) = exif.get(at..)?.split_first_chunk()?;
    let entries = entries.chunks_exact(ENTRY_BYTES);
    let mut entries = entries.take(usize::from(short(*count)));
    entries.find_map(|entry| {
        let field = |at: usize| Some(short(*entry.get(at..)?.first_chunk()?));
        let is_it = field(0)? == ORIENTATION && field(2)? == SHORT;
        if is_it { field(8) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_right_is_upright() {
        let whole = [
            &b"II*\0\x08\0\0\0\x01\0"[..],
            &[0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0],
            &[0; 4],
        ]
        .concat();
        let turned = Orientation {
            mirrored: false,
            turns: 1,
        };
        assert_eq!(Orientation::of_exif(&whole), turned);
        for length in 0..22 {
            assert_eq!(
                Orientation::of_exif(&whole[..length]),
                Orientation::default()
            );
        }
        let changed = |at: usize, bytes: &[u8]| {
            let mut exif = whole.clone();
            exif[at..at + bytes.len()].copy_from_slice(bytes);
            Orientation::of_exif(&exif)
        };
        for (what, at, bytes) in [
            ("no byte order", 0, &b"XX"[..]),
            ("a directory at the end of memory", 4, &[0xff; 4]),
            ("a directory that is the head", 4, &[0, 0, 0, 0]),
            ("no entry", 8, &[0, 0]),
            ("another kind", 12, &[4, 0]),
            ("0", 18, &[0, 0]),
            ("9", 18, &[9, 0]),
            ("65,535", 18, &[0xff, 0xff]),
        ] {
            assert_eq!(changed(at, bytes), Orientation::default(), "{what}");
        }
        assert_eq!(
            changed(8, &[0xff, 0xff]),
            turned,
            "more entries than there are"
        );
        assert_eq!(changed(22, &[8, 0, 0, 0]), turned, "a directory in circles");
    }

    #[test]
    fn a_png_of_any_lengths_ends() {
        let mut document = b"\x89PNG\r\n\x1a\n\0\0\0\x02abCd..CRC.".to_vec();
        document.extend(b"\xff\xff\xff\xffeXIfII*\0");
        for length in 0..=document.len() {
            let part = &document[..length];
            assert_eq!(Orientation::of_png(part), Orientation::default());
        }
    }

    #[test]
    fn no_exif_ends_who_reads_it() {
        let entry = [0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0];
        let exif = [&b"II*\0\x08\0\0\0\x01\0"[..], &entry, &[0; 4]].concat();
        let mut png = vec![0; PNG_HEAD_BYTES];
        for (kind, data) in [(b"IHDR", &[0; 13][..]), (b"eXIf", &exif), (b"IEND", &[])] {
            png.extend((data.len() as u32).to_be_bytes());
            png.extend([&kind[..], data, &[0; 4]].concat());
        }
        let turned = |it: Orientation| it != Orientation::default();
        crate::hostile::drive(&[&exif], |exif| turned(Orientation::of_exif(exif)));
        crate::hostile::drive(&[&png], |png| turned(Orientation::of_png(png)));
    }
}
