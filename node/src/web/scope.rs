//! Where a page is: which view it shows, what concerns it, and its live fragments.

use guichet_keys::{CaseTag, Role, ServiceId};

use super::counter::{Ask, Change, Counter, PaperAsk, Refusal};
use super::ids::SheetId;
use super::live::Fragment;
use super::page::{self, Frame};
use super::routes;
use super::searches::Searches;
use super::view::CallView;

/// A page that can change while it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Home,
    Service(ServiceId),
    Visit,
    Receipt,
    Case(CaseTag, Option<page::viewer::Choice>),
    Sheets(CaseTag, Option<SheetId>),
    /// A page of a case that stays as it is, and goes with the case.
    Still(CaseTag),
    Unlock,
    /// With the words that are searched for.
    Desk(Option<String>),
    Status,
}

impl Scope {
    /// Reads the path of a page of this node.
    pub(super) fn read(role: Role, path: &str) -> Option<Self> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let scope = match parts.as_slice() {
            [""] => Self::Home,
            ["services", service] => Self::Service(service.parse().ok()?),
            ["visit"] => Self::Visit,
            ["receipt"] => Self::Receipt,
            ["cases", case] => Self::Case(case.parse().ok()?, page::viewer::Choice::read(query)),
            ["cases", case, "sheets"] => Self::Sheets(
                case.parse().ok()?,
                query
                    .strip_prefix("sheet=")
                    .and_then(|sheet| sheet.parse().ok()),
            ),
            ["cases", case, "history"] | ["cases", case, "documents", _, "paper"] => {
                Self::Still(case.parse().ok()?)
            }
            ["unlock"] => Self::Unlock,
            ["desk"] => Self::Desk(routes::searched(query)),
            ["status"] => Self::Status,
            _ => return None,
        };
        scope.is_of(role).then_some(scope)
    }

    /// With the words of a search that this address names.
    pub(super) fn naming(self, searches: &Searches, address: &str) -> Self {
        if self == Self::Desk(None) {
            return Self::Desk(searches.words(address));
        }
        self
    }

    fn is_of(&self, role: Role) -> bool {
        match self {
            Self::Home | Self::Service(_) | Self::Visit | Self::Receipt => role == Role::Kiosk,
            Self::Unlock | Self::Desk(_) => role == Role::Station,
            Self::Case(..) | Self::Sheets(..) | Self::Still(_) => {
                role == Role::Kiosk || role == Role::Station
            }
            Self::Status => true,
        }
    }

    /// Whether the page is gone when the visit ends.
    pub(super) fn is_of_visit(&self) -> bool {
        matches!(
            self,
            Self::Visit | Self::Receipt | Self::Case(..) | Self::Sheets(..) | Self::Still(_)
        )
    }

    /// Whether the page must be looked at again though nothing was told: it shows how long people
    /// have waited.
    pub(super) fn ages(&self) -> bool {
        matches!(self, Self::Desk(_))
    }

    /// The case that whoever looks at this page has open.
    pub(super) fn case(&self) -> Option<CaseTag> {
        match self {
            Self::Case(case, _) | Self::Sheets(case, _) | Self::Still(case) => Some(*case),
            Self::Home
            | Self::Service(_)
            | Self::Visit
            | Self::Receipt
            | Self::Unlock
            | Self::Desk(_)
            | Self::Status => None,
        }
    }

    pub(super) fn concerns(&self, change: Change) -> bool {
        match (self, change) {
            (_, Change::Status | Change::Locking) | (Self::Status, Change::Measured) => true,
            (
                Self::Home | Self::Service(_),
                Change::Home | Change::Visit | Change::VisitEnded | Change::Call | Change::Case(_),
            ) => true,
            (Self::Visit | Self::Receipt, Change::Visit | Change::Case(_) | Change::Call) => true,
            (Self::Case(shown, _) | Self::Sheets(shown, _), Change::Case(changed)) => {
                *shown == changed
            }
            // Whether an adviser is free is told as a change of the home page.
            (
                Self::Case(..) | Self::Sheets(..),
                Change::Home | Change::Visit | Change::Desk | Change::Call,
            ) => true,
            (Self::Unlock | Self::Still(_), Change::Desk) => true,
            (Self::Desk(_), Change::Desk | Change::Case(_) | Change::Call) => true,
            _ => false,
        }
    }

    /// The fragments of the page as they are now, those of every page of a station included.
    pub(super) async fn fragments(
        &self,
        counter: &Counter,
        frame: &Frame,
    ) -> Result<Vec<Fragment>, Refusal> {
        let mut fragments = self.own_fragments(counter, frame).await?;
        if frame.role == Role::Station {
            let notice = counter.ask(Ask::Locking).await?;
            fragments.push(page::locking::draw(notice.as_ref(), frame));
        }
        Ok(fragments)
    }

    async fn own_fragments(
        &self,
        counter: &Counter,
        frame: &Frame,
    ) -> Result<Vec<Fragment>, Refusal> {
        match self {
            Self::Home => {
                let view = counter.ask(Ask::Home).await?;
                Ok(page::home::live(&view, &call(counter).await, frame))
            }
            Self::Service(service) => {
                let service = service.clone();
                let view = counter.ask(|reply| Ask::Service { service, reply }).await?;
                Ok(page::service::live(&view, &call(counter).await, frame))
            }
            Self::Visit => counter
                .ask(Ask::Visit)
                .await
                .map(|view| page::visit::live(&view, frame)),
            Self::Receipt => {
                let view = counter.ask(Ask::Receipt).await?;
                Ok(page::receipt::live(&view, &call(counter).await, frame))
            }
            Self::Case(case, chosen) => counter
                .ask(|reply| Ask::Case { case: *case, reply })
                .await
                .map(|view| page::case::live(&view, *chosen, frame)),
            // Nothing of it changes; it is asked for to hear that it is gone.
            Self::Still(case) => counter
                .ask(|reply| Ask::Case { case: *case, reply })
                .await
                .map(|_| Vec::new()),
            Self::Sheets(case, chosen) => counter
                .ask(|reply| Ask::Paper(*case, PaperAsk::Sheets(reply)))
                .await
                .map(|view| page::sheets::live(&view, *chosen, frame)),
            Self::Unlock => counter
                .ask(Ask::Advisers)
                .await
                .map(|view| page::unlock::live(&view, frame)),
            Self::Desk(search) => {
                let search = search.clone();
                let view = counter.ask(|reply| Ask::Desk { search, reply }).await?;
                Ok(page::desk::live(&view, frame))
            }
            Self::Status => counter
                .ask(Ask::Status)
                .await
                .map(|view| page::status::live(&view, frame)),
        }
    }
}

/// The call that is on; none if the node does not say, for a page stands without it.
pub(super) async fn call(counter: &Counter) -> CallView {
    let none = CallView::None { ended: None };
    counter.ask(Ask::Call).await.unwrap_or(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_page_of_the_role_or_nothing() {
        let case = "ab".repeat(16);
        assert_eq!(Scope::read(Role::Kiosk, "/"), Some(Scope::Home));
        assert!(Scope::read(Role::Station, &format!("/cases/{case}")).is_some());
        assert!(Scope::read(Role::Relay, "/status").is_some());
        let document = "d0".repeat(16);
        for page in [
            "/history".to_owned(),
            format!("/documents/{document}/paper"),
        ] {
            let scope = Scope::read(Role::Station, &format!("/cases/{case}{page}"));
            assert!(scope.is_some_and(|scope| scope.is_of_visit()), "{page}");
        }
        for (role, path) in [
            (Role::Relay, format!("/cases/{case}")),
            (Role::Kiosk, "/desk".to_owned()),
            (Role::Station, "/".to_owned()),
            (Role::Kiosk, "/cases/ab".to_owned()),
            (Role::Kiosk, "//evil".to_owned()),
            (Role::Kiosk, "".to_owned()),
            (Role::Kiosk, "/services/CAF".to_owned()),
        ] {
            assert_eq!(Scope::read(role, &path), None, "{path}");
        }
    }

    #[test]
    fn no_address_ends_who_reads_it() {
        let case = "0123456789abcdef0123456789abcdef";
        let viewer = format!("/cases/{case}?document={case}&page=3&zoom=2&turns=1");
        let sheets = format!("/cases/{case}/sheets?sheet=17");
        let samples = [&viewer, &sheets, "/desk?search=1234", "/status", "/unlock"];
        crate::hostile::drive_text(&samples, |path| Scope::read(Role::Station, path).is_some());
    }
}
