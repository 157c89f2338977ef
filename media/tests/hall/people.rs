//! What the people of a town do.

use guichet_keys::CaseTag;
use guichet_media::signal::{Mode, TicketDetails};
use guichet_media::{Declined, TicketId, booth, desk};

use super::network;
use super::town::{Side, Town};

impl Town {
    pub fn at_booth(&mut self, kiosk: u8, input: booth::Input<'_>) {
        self.try_at_booth(kiosk, input).expect("can be had");
    }

    pub fn try_at_booth(&mut self, kiosk: u8, input: booth::Input<'_>) -> Result<(), Declined> {
        let now = self.now;
        let Side::Booth(booth) = &mut self.node(kiosk).side else {
            panic!("{kiosk} is no kiosk");
        };
        let taken = booth.handle_input(now, input);
        self.settle(kiosk);
        taken
    }

    pub fn at_desk(&mut self, station: u8, input: desk::Input<'_>) {
        self.try_at_desk(station, input).expect("can be had");
    }

    pub fn try_at_desk(&mut self, station: u8, input: desk::Input<'_>) -> Result<(), Declined> {
        let now = self.now;
        let Side::Desk(desk) = &mut self.node(station).side else {
            panic!("{station} is no station");
        };
        let taken = desk.handle_input(now, input);
        self.settle(station);
        taken
    }

    /// Somebody at a kiosk wishes to speak with an adviser.
    pub fn ask(&mut self, kiosk: u8) -> TicketId {
        self.try_ask(kiosk).expect("nobody waits")
    }

    pub fn try_ask(&mut self, kiosk: u8) -> Result<TicketId, Declined> {
        self.life += 1;
        let mut ticket = [kiosk; 16];
        ticket[..8].copy_from_slice(&self.life.to_be_bytes());
        let ticket = TicketId(ticket);
        let details = TicketDetails {
            case: CaseTag::from([kiosk; 16]),
            lang: "fr".to_owned(),
            mode: Mode::Voice,
        };
        let details = details
            .seal(&network::service_key().0.public, &ticket, &[kiosk; 32])
            .expect("seals");
        let wish = booth::Wish {
            ticket,
            service: network::family(),
            details,
        };
        self.try_at_booth(kiosk, booth::Input::Asked(wish))?;
        Ok(ticket)
    }

    /// An adviser takes a ticket.
    pub fn take(&mut self, station: u8, ticket: TicketId) {
        self.try_take(station, ticket).expect("nobody is busy");
    }

    pub fn try_take(&mut self, station: u8, ticket: TicketId) -> Result<(), Declined> {
        let seen = self.hall_of(station).ticket(&ticket).expect("seen").clone();
        let took = desk::Input::Took {
            seen: &seen,
            reason: None,
        };
        self.try_at_desk(station, took)
    }
}
