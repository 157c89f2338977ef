//! What kind of file somebody hands over, told by its bytes and by nothing that its name claims.
//!
//! Only three kinds are shown and printed here; the others are told apart so that whoever brings one
//! reads what it is and what to do with it.

use serde::Serialize;

use super::pdf;

/// So far in, and so far from the end, a container says what it holds.
const LOOKED_AT_BYTES: usize = 64 << 10;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// PDF.
    Pdf,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// What phones make of photos (HEIF with HEVC).
    Heic,
    /// AVIF.
    Avif,
    /// WebP.
    WebP,
    /// GIF.
    Gif,
    /// TIFF, as scanners and copiers make it, and cameras' raw pictures.
    Tiff,
    /// Windows' bitmap.
    Bmp,
    /// JPEG XL.
    JpegXl,
    /// JPEG 2000.
    Jpeg2000,
    /// SVG.
    Svg,
    /// A text of Word (DOCX).
    Word,
    /// A table of Excel (XLSX).
    Excel,
    /// A presentation of PowerPoint (PPTX).
    PowerPoint,
    /// A document of LibreOffice (ODT, ODS, ODP).
    OpenDocument,
    /// A document of Office before 2007 (DOC, XLS, PPT), or a mail of Outlook.
    OldOffice,
    /// RTF.
    Rtf,
    /// A page of the web.
    WebPage,
    /// A ZIP that is no document.
    Zip,
    /// Another archive: RAR, 7z, gzip.
    Archive,
    /// A film or a sound.
    Film,
    /// Something else.
    Unknown,
}

impl Kind {
    /// The kind of a file.
    pub fn of(file: &[u8]) -> Self {
        let begins = |magic: &[u8]| file.starts_with(magic);
        let at =
            |place: usize, magic: &[u8]| file.get(place..).is_some_and(|it| it.starts_with(magic));
        let found = [
            (begins(b"\x89PNG\r\n\x1a\n"), Self::Png),
            (begins(b"\xff\xd8\xff"), Self::Jpeg),
            (begins(b"RIFF") && at(8, b"WEBP"), Self::WebP),
            (begins(b"GIF87a") || begins(b"GIF89a"), Self::Gif),
            (begins(b"II*\0") || begins(b"MM\0*"), Self::Tiff),
            (begins(b"II+\0") || begins(b"MM\0+"), Self::Tiff),
            // The four bytes that nobody uses are nought.
            (begins(b"BM") && at(6, &[0; 4]), Self::Bmp),
            (
                begins(b"\xff\x0a") || at(4, b"JXL \r\n\x87\n"),
                Self::JpegXl,
            ),
            (
                at(4, b"jP  \r\n\x87\n") || begins(b"\xff\x4f\xff\x51"),
                Self::Jpeg2000,
            ),
            (begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), Self::OldOffice),
            (begins(b"{\\rtf"), Self::Rtf),
            (
                begins(b"Rar!") || begins(b"7z\xbc\xaf\x27\x1c"),
                Self::Archive,
            ),
            (begins(b"\x1f\x8b"), Self::Archive),
            (
                begins(b"RIFF") || begins(b"ID3") || begins(b"OggS"),
                Self::Film,
            ),
            (begins(b"\x1a\x45\xdf\xa3"), Self::Film),
        ];
        let known = found.into_iter().find_map(|(is, kind)| is.then_some(kind));
        match known {
            Some(kind) => kind,
            None if at(4, b"ftyp") => of_boxes(file),
            None if begins(b"PK\x03\x04") || begins(b"PK\x05\x06") => of_zip(file),
            // Behind the others: up to 1,024 bytes may stand before a PDF.
            None if pdf::begin(file).is_some() => Self::Pdf,
            None => of_text(file),
        }
    }

    /// Whether files of this kind can be drawn here.
    pub fn is_shown(self) -> bool {
        matches!(self, Self::Pdf | Self::Png | Self::Jpeg)
    }
}

/// What a file of boxes holds (ISO/IEC 14496-12), by its brands.
fn of_boxes(file: &[u8]) -> Kind {
    let size = file
        .first_chunk()
        .map_or(0, |size| u32::from_be_bytes(*size));
    let brands = file.get(8..size as usize).unwrap_or(&file[8..]);
    let brands: Vec<&[u8]> = brands.chunks_exact(4).take(16).collect();
    let has = |known: &[&[u8; 4]]| {
        brands
            .iter()
            .any(|brand| known.iter().any(|it| it.as_slice() == *brand))
    };
    if has(&[b"avif", b"avis"]) {
        Kind::Avif
    } else if has(&[
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1",
    ]) {
        Kind::Heic
    } else {
        Kind::Film
    }
}

/// What a ZIP is, by the names of what is in it.
fn of_zip(file: &[u8]) -> Kind {
    let begin = &file[..file.len().min(LOOKED_AT_BYTES)];
    let end = &file[file.len().saturating_sub(LOOKED_AT_BYTES)..];
    let names = |name: &[u8]| {
        [begin, end]
            .iter()
            .any(|part| part.windows(name.len()).any(|it| it == name))
    };
    match () {
        () if names(b"mimetypeapplication/vnd.oasis.opendocument") => Kind::OpenDocument,
        () if names(b"word/document") => Kind::Word,
        () if names(b"xl/workbook") => Kind::Excel,
        () if names(b"ppt/presentation") => Kind::PowerPoint,
        () => Kind::Zip,
    }
}

fn of_text(file: &[u8]) -> Kind {
    let begin = String::from_utf8_lossy(&file[..file.len().min(1024)]).to_lowercase();
    match () {
        () if begin.contains("<svg") => Kind::Svg,
        () if begin.contains("<!doctype html") || begin.contains("<html") => Kind::WebPage,
        () => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_by_the_bytes() {
        let docx = [
            &b"PK\x03\x04\x14\0\x06\0\x08\0[Content_Types].xml"[..],
            &[7; 200_000],
            b"PK\x01\x02word/document.xml",
        ]
        .concat();
        // A ZIP that packs nothing shows the PDF in it.
        let stored = b"PK\x03\x04\x0a\0\0\0\0\0bail.pdf%PDF-1.4\n";
        let far = [&[b' '; 1025][..], b"%PDF-1.4"].concat();
        for (bytes, kind) in [
            (&b"%PDF-1.7\n"[..], Kind::Pdf),
            (b"--boundary\r\n\r\n%PDF-1.7\n", Kind::Pdf),
            (&far, Kind::Unknown),
            (b"\x89PNG\r\n\x1a\n...", Kind::Png),
            (b"\xff\xd8\xff\xe0", Kind::Jpeg),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Kind::Heic),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", Kind::Heic),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", Kind::Avif),
            (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", Kind::Avif),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Kind::Film),
            (b"\0\0\0\x14ftypisom\0\0\0\0mp42heic", Kind::Film),
            (b"\0\0\0\0ftyp", Kind::Film),
            (b"\xff\xff\xff\xffftypheic", Kind::Heic),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Kind::WebP),
            (b"RIFF\x10\0\0\0WAVEfmt ", Kind::Film),
            (b"GIF89a", Kind::Gif),
            (b"II*\0\x08\0\0\0", Kind::Tiff),
            (b"MM\0*\0\0\0\x08", Kind::Tiff),
            (b"BM\x36\0\x0c\0\0\0\0\0\x36\0", Kind::Bmp),
            (b"BMW, facture", Kind::Unknown),
            (b"\xff\x0a\xfa", Kind::JpegXl),
            (b"\0\0\0\x0cjP  \r\n\x87\n", Kind::Jpeg2000),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::OldOffice),
            (b"{\\rtf1\\ansi", Kind::Rtf),
            (&docx, Kind::Word),
            (b"PK\x03\x04....xl/workbook.xml", Kind::Excel),
            (b"PK\x03\x04....ppt/presentation.xml", Kind::PowerPoint),
            (
                b"PK\x03\x04..mimetypeapplication/vnd.oasis.opendocument.text",
                Kind::OpenDocument,
            ),
            (stored, Kind::Zip),
            (b"PK\x05\x06", Kind::Zip),
            (b"Rar!\x1a\x07", Kind::Archive),
            (b"\x1f\x8b\x08", Kind::Archive),
            (b"<?xml version=\"1.0\"?><svg/>", Kind::Svg),
            (b"<!DOCTYPE html><script>", Kind::WebPage),
            (b"Bonjour", Kind::Unknown),
            (b"\xff\xfe\0", Kind::Unknown),
            (b"", Kind::Unknown),
        ] {
            let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]);
            assert_eq!(Kind::of(bytes), kind, "{begin}");
            assert_eq!(
                kind.is_shown(),
                [Kind::Pdf, Kind::Png, Kind::Jpeg].contains(&kind)
            );
        }
    }

    #[test]
    fn no_beginning_of_a_file_ends_who_looks() {
        let whole = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf";
        for length in 0..whole.len() {
            let _whatever = Kind::of(&whole[..length]);
        }
        for first in 0..=u8::MAX {
            for length in 0..20 {
                let _whatever = Kind::of(&vec![first; length]);
            }
        }
    }
}
