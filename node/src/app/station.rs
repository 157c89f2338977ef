//! The desk: one adviser's vault open at a time, and the cases of their services.
//!
//! While no vault is open the station stores and forwards and can read
//! nothing. An open vault opens the service keys that are wrapped to the
//! adviser, and these the cases. Locking drops all of it.

mod idle_lock;
mod idling;
mod keys;
mod rows;
mod search;
mod tries;
mod writers;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use guichet_keys::{
    ActClass, AgentKeys, AgreementKey, AgreementSecret, AuthorId, CaseKeys, CaseTag, KeyUse,
    ServiceId, SigningKey, SubjectId,
};
use guichet_media::desk;
use guichet_sync::case::Writer;
use guichet_sync::envelope::KeyRef;
use guichet_sync::replica::Input;
use tokio::sync::{mpsc, oneshot};

use self::idle_lock::IdleLock;
use self::keys::ServiceSecrets;
use self::rows::{Known, RowMade};
use self::tries::{Judged, Tries, Verdict};
use super::cases::{Task, answer};
use super::node::{Duty, Node};
use super::opened::{Opening, SealedUnsent};
use super::readers::drop_oldest;
use crate::web::counter::{Change, Passphrase, Refusal, Reply, Thing};
use crate::web::view::{AdviserBrief, CaseView, UnlockView, Words};
use crate::{clock, entropy};

/// Cases open at once; the one unused for longest is closed for another.
const OPEN_CASES_MAX: usize = 256;
/// Cases in which somebody has begun something and not sent it; of more, the last ones.
const UNSENT_CASES_MAX: usize = 256;

/// A vault on this station.
#[derive(Clone, Debug)]
pub struct VaultFile {
    /// Whose.
    pub adviser: SubjectId,
    /// Where it is.
    pub path: PathBuf,
}

/// A vault that is open.
pub struct OpenVault {
    /// Whose.
    pub person: SubjectId,
    /// Their name.
    pub name: String,
    /// The author they write as until it is closed.
    pub author: AuthorId,
    signer: Arc<SigningKey>,
    secrets: BTreeMap<(ServiceId, u32), AgreementSecret>,
    /// Keys of the adviser's services that the vault does not open.
    shut: BTreeSet<(ServiceId, u32)>,
    opened: BTreeMap<CaseTag, u64>,
    tick: u64,
}

impl OpenVault {
    /// The services that the adviser answers for here.
    pub fn services(&self) -> Vec<ServiceId> {
        let mut services: Vec<_> = self.secrets.keys().map(|(of, _)| of.clone()).collect();
        services.dedup();
        services
    }

    /// The service's secret that this public key belongs to.
    pub fn secret_of(&self, public: &AgreementKey) -> Option<&AgreementSecret> {
        self.secrets
            .values()
            .find(|secret| secret.public() == *public)
    }
}

/// What came of opening a vault, off the loop.
pub struct Unlocked {
    adviser: SubjectId,
    keys: Result<AgentKeys, Refusal>,
    reply: Reply<()>,
}

/// What is told to the loop by what works beside it.
pub enum StationEvent {
    /// A vault was opened, or not.
    Unlocked(Unlocked),
    /// Why somebody was taken out of turn was not saved in this case.
    ReasonLost(CaseTag),
    /// A case's line on the desk was made.
    Row(Box<RowMade>),
}

/// A station's own state.
pub struct Station {
    vaults: Vec<VaultFile>,
    open: Option<OpenVault>,
    tries: Tries,
    idle: IdleLock,
    rows: BTreeMap<CaseTag, Known>,
    alarms: BTreeMap<CaseTag, (u64, u64)>,
    /// Cases in which a reason for taking somebody out of turn was not saved.
    reasons_lost: BTreeSet<CaseTag>,
    /// What each adviser has begun in a case and not sent, and when.
    unsent: BTreeMap<(SubjectId, CaseTag), (Instant, SealedUnsent)>,
    events: mpsc::UnboundedSender<StationEvent>,
}

impl Station {
    /// A station with these vaults, all closed. One that is opened is closed again after
    /// `lock_after` without an act of the adviser; without it, never.
    pub fn new(
        vaults: Vec<VaultFile>,
        lock_after: Option<Duration>,
        events: mpsc::UnboundedSender<StationEvent>,
    ) -> Self {
        Self {
            vaults,
            open: None,
            tries: Tries::default(),
            idle: IdleLock::new(lock_after),
            rows: BTreeMap::new(),
            alarms: BTreeMap::new(),
            reasons_lost: BTreeSet::new(),
            unsent: BTreeMap::new(),
            events,
        }
    }
}

impl Node {
    fn station(&self) -> Result<&Station, Refusal> {
        match &self.duty {
            Duty::Station(station) => Ok(station),
            Duty::Kiosk(_) | Duty::Relay => Err(Refusal::NotFound(Thing::Page)),
        }
    }

    /// The vault that is open here.
    pub(super) fn open_vault(&self) -> Option<&OpenVault> {
        self.station().ok()?.open.as_ref()
    }

    /// A case's line on the desk is no longer true.
    pub(super) fn forget_row(&mut self, case: &CaseTag) {
        if let Duty::Station(station) = &mut self.duty {
            station.rows.entry(*case).or_default().version += 1;
        }
    }

    pub(super) fn advisers(&self) -> Result<UnlockView, Refusal> {
        let station = self.station()?;
        let directory = self.replica.directory();
        let advisers = station.vaults.iter().map(|vault| AdviserBrief {
            adviser: vault.adviser,
            name: directory
                .name(&vault.adviser)
                .unwrap_or_default()
                .to_owned(),
            services: self.names_of_services(vault.adviser),
        });
        Ok(UnlockView {
            place: self.name.clone(),
            line: self.heard.line(),
            advisers: advisers.collect(),
            outbox: self.outbox().items,
            open: station.open.as_ref().map(|vault| vault.name.clone()),
        })
    }

    fn names_of_services(&self, person: SubjectId) -> Vec<Words> {
        let services = self
            .replica
            .directory()
            .credentials(&person)
            .filter_map(|credential| credential.service.clone());
        services
            .filter_map(|service| Some(self.services.get(&service)?.brief.name.clone()))
            .collect()
    }

    /// Begins to open a vault, on a thread of its own; the answer comes back as [`StationEvent::Unlocked`].
    pub(super) fn unlock(&mut self, adviser: SubjectId, passphrase: Passphrase, reply: Reply<()>) {
        let (path, events) = match self.begin_try(adviser) {
            Ok(begun) => begun,
            Err(refusal) => return answer(reply, Err(refusal)),
        };
        tokio::spawn(async move {
            let judging = move || super::vault::open(&path, passphrase.expose());
            let keys = tokio::task::spawn_blocking(judging).await;
            // A vault that makes the judge panic is one that does not open, and nothing else.
            let keys = keys.unwrap_or(Err(Refusal::DiskFailed));
            let _the_node_is_stopping = events.send(StationEvent::Unlocked(Unlocked {
                adviser,
                keys,
                reply,
            }));
        });
    }

    /// Counts a try of an adviser's passphrase, if one may be judged now.
    fn begin_try(
        &mut self,
        adviser: SubjectId,
    ) -> Result<(PathBuf, mpsc::UnboundedSender<StationEvent>), Refusal> {
        let in_call = self.who_is_in_call();
        let Duty::Station(station) = &mut self.duty else {
            return Err(Refusal::NotFound(Thing::Page));
        };
        let vault = station.vaults.iter().find(|vault| vault.adviser == adviser);
        let path = vault.ok_or(Refusal::NotFound(Thing::Adviser))?.path.clone();
        if in_call.is_some_and(|speaker| speaker != adviser) {
            return Err(Refusal::CallUnderWay);
        }
        match station.tries.ask(clock::now()) {
            Verdict::Judge => Ok((path, station.events.clone())),
            Verdict::Wait { pause_s } => Err(Refusal::TryLater { pause_s }),
        }
    }

    /// Takes in what works beside the loop.
    pub(super) fn on_station_event(&mut self, event: StationEvent) {
        match event {
            StationEvent::Unlocked(unlocked) => self.on_unlocked(unlocked),
            StationEvent::ReasonLost(case) => self.on_reason_lost(case),
            StationEvent::Row(made) => self.on_row(*made),
        }
    }

    fn on_unlocked(
        &mut self,
        Unlocked {
            adviser,
            keys,
            reply,
        }: Unlocked,
    ) {
        let judged = match &keys {
            Ok(_) => Judged::Right,
            Err(Refusal::WrongPassphrase { .. }) => Judged::Wrong,
            Err(_) => Judged::Unknown,
        };
        let mut pause_s = 0;
        if let Duty::Station(station) = &mut self.duty {
            pause_s = station.tries.judged(clock::now(), judged);
        }
        let keys = match keys {
            Ok(keys) => keys,
            Err(Refusal::WrongPassphrase { .. }) => {
                return answer(reply, Err(Refusal::WrongPassphrase { pause_s }));
            }
            Err(refusal) => return answer(reply, Err(refusal)),
        };
        // Opening a vault closes the one that is open, and with it the call of whose it is.
        if let Some(speaker) = self.who_is_in_call() {
            let same = (speaker == adviser).then_some(());
            return answer(reply, same.ok_or(Refusal::CallUnderWay));
        }
        self.lock();
        let signer = Arc::new(keys.signing_key());
        let author = AuthorId::from(entropy::bytes());
        let secrets = self.service_secrets(adviser, &keys.agreement_secret());
        for error in secrets.shut.values() {
            tracing::error!(%error, "a vault does not open a key of its adviser's services");
        }
        let name = self
            .replica
            .directory()
            .name(&adviser)
            .unwrap_or_default()
            .to_owned();
        let binding = self.bind(&signer, author, Some(adviser), None);
        if let Duty::Station(station) = &mut self.duty {
            let opened = BTreeMap::new();
            station.open = Some(OpenVault {
                person: adviser,
                name,
                author,
                signer,
                secrets: secrets.opened,
                shut: secrets.shut.into_keys().collect(),
                opened,
                tick: 0,
            });
        }
        self.tell_idle_lock(idle_lock::Input::Unlocked);
        self.tell_replica(Input::Written(binding.into_iter().collect()));
        let services = self.open_vault().map(OpenVault::services);
        self.tell_desk(desk::Input::Unlocked {
            person: adviser,
            services: services.unwrap_or_default(),
        });
        self.counter.tell(Change::Desk);
        answer(reply, Ok(()));
    }

    /// The adviser who calls or speaks with somebody here.
    fn who_is_in_call(&self) -> Option<SubjectId> {
        let vault = self.open_vault()?;
        self.holds_somebody().then_some(vault.person)
    }

    fn service_secrets(&self, person: SubjectId, secret: &AgreementSecret) -> ServiceSecrets {
        let directory = self.replica.directory();
        let services = directory
            .credentials(&person)
            .filter_map(|credential| credential.service.clone());
        let keys =
            services.flat_map(|service| directory.service_keys(&service).collect::<Vec<_>>());
        ServiceSecrets::open(keys, secret)
    }

    /// The adviser goes: hangs up, and closes the vault that is open.
    pub(super) fn lock(&mut self) {
        if self.open_vault().is_some() {
            self.tell_desk(desk::Input::Locked);
        }
        self.close_vault();
    }

    /// Closes the vault that is open, and every case with it. Whoever is spoken with is not hung up
    /// on: a program that ends decides nothing for its adviser, and they keep their place.
    pub(super) fn close_vault(&mut self) {
        let Duty::Station(station) = &mut self.duty else {
            return;
        };
        station.rows.clear();
        station.alarms.clear();
        station.reasons_lost.clear();
        self.readers.clear();
        let Duty::Station(station) = &mut self.duty else {
            return;
        };
        if let Some(vault) = station.open.take() {
            vault
                .opened
                .keys()
                .for_each(|case| self.cases.hand_in(*case, Task::Close(None)));
            self.trays.clear();
            self.counter.tell(Change::Desk);
            self.tell_idle_lock(idle_lock::Input::Locked);
        }
    }

    /// Makes sure that a case is open at its worker.
    pub(super) fn open_case(&mut self, case: &CaseTag) -> Result<(), Refusal> {
        if matches!(self.duty, Duty::Kiosk(_)) {
            return if self.in_visit(case) {
                Ok(())
            } else {
                Err(Refusal::NotFound(Thing::Case))
            };
        }
        let vault = self.open_vault().ok_or(Refusal::Locked)?;
        if !vault.opened.contains_key(case) {
            let opening = self.opening(vault, case)?;
            self.cases.hand_in(*case, Task::Open(Box::new(opening)));
        }
        self.note_use(case);
        Ok(())
    }

    fn opening(&self, vault: &OpenVault, case: &CaseTag) -> Result<Opening, Refusal> {
        let lost = || Refusal::NotFound(Thing::Case);
        let (statement, _) = self.replica.directory().case(case).ok_or_else(lost)?;
        let secret = vault
            .secrets
            .get(&(statement.service.clone(), statement.service_epoch))
            .ok_or_else(lost)?;
        let keys = CaseKeys::open(statement, secret).map_err(|_| lost())?;
        let (epoch, _) = keys.newest(KeyUse::Shared).ok_or_else(lost)?;
        let mut contents = self.replica.catalogue().contents_of(case);
        contents.sort_unstable_by_key(|entry| entry.at);
        Ok(Opening {
            keys,
            reader: vault.author,
            writer: Some(self.writer(vault, epoch)),
            class: ActClass::Agent,
            service: self.service(&statement.service)?.clone(),
            at: contents
                .into_iter()
                .map(|entry| (entry.meta.what(), entry.at))
                .collect(),
            keeps: Some((vault.person, self.unsent(vault.person, case))),
        })
    }

    fn unsent(&self, person: SubjectId, case: &CaseTag) -> Option<SealedUnsent> {
        let station = self.station().ok()?;
        station
            .unsent
            .get(&(person, *case))
            .map(|kept| kept.1.clone())
    }

    /// Keeps what somebody has begun in a case, sealed, until they send it.
    pub(super) fn keep_unsent(
        &mut self,
        case: CaseTag,
        person: SubjectId,
        sealed: Option<SealedUnsent>,
    ) {
        let Duty::Station(station) = &mut self.duty else {
            return;
        };
        match sealed {
            Some(sealed) => {
                station
                    .unsent
                    .insert((person, case), (clock::now(), sealed));
                drop_oldest(&mut station.unsent, UNSENT_CASES_MAX, |kept| kept.0);
            }
            None => drop(station.unsent.remove(&(person, case))),
        }
        self.forget_row(&case);
    }

    fn writer(&self, vault: &OpenVault, epoch: u32) -> Writer {
        let key = KeyRef {
            usage: KeyUse::Shared,
            epoch,
        };
        Writer {
            author: vault.author,
            signer: vault.signer.clone(),
            key,
        }
    }

    fn note_use(&mut self, case: &CaseTag) {
        let Duty::Station(station) = &mut self.duty else {
            return;
        };
        let Some(vault) = &mut station.open else {
            return;
        };
        vault.tick += 1;
        vault.opened.insert(*case, vault.tick);
        if vault.opened.len() > OPEN_CASES_MAX
            && let Some(oldest) = vault
                .opened
                .iter()
                .min_by_key(|(_, used)| **used)
                .map(|(case, _)| *case)
        {
            vault.opened.remove(&oldest);
            self.cases.hand_in(oldest, Task::Close(None));
        }
    }

    /// Asks the case's worker what there is to show.
    pub(super) fn view_case(
        &mut self,
        case: &CaseTag,
    ) -> Option<oneshot::Receiver<Result<CaseView, Refusal>>> {
        self.open_case(case).ok()?;
        let (reply, page) = oneshot::channel();
        self.cases.hand_in(
            *case,
            Task::View {
                context: Box::new(self.context(case)),
                reply,
            },
        );
        Some(page)
    }
}
