//! Why a directory refuses a statement or a writing.

use crate::credential::ChainError;
use crate::ids::{AuthorId, CaseTag, ServiceId, SubjectId};
use crate::role::{Role, StatementKind, Writing};

/// Why a statement is not kept, or a writing not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing is known of the signer yet.
    #[error("{signer} signed this and is no known member")]
    UnknownSigner {
        /// Who signed.
        signer: SubjectId,
    },
    /// The author is not bound to anybody yet.
    #[error("author {author} is not bound to anybody")]
    UnknownAuthor {
        /// Which author.
        author: AuthorId,
    },
    /// The station that an author writes at is not known yet.
    #[error("author {author} writes at {node}, which is no known station")]
    UnknownStation {
        /// Which author.
        author: AuthorId,
        /// Which node.
        node: SubjectId,
    },
    /// The case was not stated yet.
    #[error("case {case} was not announced")]
    UnknownCase {
        /// Which case.
        case: CaseTag,
    },
    /// A revocation ended this membership.
    #[error("{subject} was revoked")]
    Revoked {
        /// Whose.
        subject: SubjectId,
    },
    /// The chain within a member statement does not lead to root.
    #[error("{signer} presents a member who is none: {error}")]
    Chain {
        /// Who signed the statement.
        signer: SubjectId,
        /// What is wrong.
        error: ChainError,
    },
    /// No credential of the signer allows this kind of statement.
    #[error("{signer} may not sign a {kind} statement")]
    MayNotSign {
        /// Who signed.
        signer: SubjectId,
        /// Which kind.
        kind: StatementKind,
    },
    /// The signer speaks for other services only.
    #[error("{signer} may not sign a {kind} statement for {service}")]
    OtherService {
        /// Who signed.
        signer: SubjectId,
        /// Which kind.
        kind: StatementKind,
        /// The service it speaks for.
        service: ServiceId,
    },
    /// Another public key is known for this epoch.
    #[error("another key of {service} has epoch {epoch}: use the next epoch")]
    EpochTaken {
        /// Which service.
        service: ServiceId,
        /// Which epoch.
        epoch: u32,
    },
    /// The signer binds an author that is neither its own nor its person's.
    #[error("{signer} may not bind author {author}: a kiosk binds itself, an agent themselves")]
    NotTheirAuthor {
        /// Which author.
        author: AuthorId,
        /// Who signed.
        signer: SubjectId,
    },
    /// The author stands for somebody else, or for something else.
    #[error("author {author} is already bound by {by}")]
    AuthorTaken {
        /// Which author.
        author: AuthorId,
        /// Who bound it.
        by: SubjectId,
    },
    /// The signer neither created the case nor serves its service.
    #[error("{signer} may not make statements about case {case}")]
    NotTheirCaseToState {
        /// Which case.
        case: CaseTag,
        /// Who signed.
        signer: SubjectId,
    },
    /// The statement changes what an earlier one fixed.
    #[error("case {case} was announced by {by} with another service, author or key")]
    CaseTaken {
        /// Which case.
        case: CaseTag,
        /// Who announced it.
        by: SubjectId,
    },
    /// The role table does not let this role write this.
    #[error("the {role} may not write {writing}")]
    MayNotWrite {
        /// In which role.
        role: Role,
        /// What.
        writing: Writing,
    },
    /// The case is not open to this writer.
    #[error("the {role} {subject} may not write in case {case} of {service}")]
    NotTheirCase {
        /// Whose key.
        subject: SubjectId,
        /// In which role.
        role: Role,
        /// Which case.
        case: CaseTag,
        /// Whose case.
        service: ServiceId,
    },
    /// The author is bound to one other case.
    #[error("author {author} writes in another case than {case}")]
    OtherCase {
        /// Which author.
        author: AuthorId,
        /// Which case.
        case: CaseTag,
    },
}

impl Refusal {
    /// Whether a statement still to come may change it: a cause is missing, nothing is wrong.
    pub fn may_pass_later(&self) -> bool {
        match self {
            Refusal::UnknownSigner { .. }
            | Refusal::UnknownAuthor { .. }
            | Refusal::UnknownStation { .. }
            | Refusal::UnknownCase { .. } => true,
            Refusal::Revoked { .. }
            | Refusal::Chain { .. }
            | Refusal::MayNotSign { .. }
            | Refusal::OtherService { .. }
            | Refusal::EpochTaken { .. }
            | Refusal::NotTheirAuthor { .. }
            | Refusal::AuthorTaken { .. }
            | Refusal::NotTheirCaseToState { .. }
            | Refusal::CaseTaken { .. }
            | Refusal::MayNotWrite { .. }
            | Refusal::NotTheirCase { .. }
            | Refusal::OtherCase { .. } => false,
        }
    }
}
