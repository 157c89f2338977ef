//! Who is who in a Guichet network, who may do what, and what is sealed for whom.
//!
//! A network has one **root** key, kept offline. Root delegates by signed
//! [credentials](credential); [`role`] is the one table that says which role may certify,
//! sign and write what. Facts of the network travel as signed [statements](statement);
//! a [`Directory`] learns them in any order that respects their
//! causes and answers the two questions everything else asks: *who is this?* and *may
//! this author write that here?*
//!
//! Keys come in two pairs and one kind of secret. Ed25519 [signs](signing), X25519 receives
//! [wraps](wrap), and a [`SecretKey`] [seals](seal) what is stored and sent.
//! A case's secrets are wrapped to the key of its service and epoch ([`case_key`],
//! [`service_key`]); a service's secret is wrapped to each of its advisers, whose own seeds
//! lie in a [vault] under a passphrase. Nodes keep theirs in [key files](keyfile).
//!
//! Everything here is pure: no clock, no randomness, no input or output. Random bytes are
//! arguments, so the same arguments give the same bytes, and every format has a golden
//! vector. Bytes from outside are bounded by [`limits`], then authenticated, then parsed.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

mod bounded;
pub mod canonical;
pub mod case_key;
pub mod cose;
pub mod credential;
pub mod directory;
pub mod grant;
pub mod ids;
pub mod keyfile;
pub mod limits;
pub mod role;
pub mod seal;
pub mod sealed_file;
pub mod secret;
pub mod service_key;
pub mod signing;
pub mod statement;
pub mod vault;
pub mod wrap;

pub use case_key::{CaseKey, CaseKeys, CaseStatement, KeyUse};
pub use credential::{Chain, Credential, Validity};
pub use directory::{Author, Directory, Learned, Refusal};
pub use grant::{Grant, Grantee, Right, SignedGrant};
pub use ids::{
    AgreementKey, AuthorId, CaseTag, Hash, Salt, ServiceId, Signature, SubjectId, sha256,
};
pub use keyfile::{KeyFile, KeyPurpose};
pub use role::{ActClass, Role, StatementKind, Writing};
pub use seal::{AesGcm, SealError, Sealer};
pub use secret::SecretKey;
pub use service_key::ServiceKey;
pub use signing::{BadSignature, SigningKey, verify};
pub use statement::{AuthorBinding, SignedStatement, Statement};
pub use vault::{AgentKeys, Vault};
pub use wrap::{AgreementSecret, Wrap, WrapError};
