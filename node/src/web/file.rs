//! Files from outside: their names and kinds, judged by nothing that the sender claims.

use crate::render::Kind;

/// The kinds that are known by their first bytes.
pub(super) const TYPES: [&str; 5] = [
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
];
/// Every other kind.
pub(super) const OTHER: &str = "application/octet-stream";
/// The longest file name that is kept, in bytes.
pub(super) const NAME_BYTES_MAX: usize = 160;

/// The media type of a file, told by its first bytes.
pub(crate) fn media_type(bytes: &[u8]) -> &'static str {
    match Kind::of(bytes) {
        Kind::Pdf => TYPES[0],
        Kind::Png => TYPES[1],
        Kind::Jpeg => TYPES[2],
        Kind::WebP => TYPES[3],
        Kind::Gif => TYPES[4],
        Kind::Heic
        | Kind::Avif
        | Kind::Tiff
        | Kind::Bmp
        | Kind::JpegXl
        | Kind::Jpeg2000
        | Kind::Svg
        | Kind::Word
        | Kind::Excel
        | Kind::PowerPoint
        | Kind::OpenDocument
        | Kind::OldOffice
        | Kind::Rtf
        | Kind::WebPage
        | Kind::Zip
        | Kind::Archive
        | Kind::Film
        | Kind::Unknown => OTHER,
    }
}

/// A name that can be shown and saved anywhere: no path, no control or direction characters,
/// no leading dot, at most [`NAME_BYTES_MAX`] with its ending kept.
pub(super) fn name(said: &str) -> String {
    let last = said.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .map(|c| if ":*?\"<>|".contains(c) { '_' } else { c })
        .collect();
    let clean = clean
        .trim()
        .trim_start_matches('.')
        .trim_end_matches(['.', ' ']);
    if clean.is_empty() {
        return "document".to_owned();
    }
    if clean.len() <= NAME_BYTES_MAX {
        return clean.to_owned();
    }
    let (stem, ending) = match clean.rsplit_once('.') {
        Some((stem, ending)) if ending.len() <= 8 => (stem, format!(".{ending}")),
        _ => (clean, String::new()),
    };
    let room = NAME_BYTES_MAX - ending.len();
    let cut = (0..=room)
        .rev()
        .find(|at| stem.is_char_boundary(*at))
        .unwrap_or(0);
    format!("{}{ending}", &stem[..cut])
}

/// The name of one sheet of a document, counted from 1.
pub(crate) fn of_sheet(document: &str, number: u32, media_type: &str) -> String {
    let ending = match media_type {
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "application/pdf" => ".pdf",
        _ => "",
    };
    name(&format!("{document} {number}{ending}"))
}

/// Characters that change how a name reads without being seen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_could_mislead() {
        for (said, kept) in [
            ("Bail signé.pdf", "Bail signé.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\x\\avis.png", "avis.png"),
            ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            (".htaccess", "htaccess"),
            ("\"<script>\".pdf", "__script__.pdf"),
            ("", "document"),
            ("...", "document"),
        ] {
            assert_eq!(name(said), kept, "{said:?}");
        }
        let long = name(&format!("{}.pdf", "é".repeat(300)));
        assert!(long.len() <= NAME_BYTES_MAX && long.ends_with("é.pdf"));
    }

    #[test]
    fn a_kind_is_told_by_the_bytes() {
        assert_eq!(media_type(b"%PDF-1.7\n"), "application/pdf");
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n..."), "image/png");
        assert_eq!(media_type(b"<html><script>"), OTHER);
        assert_eq!(media_type(b""), OTHER);
    }
}
