//! Who may say what, and whom it is told to, by the roles that the directory knows.

use guichet_keys::{Directory, Role, SubjectId};

use super::Refused;
use crate::signal::{Body, Signal};

/// Whether who signed this may say it.
pub(super) fn may_say(directory: &Directory, signal: &Signal) -> Result<(), Refused> {
    let from = signal.from;
    let role = directory.node_role(&from);
    let refused = |what| Err(Refused::NotTheirs { what, from });
    match &signal.body {
        Body::Ticket(_) | Body::Nobody if role != Some(Role::Kiosk) => refused("ticket"),
        Body::Desk(notice) => {
            let answers = |service| {
                directory.holds(&from, Role::Station, Some(service))
                    && directory.holds(&notice.person, Role::Agent, Some(service))
            };
            if role == Some(Role::Station) && notice.services.iter().all(answers) {
                Ok(())
            } else {
                refused("desk")
            }
        }
        Body::Leg(_) if !matches!(role, Some(Role::Kiosk | Role::Station)) => refused("leg"),
        Body::Ticket(_) | Body::Nobody | Body::Leg(_) => Ok(()),
    }
}

/// Whether a member is told this: relays are told everything.
pub(super) fn concerns(directory: &Directory, peer: &SubjectId, body: &Body) -> bool {
    let role = directory.node_role(peer);
    match body {
        _ if role == Some(Role::Relay) => true,
        Body::Ticket(notice) => directory.holds(peer, Role::Station, Some(&notice.service)),
        Body::Desk(notice) => {
            let same = |service| directory.holds(peer, Role::Station, Some(service));
            role == Some(Role::Kiosk) || notice.services.iter().any(same)
        }
        Body::Nobody => role == Some(Role::Station),
        Body::Leg(_) => false,
    }
}
