//! Certifying and stating: everything that is signed while a network is made.
//!
//! Every certificate is also a statement, so that each node knows from birth who else is there.
//! The order of the statements respects causes: an issuer is stated before whom it certifies.

use guichet_keys::{
    AgreementKey, Chain, Credential, Role, ServiceId, SignedStatement, SigningKey, Statement,
    SubjectId,
};

use super::InitError;

const FIRST_SERIAL: u64 = 1;
const CLOCKS_DIFFER_S: u64 = 86_400;
const VALID_S: u64 = 5 * 365 * 86_400;

/// What has been signed so far.
pub struct Founding {
    now_s: u64,
    statements: Vec<SignedStatement>,
}

/// A key that certifies, and by what right: root's chain is empty.
pub struct Issuer {
    key: SigningKey,
    chain: Chain,
}

/// Whom to certify.
pub struct Subject<'a> {
    /// Whose key.
    pub key: SubjectId,
    /// What for.
    pub role: Role,
    /// In which service.
    pub service: Option<&'a ServiceId>,
    /// What people call it.
    pub name: &'a str,
    /// Its X25519 key.
    pub agreement: Option<AgreementKey>,
}

impl Issuer {
    /// The key of `seed`, certified by `chain`.
    pub fn new(seed: &[u8; 32], chain: Chain) -> Self {
        Self {
            key: SigningKey::from_seed(seed),
            chain,
        }
    }

    /// Whose key it is.
    pub fn subject(&self) -> SubjectId {
        self.key.subject()
    }
}

impl Founding {
    /// Begins at `now_s`, in seconds since 1970.
    pub fn new(now_s: u64) -> Self {
        Self {
            now_s,
            statements: Vec::new(),
        }
    }

    /// Certifies, and states it.
    pub fn certify(&mut self, issuer: &Issuer, subject: &Subject<'_>) -> Result<Chain, InitError> {
        let credential = Credential {
            subject: subject.key,
            role: subject.role,
            service: subject.service.cloned(),
            name: subject.name.to_owned(),
            agreement: subject.agreement,
            issuer: issuer.subject(),
            not_before_s: self.now_s.saturating_sub(CLOCKS_DIFFER_S),
            expires_s: self.now_s.saturating_add(VALID_S),
            serial: FIRST_SERIAL,
        };
        let mut links = vec![credential.sign(&issuer.key)?];
        links.extend_from_slice(&issuer.chain.0);
        let chain = Chain(links);
        self.state(issuer, &Statement::Member(chain.clone()))?;
        Ok(chain)
    }

    /// States a fact of the network.
    pub fn state(&mut self, issuer: &Issuer, statement: &Statement) -> Result<(), InitError> {
        let signed = SignedStatement::sign(&issuer.key, FIRST_SERIAL, self.now_s, statement)?;
        self.statements.push(signed);
        Ok(())
    }

    /// Everything stated, in order.
    pub fn statements(&self) -> &[SignedStatement] {
        &self.statements
    }
}
