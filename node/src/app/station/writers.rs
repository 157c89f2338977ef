//! Another author for what is written here, once the one before lost a fork.

use guichet_keys::{AuthorId, CaseTag, KeyUse};
use guichet_sync::case::Writer;
use guichet_sync::envelope::KeyRef;
use guichet_sync::replica::Input;

use crate::app::cases::Task;
use crate::app::node::{Duty, Node};
use crate::entropy;

impl Node {
    /// What was written here lost a fork: go on as another author.
    pub(in crate::app) fn renew_writer(&mut self, case: CaseTag) {
        let author = AuthorId::from(entropy::bytes());
        let Some(vault) = self.open_vault() else {
            return self.renew_citizen(case);
        };
        let binding = self.bind(&vault.signer, author, Some(vault.person), None);
        let (signer, epoch) = (vault.signer.clone(), guichet_keys::case_key::FIRST_EPOCH);
        if let Duty::Station(station) = &mut self.duty
            && let Some(vault) = &mut station.open
        {
            vault.author = author;
        }
        self.tell_replica(Input::Written(binding.into_iter().collect()));
        let key = KeyRef {
            usage: KeyUse::Shared,
            epoch,
        };
        self.cases.hand_in(
            case,
            Task::SetWriter(Box::new(Writer {
                author,
                signer,
                key,
            })),
        );
    }

    fn renew_citizen(&mut self, case: CaseTag) {
        let author = AuthorId::from(entropy::bytes());
        let binding = self.bind(&self.signer, author, None, Some(case));
        self.tell_replica(Input::Written(binding.into_iter().collect()));
        let key = KeyRef {
            usage: KeyUse::Shared,
            epoch: guichet_keys::case_key::FIRST_EPOCH,
        };
        let writer = Writer {
            author,
            signer: self.signer.clone(),
            key,
        };
        self.cases.hand_in(case, Task::SetWriter(Box::new(writer)));
    }
}
