//! What a page offers (SDP, RFC 8866; JSEP, RFC 9429), looked through before str0m parses it.

use std::fmt;

use str0m::change::SdpOffer;

use crate::limits::{OFFER_BYTES_MAX, OFFER_SOURCES_MAX};

/// A section of an offer that a page may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Sound, in Opus.
    Audio,
    /// Pictures, in VP8.
    Video,
}

impl Section {
    /// How the codec's `a=rtpmap` ends, in lower case (RFC 7587 §7, RFC 7741 §6.2).
    fn codec(self) -> &'static str {
        match self {
            Self::Audio => "opus/48000/2",
            Self::Video => "vp8/90000",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Audio => "audio",
            Self::Video => "video",
        })
    }
}

/// Why a page's offer is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfferRefused {
    /// It is too long.
    #[error("an offer of {0} bytes, at most {OFFER_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// It has neither sound nor pictures.
    #[error("the offer has neither an audio nor a video section")]
    Empty,
    /// It has a section that nothing here answers.
    #[error("the offer has a section “{0}”; one of audio and one of video are expected")]
    UnknownSection(String),
    /// It has a section twice.
    #[error("the offer has two {0} sections, one is expected")]
    Twice(Section),
    /// A section lacks the only codec that is passed on.
    #[error("the offer's {section} section lacks {}", section.codec())]
    NoCodec {
        /// Which.
        section: Section,
    },
    /// It offers one picture in several sizes (RFC 8853).
    #[error("the offer has several encodings of one picture, one is expected")]
    Simulcast,
    /// It names too many sources.
    #[error("the offer has {0} a=ssrc lines, at most {OFFER_SOURCES_MAX} are allowed")]
    Sources(usize),
    /// It is not understood.
    #[error("the offer is not understood: {0}")]
    Unreadable(String),
    /// It is understood and cannot be met.
    #[error("the offer cannot be met: {0}")]
    Unmet(String),
}

impl OfferRefused {
    pub(crate) fn unmet(error: &impl fmt::Display) -> Self {
        Self::Unmet(brief(error))
    }
}

/// Parses an offer that has what a call needs and no more.
///
/// Candidates are left out: the node is ICE-lite, so it is the browser that looks for a path, and
/// however many addresses a page names, none is tried.
pub(crate) fn read(sdp: &str) -> Result<SdpOffer, OfferRefused> {
    if sdp.len() > OFFER_BYTES_MAX {
        return Err(OfferRefused::TooLong(sdp.len()));
    }
    check_sections(sdp)?;
    let count = |start: &str| sdp.lines().filter(|line| line.starts_with(start)).count();
    if count("a=simulcast:") > 0 || count("a=rid:") > 0 {
        return Err(OfferRefused::Simulcast);
    }
    let sources = count("a=ssrc:");
    if sources > OFFER_SOURCES_MAX {
        return Err(OfferRefused::Sources(sources));
    }
    let kept: String = sdp
        .lines()
        .filter(|line| !line.starts_with("a=candidate:"))
        .flat_map(|line| [line, "\r\n"])
        .collect();
    SdpOffer::from_sdp_string(&kept).map_err(|error| OfferRefused::Unreadable(brief(&error)))
}

fn check_sections(sdp: &str) -> Result<(), OfferRefused> {
    let mut sections: Vec<(Section, bool)> = Vec::new();
    for line in sdp.lines() {
        if let Some(rest) = line.strip_prefix("m=") {
            let name = rest.split(' ').next().unwrap_or_default();
            let section = match name {
                "audio" => Section::Audio,
                "video" => Section::Video,
                _ => return Err(OfferRefused::UnknownSection(brief(&name))),
            };
            if sections.iter().any(|(other, _)| *other == section) {
                return Err(OfferRefused::Twice(section));
            }
            sections.push((section, false));
        } else if line.starts_with("a=rtpmap:")
            && let Some((section, has_codec)) = sections.last_mut()
        {
            let map = line.split(' ').nth(1).unwrap_or_default();
            *has_codec |= map.eq_ignore_ascii_case(section.codec());
        }
    }
    if sections.is_empty() {
        return Err(OfferRefused::Empty);
    }
    match sections.into_iter().find(|(_, has_codec)| !has_codec) {
        Some((section, _)) => Err(OfferRefused::NoCodec { section }),
        None => Ok(()),
    }
}

/// The first 80 characters of what something says, in one line and without the parser's addresses
/// in memory.
fn brief(text: &impl fmt::Display) -> String {
    let text = text.to_string();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("PointerOffset"))
        .collect();
    lines.join(" ").chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUDIO: &str = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n";
    const VIDEO: &str = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n";

    const SESSION: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

    const TRANSPORT: &str = "c=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
        a=ice-pwd:abcdefghijklmnopqrstuv\r\na=setup:actpass\r\na=mid:0\r\na=sendrecv\r\n\
        a=rtcp-mux\r\n";

    #[test]
    fn candidates_are_left_out() {
        let candidate = "a=candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host\r\n";
        let (format, map) = AUDIO.split_at(AUDIO.find("a=").expect("a map"));
        let candidates = candidate.repeat(1_000);
        let sdp = [SESSION, format, TRANSPORT, map, &candidates].concat();
        let kept = read(&sdp).expect("a sound offer").to_sdp_string();
        assert!(kept.contains("opus"), "{kept}");
        assert!(!kept.contains("candidate"), "{kept}");
    }

    fn refused(sdp: &str) -> OfferRefused {
        read(sdp).map(|_| ()).expect_err("refused")
    }

    #[test]
    fn sections_are_those_of_a_call() {
        assert_eq!(refused(""), OfferRefused::Empty);
        assert_eq!(refused("v=0\r\n"), OfferRefused::Empty);
        let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";
        assert_eq!(
            refused(&[AUDIO, data].concat()).to_string(),
            "the offer has a section “application”; one of audio and one of video are expected"
        );
        assert_eq!(
            refused(&[AUDIO, VIDEO, AUDIO].concat()),
            OfferRefused::Twice(Section::Audio)
        );
        let h264 = VIDEO.replace("VP8", "H264");
        assert_eq!(
            refused(&[AUDIO, &h264].concat()).to_string(),
            "the offer's video section lacks vp8/90000"
        );
        assert_eq!(
            refused(&[VIDEO, "a=rid:0 send\r\n"].concat()),
            OfferRefused::Simulcast
        );
    }

    #[test]
    fn sizes_are_bounded() {
        let long = "x".repeat(OFFER_BYTES_MAX + 1);
        assert_eq!(refused(&long), OfferRefused::TooLong(OFFER_BYTES_MAX + 1));
        let sources = "a=ssrc:1 cname:x\r\n".repeat(OFFER_SOURCES_MAX + 1);
        assert_eq!(
            refused(&[VIDEO, &sources].concat()),
            OfferRefused::Sources(OFFER_SOURCES_MAX + 1)
        );
        let name = "z".repeat(1_000);
        assert_eq!(
            refused(&format!("m={name} 9\r\n")),
            OfferRefused::UnknownSection("z".repeat(80))
        );
    }

    #[test]
    fn nonsense_is_not_understood() {
        assert!(matches!(
            refused(&[AUDIO, "nonsense"].concat()),
            OfferRefused::Unreadable(_)
        ));
    }
}
