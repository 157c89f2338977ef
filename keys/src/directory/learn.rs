//! How a directory judges statements.

use super::kept::{Place, Precedence};
use super::{Author, Directory, Learned, Refusal};
use crate::case_key::CaseStatement;
use crate::credential::Chain;
use crate::ids::{ServiceId, SubjectId};
use crate::role::{self, Role, StatementKind};
use crate::service_key::ServiceKey;
use crate::statement::{AuthorBinding, SignedStatement, Statement};

impl Directory {
    /// Judges a statement and, if it holds, keeps it.
    pub fn learn(&mut self, signed: SignedStatement) -> Result<Learned, Refusal> {
        if self.kept.knows(&signed.hash()) {
            return Ok(Learned::Known);
        }
        match signed.statement() {
            Statement::Member(chain) => self.learn_member(&signed, chain),
            Statement::Revocation { subject, .. } => self.learn_revocation(&signed, *subject),
            Statement::ServiceKey(key) => self.learn_service_key(&signed, key),
            Statement::Catalogue { service, .. } => {
                self.check_speaks_for(&signed, StatementKind::Catalogue, service)?;
                self.keep(Place::Catalogue(service.clone(), signed.signer()), &signed)
            }
            Statement::Network { .. } => {
                self.check_signer(&signed, StatementKind::Network)?;
                self.keep(Place::Network(signed.signer()), &signed)
            }
            Statement::Author(binding) => self.learn_author(&signed, binding),
            Statement::Case(case) => self.learn_case(&signed, case),
            Statement::Media { .. } => {
                self.check_signer(&signed, StatementKind::Media)?;
                self.keep(Place::Media(signed.signer()), &signed)
            }
            Statement::Unknown { .. } => {
                self.check_signer(&signed, StatementKind::Unknown)?;
                self.keep(Place::Unknown(signed.hash()), &signed)
            }
        }
    }

    fn learn_member(
        &mut self,
        signed: &SignedStatement,
        chain: &Chain,
    ) -> Result<Learned, Refusal> {
        let links = chain
            .verify_links(&self.root())
            .map_err(|error| Refusal::Chain {
                signer: signed.signer(),
                error,
            })?;
        let hash = chain.hash();
        let place = Place::Member(hash);
        if self.kept.at(&place).is_some() {
            return Ok(Learned::Known);
        }
        self.members.admit(hash, links);
        Ok(self.kept.put(place, 0, Precedence::Serial, signed))
    }

    fn learn_revocation(
        &mut self,
        signed: &SignedStatement,
        subject: SubjectId,
    ) -> Result<Learned, Refusal> {
        let signer = signed.signer();
        self.check_signer(signed, StatementKind::Revocation)?;
        let learned = self.keep(Place::Revocation { subject, signer }, signed)?;
        self.members.revoke(subject, &signer);
        Ok(learned)
    }

    fn learn_service_key(
        &mut self,
        signed: &SignedStatement,
        key: &ServiceKey,
    ) -> Result<Learned, Refusal> {
        let (service, epoch) = (&key.service, key.epoch);
        self.check_speaks_for(signed, StatementKind::ServiceKey, service)?;
        if self
            .service_key_at(service, epoch)
            .is_some_and(|held| held.public != key.public)
        {
            return Err(Refusal::EpochTaken {
                service: service.clone(),
                epoch,
            });
        }
        self.keep(Place::ServiceKey(service.clone(), epoch), signed)
    }

    fn learn_author(
        &mut self,
        signed: &SignedStatement,
        binding: &AuthorBinding,
    ) -> Result<Learned, Refusal> {
        let signer = signed.signer();
        let author = binding.author;
        self.check_signer(signed, StatementKind::Author)?;
        let role = if binding.person.is_some() {
            Role::Agent
        } else {
            Role::Kiosk
        };
        if binding.person.unwrap_or(binding.node) != signer || !self.holds(&signer, role, None) {
            return Err(Refusal::NotTheirAuthor { author, signer });
        }
        if binding.person.is_some() && !self.holds(&binding.node, Role::Station, None) {
            return Err(Refusal::UnknownStation {
                author,
                node: binding.node,
            });
        }
        match self.author(&author) {
            Some(held)
                if held
                    == (Author {
                        binding: *binding,
                        signer,
                    }) =>
            {
                Ok(Learned::Known)
            }
            Some(held) => Err(Refusal::AuthorTaken {
                author,
                by: held.signer,
            }),
            None => self.keep(Place::Author(author), signed),
        }
    }

    fn learn_case(
        &mut self,
        signed: &SignedStatement,
        statement: &CaseStatement,
    ) -> Result<Learned, Refusal> {
        let (signer, case) = (signed.signer(), statement.case);
        self.check_signer(signed, StatementKind::Case)?;
        let creator = self
            .author(&statement.author)
            .ok_or(Refusal::UnknownAuthor {
                author: statement.author,
            })?;
        let agent = self.holds(&signer, Role::Agent, Some(&statement.service));
        let kiosk = self.holds(&signer, Role::Kiosk, None) && creator.signer == signer;
        if !agent && !kiosk {
            return Err(Refusal::NotTheirCaseToState { case, signer });
        }
        if let Some((held, by)) = self.case(&case)
            && !continues(held, statement)
        {
            return Err(Refusal::CaseTaken { case, by });
        }
        self.keep(Place::Case(case), signed)
    }

    /// The signer is root or a live member whom the table lets sign this kind.
    fn check_signer(&self, signed: &SignedStatement, kind: StatementKind) -> Result<(), Refusal> {
        let signer = signed.signer();
        if signer == self.root() {
            return if role::may_sign(None, kind) {
                Ok(())
            } else {
                Err(Refusal::MayNotSign { signer, kind })
            };
        }
        if self.is_revoked(&signer) {
            return Err(Refusal::Revoked { subject: signer });
        }
        let mut roles = self
            .credentials(&signer)
            .map(|credential| credential.role)
            .peekable();
        if roles.peek().is_none() {
            return Err(Refusal::UnknownSigner { signer });
        }
        if roles.any(|role| role::may_sign(Some(role), kind)) {
            Ok(())
        } else {
            Err(Refusal::MayNotSign { signer, kind })
        }
    }

    /// Besides, the credential that allows it is of this service.
    fn check_speaks_for(
        &self,
        signed: &SignedStatement,
        kind: StatementKind,
        service: &ServiceId,
    ) -> Result<(), Refusal> {
        self.check_signer(signed, kind)?;
        let signer = signed.signer();
        let speaks = self.credentials(&signer).any(|credential| {
            role::may_sign(Some(credential.role), kind)
                && credential.service.as_ref() == Some(service)
        });
        if speaks {
            Ok(())
        } else {
            Err(Refusal::OtherService {
                signer,
                kind,
                service: service.clone(),
            })
        }
    }

    fn keep(&mut self, place: Place, signed: &SignedStatement) -> Result<Learned, Refusal> {
        let held_by = self.kept.at(&place).map(SignedStatement::signer);
        let precedence = match held_by {
            Some(signer) if self.is_revoked(&signer) => Precedence::Newcomer,
            Some(_) | None => Precedence::Serial,
        };
        Ok(self.kept.put(place, signed.serial(), precedence, signed))
    }
}

/// Whether a statement keeps what an earlier one of the same case fixed.
fn continues(held: &CaseStatement, next: &CaseStatement) -> bool {
    let keeps = |held: &crate::CaseKey| {
        next.key(held.which, held.epoch)
            .is_some_and(|key| key.commitment == held.commitment)
    };
    held.service == next.service && held.author == next.author && held.keys.iter().all(keeps)
}
