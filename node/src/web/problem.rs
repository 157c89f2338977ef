//! What goes wrong, said so that a person knows what happened, what is safe and what to do.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::counter::{PictureTrouble, Refusal, Thing};
use super::text::Lang;

/// Why a request is not answered as hoped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// The node refuses.
    Refused(Refusal),
    /// Neither session nor bearer token.
    NoSession,
    /// A start address that opens nothing.
    UsedStart,
    /// A foreign `Host`, `Origin` or initiator.
    Foreign,
    /// An order without the page's token.
    NoToken,
    /// A file, at a kiosk whose browser takes none in and gives none out.
    NoFiles,
    /// A body or a query that is not read.
    Malformed,
    /// More event streams than are served.
    Crowded,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The words for one problem.
pub(super) struct Told {
    pub(super) what: String,
    pub(super) todo: String,
}

impl Problem {
    pub(super) fn not_found(thing: Thing) -> Self {
        Self::Refused(Refusal::NotFound(thing))
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NoSession | Self::UsedStart => StatusCode::UNAUTHORIZED,
            Self::Foreign | Self::NoToken | Self::NoFiles => StatusCode::FORBIDDEN,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Crowded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(refusal) => match refusal {
                Refusal::EmptyFile => StatusCode::BAD_REQUEST,
                Refusal::NotFound(_) => StatusCode::NOT_FOUND,
                Refusal::Invalid(_)
                | Refusal::NoPicture(_)
                | Refusal::NoMedia(_)
                | Refusal::NotPrintable => StatusCode::UNPROCESSABLE_ENTITY,
                Refusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
                Refusal::WrongKind(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Refusal::Stale
                | Refusal::NoVisit
                | Refusal::NotEmpty
                | Refusal::Full
                | Refusal::TrayFull
                | Refusal::NotTheirTurn
                | Refusal::NotArrived
                | Refusal::CallUnderWay
                | Refusal::TakenBy { .. } => StatusCode::CONFLICT,
                Refusal::Locked | Refusal::WrongPassphrase { .. } => StatusCode::FORBIDDEN,
                Refusal::TryLater { .. } => StatusCode::TOO_MANY_REQUESTS,
                Refusal::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
                Refusal::DiskFailed => StatusCode::INTERNAL_SERVER_ERROR,
                Refusal::Busy | Refusal::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            },
        }
    }

    /// One word for programs.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::NoSession => "no-session",
            Self::UsedStart => "used-start-address",
            Self::Foreign => "foreign",
            Self::NoToken => "no-page-token",
            Self::NoFiles => "no-files",
            Self::Malformed => "malformed",
            Self::Crowded => "crowded",
            Self::Refused(refusal) => match refusal {
                Refusal::NotFound(_) => "not-found",
                Refusal::Stale => "changed-meanwhile",
                Refusal::Invalid(_) => "invalid",
                Refusal::NotTheirTurn => "not-their-turn",
                Refusal::NotArrived => "not-arrived",
                Refusal::TakenBy { .. } => "taken-by",
                Refusal::NoMedia(_) => "no-media",
                Refusal::TooLarge { .. } => "too-large",
                Refusal::EmptyFile => "empty-file",
                Refusal::WrongKind(_) => "wrong-kind",
                Refusal::Full => "visit-full",
                Refusal::TrayFull => "tray-full",
                Refusal::NotPrintable => "not-printable",
                Refusal::NotEmpty => "not-empty",
                Refusal::NoVisit => "no-visit",
                Refusal::Locked => "locked",
                Refusal::WrongPassphrase { .. } => "wrong-passphrase",
                Refusal::TryLater { .. } => "try-later",
                Refusal::NoPicture(_) => "no-picture",
                Refusal::DiskFull => "disk-full",
                Refusal::DiskFailed => "disk-failed",
                Refusal::CallUnderWay | Refusal::Busy => "busy",
                Refusal::Stopping => "stopping",
            },
        }
    }

    pub(super) fn told(&self, t: Lang) -> Told {
        let (what, todo) = match self {
            Self::Refused(refusal) => return refused(refusal, t),
            Self::NoSession => (t.err_no_session(), t.err_no_session_do()),
            Self::UsedStart => (t.err_used_start(), t.err_no_session_do()),
            Self::Foreign => (t.err_foreign(), t.err_foreign_do()),
            Self::NoToken => (t.err_no_token(), t.err_no_token_do()),
            Self::NoFiles => (t.err_no_files(), t.err_no_files_do()),
            Self::Malformed => (t.err_malformed(), t.err_malformed_do()),
            Self::Crowded => (t.err_crowded(), t.err_crowded_do()),
        };
        told(what, todo)
    }

    /// The problem as JSON (after RFC 9457; `error` is one English line for logs and terminals).
    pub(super) fn json(&self, t: Lang) -> Value {
        let told = self.told(t);
        let error = match self {
            Self::Refused(refusal) => refusal.to_string(),
            Self::NoSession
            | Self::UsedStart
            | Self::Foreign
            | Self::NoToken
            | Self::NoFiles
            | Self::Malformed
            | Self::Crowded => self.told(Lang::En).what,
        };
        let mut json = json!({
            "type": format!("about:blank#{}", self.kind()),
            "kind": self.kind(),
            "status": self.status().as_u16(),
            "title": told.what,
            "safe": t.error_safe(),
            "todo": told.todo,
            "error": error,
        });
        if let Self::Refused(Refusal::WrongPassphrase { pause_s } | Refusal::TryLater { pause_s }) =
            self
        {
            json["pause_s"] = json!(pause_s);
        }
        if let Self::Refused(Refusal::WrongKind(kind)) = self {
            json["file"] = json!(kind);
        }
        if let Self::Refused(Refusal::NoPicture(trouble)) = self {
            json["picture"] = json!(trouble);
        }
        json
    }
}

fn told(what: impl Into<String>, todo: impl Into<String>) -> Told {
    Told {
        what: what.into(),
        todo: todo.into(),
    }
}

fn refused(refusal: &Refusal, t: Lang) -> Told {
    match refusal {
        Refusal::NotFound(thing @ (Thing::Call | Thing::Ticket)) => {
            told(missing(*thing, t), t.err_gone_do())
        }
        Refusal::NotFound(thing) => told(missing(*thing, t), t.err_not_found_do()),
        Refusal::Stale => told(t.err_changed(), t.err_changed_do()),
        Refusal::Invalid(words) => told(t.of(words), t.err_invalid_do()),
        Refusal::NotTheirTurn => told(t.err_turn(), t.err_turn_do()),
        Refusal::NotArrived => told(t.err_not_arrived(), t.err_busy_do()),
        Refusal::TakenBy { name } => told(t.ended_taken(name), t.err_gone_do()),
        Refusal::NoMedia(_) => told(t.err_media(), t.err_media_do()),
        Refusal::TooLarge { bytes_max } => {
            let size = t.at_most(u64::try_from(*bytes_max).unwrap_or(u64::MAX));
            told(t.err_too_large(&size), t.err_too_large_do())
        }
        Refusal::EmptyFile => told(t.err_empty_file(), t.err_empty_file_do()),
        Refusal::WrongKind(kind) => {
            let (what, todo) = t.wrong_kind(*kind);
            told(what, todo)
        }
        Refusal::Full => told(t.err_full(), t.err_full_do()),
        Refusal::TrayFull => told(t.err_tray_full(), t.err_tray_full_do()),
        Refusal::NotPrintable => told(t.err_not_printable(), t.err_not_printable_do()),
        Refusal::NotEmpty => told(t.err_not_empty(), t.err_not_empty_do()),
        Refusal::NoVisit => told(t.err_no_visit(), t.err_no_visit_do()),
        Refusal::Locked => told(t.err_locked(), t.err_locked_do()),
        Refusal::WrongPassphrase { pause_s } => told(t.unlock_wrong(), t.unlock_pause(*pause_s)),
        Refusal::TryLater { pause_s } => told(t.unlock_waits(), t.unlock_pause(*pause_s)),
        Refusal::NoPicture(trouble) => told(no_picture(*trouble, t), ""),
        Refusal::DiskFull => told(t.err_disk_full(), t.err_disk_full_do()),
        Refusal::DiskFailed => told(t.err_disk_failed(), t.err_disk_full_do()),
        Refusal::CallUnderWay => told(t.err_call_under_way(), t.err_call_under_way_do()),
        Refusal::Busy => told(t.err_busy(), t.err_busy_do()),
        Refusal::Stopping => told(t.err_stopping(), t.err_stopping_do()),
    }
}

fn missing(thing: Thing, t: Lang) -> &'static str {
    match thing {
        Thing::Page => t.err_page(),
        Thing::Service => t.err_service(),
        Thing::Template | Thing::Form => t.err_form(),
        Thing::Case => t.err_case(),
        Thing::Field => t.err_field(),
        Thing::Document => t.err_document(),
        Thing::Sheet => t.err_sheet(),
        Thing::Printer => t.err_printer(),
        Thing::Adviser => t.err_adviser(),
        Thing::Call => t.err_call(),
        Thing::Ticket => t.err_ticket(),
    }
}

fn no_picture(trouble: PictureTrouble, t: Lang) -> &'static str {
    match trouble {
        PictureTrouble::Unsupported => t.err_picture_unsupported(),
        PictureTrouble::OtherProgram => t.err_picture_other_program(),
        PictureTrouble::Encrypted => t.err_picture_encrypted(),
        PictureTrouble::Damaged => t.err_picture_damaged(),
        PictureTrouble::TooBig => t.err_picture_too_big(),
        PictureTrouble::NotHereYet => t.err_picture_not_here(),
        PictureTrouble::NoSuchPage => t.err_picture_no_page(),
    }
}
