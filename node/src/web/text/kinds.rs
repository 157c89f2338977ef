//! Files of a kind that is not shown here: what they are, and what to do with them.

use super::Lang;
use crate::render::Kind;

texts! {
    all kinds;
    kind_heic: "une photo HEIC", "a HEIC photo";
    kind_avif: "une image AVIF", "an AVIF picture";
    kind_webp: "une image WebP", "a WebP picture";
    kind_gif: "une image GIF", "a GIF picture";
    kind_tiff: "une image TIFF", "a TIFF picture";
    kind_bmp: "une image BMP", "a BMP picture";
    kind_jpeg_xl: "une image JPEG XL", "a JPEG XL picture";
    kind_jpeg_2000: "une image JPEG 2000", "a JPEG 2000 picture";
    kind_svg: "un dessin SVG", "an SVG drawing";
    kind_word: "un texte Word (DOCX)", "a Word text (DOCX)";
    kind_excel: "un tableau Excel (XLSX)", "an Excel table (XLSX)";
    kind_power_point: "une présentation PowerPoint (PPTX)", "a PowerPoint presentation (PPTX)";
    kind_open_document: "un document LibreOffice (ODT, ODS ou ODP)", "a LibreOffice document (ODT, ODS or ODP)";
    kind_old_office: "un document Office (DOC, XLS ou PPT)", "an Office document (DOC, XLS or PPT)";
    kind_rtf: "un texte RTF", "an RTF text";
    kind_web_page: "une page web (HTML)", "a web page (HTML)";
    kind_zip: "une archive ZIP", "a ZIP archive";
    kind_archive: "une archive", "an archive";
    kind_film: "une vidéo ou un son", "a video or a sound";
    kind_pdf: "un PDF", "a PDF";
    kind_png: "une image PNG", "a PNG picture";
    kind_jpeg: "une image JPEG", "a JPEG picture";
    err_kind_unknown: "Ce fichier n’est ni un PDF, ni une image PNG ou JPEG\u{a0}: il ne peut pas être joint.", "This file is neither a PDF nor a PNG or JPEG picture: it cannot be added.";
    err_kind_phone_do: "Sur le téléphone, enregistrez-la ou partagez-la en JPEG, puis ajoutez-la de nouveau. Sinon, photographiez la feuille.", "On the phone, save or share it as JPEG, then add it again. Or photograph the sheet.";
    err_kind_picture_do: "Enregistrez-la en JPEG, en PNG ou en PDF, puis ajoutez-la de nouveau. Sinon, photographiez la feuille.", "Save it as JPEG, PNG or PDF, then add it again. Or photograph the sheet.";
    err_kind_document_do: "Ouvrez-le avec le programme qui l’a fait, enregistrez-le en PDF, puis ajoutez ce PDF.", "Open it with the program that made it, save it as PDF, then add that PDF.";
    err_kind_archive_do: "Ouvrez-la, puis ajoutez un par un les PDF et les images qui s’y trouvent.", "Open it, then add the PDFs and pictures in it one by one.";
    err_kind_paper_do: "Ajoutez à la place un PDF ou une image de la feuille.", "Add a PDF or a picture of the sheet instead.";
    err_kind_unknown_do: "Enregistrez-le en PDF, en PNG ou en JPEG, ou photographiez la feuille.", "Save it as PDF, PNG or JPEG, or photograph the sheet.";
    err_kind_sheet_do: "Parmi les pages, seules des images PNG ou JPEG ont leur place. Ajoutez-le au dossier comme document.", "Only PNG or JPEG pictures have their place among the pages. Add it to the case as a document.";
}

sentences! {
    err_kind(what: &str): format!("C’est {what}\u{a0}: ce genre de fichier ne peut pas être joint ici."), format!("This is {what}: this kind of file cannot be added here.");
}

impl Lang {
    /// What a file is that is not taken, and what to do with it.
    pub(in crate::web) fn wrong_kind(self, kind: Kind) -> (String, &'static str) {
        let (what, todo) = match kind {
            Kind::Unknown => {
                return (
                    self.err_kind_unknown().to_owned(),
                    self.err_kind_unknown_do(),
                );
            }
            Kind::Heic => (self.kind_heic(), self.err_kind_phone_do()),
            Kind::Avif => (self.kind_avif(), self.err_kind_picture_do()),
            Kind::WebP => (self.kind_webp(), self.err_kind_picture_do()),
            Kind::Gif => (self.kind_gif(), self.err_kind_picture_do()),
            Kind::Tiff => (self.kind_tiff(), self.err_kind_picture_do()),
            Kind::Bmp => (self.kind_bmp(), self.err_kind_picture_do()),
            Kind::JpegXl => (self.kind_jpeg_xl(), self.err_kind_picture_do()),
            Kind::Jpeg2000 => (self.kind_jpeg_2000(), self.err_kind_picture_do()),
            Kind::Svg => (self.kind_svg(), self.err_kind_unknown_do()),
            Kind::Word => (self.kind_word(), self.err_kind_document_do()),
            Kind::Excel => (self.kind_excel(), self.err_kind_document_do()),
            Kind::PowerPoint => (self.kind_power_point(), self.err_kind_paper_do()),
            Kind::OpenDocument => (self.kind_open_document(), self.err_kind_document_do()),
            Kind::OldOffice => (self.kind_old_office(), self.err_kind_document_do()),
            Kind::Rtf => (self.kind_rtf(), self.err_kind_document_do()),
            Kind::WebPage => (self.kind_web_page(), self.err_kind_paper_do()),
            Kind::Zip => (self.kind_zip(), self.err_kind_archive_do()),
            Kind::Archive => (self.kind_archive(), self.err_kind_archive_do()),
            Kind::Film => (self.kind_film(), self.err_kind_paper_do()),
            // Shown as documents; not everywhere among the sheets.
            Kind::Pdf => (self.kind_pdf(), self.err_kind_sheet_do()),
            Kind::Png => (self.kind_png(), self.err_kind_sheet_do()),
            Kind::Jpeg => (self.kind_jpeg(), self.err_kind_sheet_do()),
        };
        (self.err_kind(what), todo)
    }
}
