//! The porch's hello: CBOR `[version, features, network, chain]`, at most 4 KiB. It is all that a
//! stranger gets from a node, and all that a node takes from a stranger.

use guichet_keys::SubjectId;
use minicbor::{Decode, Encode};

use super::limits::HELLO_BYTES_MAX;

/// The version of the porch's protocol.
pub const PORCH_VERSION: u16 = 1;

/// What both ends of a visit say.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(super) struct Hello {
    /// The highest version the sender speaks.
    #[n(0)]
    pub version: u16,
    /// Bits of what it can do beyond that; none so far.
    #[n(1)]
    pub features: u64,
    /// The root of its network.
    #[n(2)]
    pub network: SubjectId,
    /// Its credential up to the root, as the application encodes it.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub chain: Vec<u8>,
}

/// Why a hello admits nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAdmitted {
    #[error("the hello is malformed")]
    Malformed,
    #[error("the hello has version 0")]
    Version,
    #[error("of another network")]
    Network,
    #[error("the credential does not hold: {0}")]
    Credential(String),
    #[error("the credential is another's")]
    Subject,
}

impl Hello {
    /// The bytes to send; none if the chain is too long for a hello.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        minicbor::encode(self, &mut bytes).expect("a vector takes all bytes");
        (bytes.len() <= HELLO_BYTES_MAX).then_some(bytes)
    }

    /// Reads and judges the hello of `sender`, whose key the connection has proved. Returns the
    /// chain. `verify` tells whose credential a chain is, or why it does not hold.
    pub fn admit(
        bytes: &[u8],
        sender: &SubjectId,
        network: &SubjectId,
        verify: &dyn Fn(&[u8]) -> Result<SubjectId, String>,
    ) -> Result<Vec<u8>, NotAdmitted> {
        let hello: Self = minicbor::decode(bytes).map_err(|_| NotAdmitted::Malformed)?;
        if hello.version == 0 {
            return Err(NotAdmitted::Version);
        }
        if hello.network != *network {
            return Err(NotAdmitted::Network);
        }
        if verify(&hello.chain).map_err(NotAdmitted::Credential)? != *sender {
            return Err(NotAdmitted::Subject);
        }
        Ok(hello.chain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello() -> Hello {
        Hello {
            version: PORCH_VERSION,
            features: 0,
            network: SubjectId::from([1; 32]),
            chain: vec![2; 3],
        }
    }

    #[test]
    fn golden() {
        let expected = ["84", "01", "00", "5820", &"01".repeat(32), "43", "020202"].concat();
        let bytes = hello().encode().expect("short");
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected);
    }

    #[test]
    fn a_chain_too_long_is_not_sent() {
        assert_eq!(
            Hello {
                chain: vec![0; HELLO_BYTES_MAX],
                ..hello()
            }
            .encode(),
            None
        );
    }

    #[test]
    fn who_is_admitted() {
        let (sender, network) = (SubjectId::from([9; 32]), SubjectId::from([1; 32]));
        let check = |bytes: &[u8], verified: Result<SubjectId, String>, expected| {
            let verify = move |_: &[u8]| verified.clone();
            assert_eq!(Hello::admit(bytes, &sender, &network, &verify), expected);
        };
        let bytes = hello().encode().expect("short");
        check(&bytes, Ok(sender), Ok(vec![2; 3]));
        check(&bytes, Ok(network), Err(NotAdmitted::Subject));
        let forged = || "forged".to_owned();
        check(
            &bytes,
            Err(forged()),
            Err(NotAdmitted::Credential(forged())),
        );
        for cut in 0..bytes.len() {
            check(&bytes[..cut], Ok(sender), Err(NotAdmitted::Malformed));
        }
        let other = Hello {
            network: sender,
            ..hello()
        }
        .encode()
        .expect("short");
        check(&other, Ok(sender), Err(NotAdmitted::Network));
        let zero = Hello {
            version: 0,
            ..hello()
        }
        .encode()
        .expect("short");
        check(&zero, Ok(sender), Err(NotAdmitted::Version));
        let mut later = Hello {
            version: 2,
            features: 6,
            ..hello()
        }
        .encode()
        .expect("short");
        later[0] += 1;
        later.extend([0x18, 0x2a]);
        check(&later, Ok(sender), Ok(vec![2; 3]));
    }

    #[test]
    fn no_hello_ends_who_reads_it() {
        let (sender, network) = (SubjectId::from([9; 32]), SubjectId::from([1; 32]));
        let bytes = hello().encode().expect("short");
        crate::hostile::drive(&[&bytes], |bytes| {
            let judged = Hello::admit(bytes, &sender, &network, &|_| Ok(sender));
            judged != Err(NotAdmitted::Malformed)
        });
    }
}
