//! What a statement that was stored changes here.

use std::sync::Arc;

use guichet_keys::{ServiceId, StatementKind};

use super::node::Node;
use crate::services::Service;
use crate::web::counter::{Refusal, Thing as Lost};

/// What is done anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anew {
    /// Catalogues are parsed, and members let in.
    Services,
    /// Members are let in.
    Members,
    /// Nothing: a peer states such things by the thousand, and none may cost more than its keeping.
    Nothing,
}

fn anew(kind: StatementKind) -> Anew {
    match kind {
        StatementKind::Catalogue => Anew::Services,
        StatementKind::Member | StatementKind::Revocation => Anew::Members,
        StatementKind::ServiceKey
        | StatementKind::Network
        | StatementKind::Author
        | StatementKind::Case
        | StatementKind::Media
        | StatementKind::Unknown => Anew::Nothing,
    }
}

impl Node {
    /// Does what a statement of this kind changes.
    pub(super) fn on_statement(&mut self, kind: StatementKind) {
        match anew(kind) {
            Anew::Services => self.learn_services(),
            Anew::Members => self.admit_members(),
            Anew::Nothing => {}
        }
    }

    /// Reads the catalogues anew, and lets in whom the directory knows.
    pub(super) fn learn_services(&mut self) {
        self.admit_members();
        let directory = self.replica.directory();
        for service in directory.services() {
            let Some(json) = directory.catalogue(service) else {
                continue;
            };
            match Service::parse(service.clone(), json) {
                Ok(read) => {
                    self.services.insert(service.clone(), Arc::new(read));
                }
                Err(error) => tracing::warn!(%service, %error, "a service's catalogue is not read"),
            }
        }
    }

    pub(super) fn service(&self, service: &ServiceId) -> Result<&Arc<Service>, Refusal> {
        self.services
            .get(service)
            .ok_or(Refusal::NotFound(Lost::Service))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_any_member_may_state_makes_no_other_work() {
        use StatementKind::*;
        let rare = [Catalogue, Member, Revocation].map(anew);
        assert_eq!(rare, [Anew::Services, Anew::Members, Anew::Members]);
        let frequent = [Author, Case, Media, Unknown, Network, ServiceKey];
        assert_eq!(frequent.map(anew), [Anew::Nothing; 6]);
    }
}
