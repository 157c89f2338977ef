//! The leg between a page and its node: SDP, the page offers, the node is ICE-lite.

use core::net::SocketAddr;
use std::time::Instant;

use str0m::Rtc;
use str0m::config::DtlsVersion;
use str0m::error::RtcError;

use super::Leg;
use crate::certificate::Certificate;
use crate::offer::{self, OfferRefused};

impl Leg {
    /// The leg that a page offers, and the answer to it.
    pub fn answering(
        now: Instant,
        certificate: &Certificate,
        hosts: &[SocketAddr],
        sdp: &str,
    ) -> Result<(Self, String), OfferRefused> {
        let offer = offer::read(sdp)?;
        let config = Rtc::builder()
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_ice_lite(true)
            .set_dtls_version(DtlsVersion::Dtls12);
        let mut leg = Self::new(now, config, certificate, hosts);
        let answer = leg.rtc.sdp_api().accept_offer(offer);
        let answer = answer.map_err(|error: RtcError| OfferRefused::unmet(&error))?;
        leg.expect_connection(now);
        Ok((leg, answer.to_sdp_string()))
    }
}
