//! What a page is shown of an open case.

pub mod story;

use std::collections::BTreeMap;

use guichet_keys::{AuthorId, CaseTag};
use guichet_sync::case::{Act, Candidate as Held, FieldRef, FormId as DocForm, Message, Value};
use guichet_sync::envelope::{ChainId, Kind};
use guichet_sync::page::PageId;
use guichet_sync::receipt::Stage;
use guichet_sync::replica::Reached;

use super::opened::{Attached, OpenCase, attached};
use crate::clock;
use crate::services::{FieldDef, FormTemplate, values};
use crate::web::counter::Kept;
use crate::web::ids::FormId;
use crate::web::view::{
    Arrival, CallView, Candidate, CaseBrief, CaseView, DocumentView, Draft, FieldContent,
    FieldView, FormView, ItemState, Line, MessageView, PageView, PrintingView, Reach, Reader,
    ReceiptCase, ReceiptItem, ReceiptWhat, Reception, Side, TextView, VisitState, Who,
};

/// What the case itself does not know and the node tells.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who looks.
    pub side: Side,
    /// The line.
    pub line: Line,
    /// How the service can be reached.
    pub reach: Reach,
    /// Whether an adviser of the service could be spoken with.
    pub reception: Reception,
    /// Who stands behind each author.
    pub names: BTreeMap<AuthorId, Who>,
    /// How far each envelope has come.
    pub stages: Stages,
    /// When the case was opened.
    pub opened_at_s: u64,
    /// Where.
    pub place: String,
    /// The adviser at this page.
    pub adviser: Option<String>,
    /// Which advisers have the case open, whoever sits here left out.
    pub readers: Vec<Reader>,
    /// The wait or call of who sits here.
    pub call: CallView,
    /// At the desk, since when nobody hears the kiosk at which somebody has the case open.
    pub kiosk_cut_since_s: Option<u64>,
    /// The printer of this node.
    pub printing: PrintingView,
    /// The kiosk's visit.
    pub visit: VisitState,
    /// What is typed here as a message, and not sent.
    pub unsent_message: String,
}

impl Context {
    /// A case of the kiosk's visit, as the visit names it.
    fn brief(&self, case: CaseTag) -> Option<CaseBrief> {
        match &self.visit {
            VisitState::Open { cases, .. } => {
                cases.iter().find(|brief| brief.case == case).cloned()
            }
            VisitState::None | VisitState::Interrupted => None,
        }
    }
}

impl Context {
    /// Who stands behind an author; somebody, as long as that is not known.
    pub fn who(&self, author: &AuthorId) -> Who {
        self.names.get(author).cloned().unwrap_or(Who::Somebody)
    }
}

/// How far everything in one case has come, taken out of the book.
#[derive(Clone, Debug, Default)]
pub struct Stages {
    /// Per chain, for each place from the first.
    pub chains: BTreeMap<ChainId, Vec<Option<Reached>>>,
    /// Per page: how far it has come, and how much of it is here, in hundredths.
    pub pages: BTreeMap<PageId, (Option<Reached>, u8)>,
}

impl Stages {
    fn envelope(&self, chain: &ChainId, index: u64) -> ItemState {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        state(
            self.chains
                .get(chain)
                .and_then(|places| places.get(place))
                .copied()
                .flatten(),
        )
    }

    fn page(&self, page: &PageId) -> ItemState {
        state(self.pages.get(page).and_then(|(reached, _)| *reached))
    }

    /// How many envelopes are on this disk alone.
    fn unsent(&self) -> usize {
        let places = self.chains.values().flatten();
        places.filter(|reached| reached.is_none()).count()
    }

    /// The least that any edit of the case has come.
    fn edits(&self) -> Option<ItemState> {
        let chains = self
            .chains
            .iter()
            .filter(|(chain, _)| chain.kind == Kind::Edit);
        chains
            .filter_map(|(_, places)| places.iter().copied().map(state).reduce(least))
            .reduce(least)
    }
}

fn state(reached: Option<Reached>) -> ItemState {
    match reached {
        None => ItemState::Saved,
        Some(Reached {
            stage: Stage::EnRoute,
            ..
        }) => ItemState::EnRoute,
        Some(Reached {
            stage: Stage::Received,
            at_ms,
        }) => ItemState::Received { at_s: at_ms / 1000 },
    }
}

/// Of two states, the one that has come less far.
fn least(a: ItemState, b: ItemState) -> ItemState {
    match (a, b) {
        (ItemState::Saved, _) | (_, ItemState::Saved) => ItemState::Saved,
        (ItemState::EnRoute, _) | (_, ItemState::EnRoute) => ItemState::EnRoute,
        (ItemState::Received { at_s: a }, ItemState::Received { at_s: b }) => {
            ItemState::Received { at_s: a.max(b) }
        }
    }
}

/// Everything that stands in a case.
pub fn case(open: &OpenCase, context: &Context) -> CaseView {
    let service = open.service();
    let doc = open.log().doc();
    let templates = doc
        .forms()
        .into_iter()
        .filter_map(|form| Some((form, service.form(&doc.template(form)?)?)));
    let templates: Vec<(DocForm, &FormTemplate)> = templates.collect();
    let (documents, messages) = acts(open, context);
    let forms: Vec<FormView> = templates
        .iter()
        .map(|(form, template)| self::form(open, context, *form, template))
        .collect();
    let items = documents
        .iter()
        .map(|document| document.state)
        .chain(messages.iter().map(|message| message.state));
    // An empty form is an edit as well, but nobody waits for news of it.
    let written = forms.iter().any(|form| filled(form) > 0);
    let state = items
        .chain(written.then(|| context.stages.edits().unwrap_or(ItemState::Saved)))
        .reduce(least);
    let title = templates.first().map_or_else(
        || service.brief.name.clone(),
        |(_, template)| template.title.clone(),
    );
    let story = story::of(open, context);
    let person = (context.side == Side::Adviser)
        .then(|| person(open, &templates))
        .flatten();
    CaseView {
        brief: context.brief(open.case()).unwrap_or(CaseBrief {
            case: open.case(),
            service: service.brief.clone(),
            title,
            number: None,
        }),
        side: context.side,
        line: context.line,
        reach: context.reach,
        reception: context.reception,
        seq: open.seq(),
        at_s: clock::wall_s(),
        opened_at_s: context.opened_at_s,
        place: context.place.clone(),
        person,
        adviser: context.adviser.clone(),
        readers: context.readers.clone(),
        identity: story.identity,
        call: context.call.clone(),
        kiosk_cut_since_s: context.kiosk_cut_since_s,
        unsent: context.stages.unsent(),
        state,
        forms,
        documents,
        messages,
        printing: context.printing,
        notes: story.notes,
        timeline: story.timeline,
        visit: context.visit.clone(),
        unsent_message: match context.side {
            Side::Citizen => context.unsent_message.clone(),
            Side::Adviser => open.begun(Kept::Message),
        },
        unsent_note: open.begun(Kept::Note),
        unsent_remark: open.begun(Kept::Remark),
        unsent_reason: open.begun(Kept::Reason),
    }
}

fn form(open: &OpenCase, context: &Context, form: DocForm, template: &FormTemplate) -> FormView {
    template.view(page_form(form), |def| {
        content(open, context, &FieldRef::new(form, def.name.clone()), def)
    })
}

/// The form's name as pages write it: both are the same sixteen digits.
pub fn page_form(form: DocForm) -> FormId {
    form.to_string()
        .parse()
        .expect("the name of a form is sixteen hexadecimal digits")
}

fn content(open: &OpenCase, context: &Context, field: &FieldRef, def: &FieldDef) -> FieldContent {
    let doc = open.log().doc();
    let who = |author: &AuthorId| context.who(author);
    if def.is_area() {
        let text = doc.text(field);
        let last = text.as_ref().and_then(|text| text.last);
        let (text, version) = text.map_or_else(Default::default, |text| {
            (
                values::shown(&text.text).into_owned(),
                text.version.to_string(),
            )
        });
        return FieldContent::Area(TextView {
            text,
            version,
            seq: open.seq(),
            by: last.map(|last| who(&last.author)),
            at_s: last.map(|last| last.at_s),
        });
    }
    let candidates = candidates(doc.register(field));
    let candidates = candidates.into_iter().map(|(value, candidate)| Candidate {
        value,
        by: who(&candidate.author),
        at_s: candidate.at_s,
        fits: def.fits(&candidate.value),
    });
    let draft = open.typing(field).map(|(value, author)| Draft {
        value: values::line(value),
        by: who(&author),
    });
    FieldContent::Register {
        candidates: candidates.collect(),
        version: doc.version().to_string(),
        draft,
        typed: open.typed_here(field),
    }
}

/// The values that people may choose from, as they are shown. That the field be left empty is one
/// of several, and nothing where it is alone.
fn candidates(held: Vec<Held>) -> Vec<(String, Held)> {
    let mut shown: Vec<(String, Held)> = Vec::new();
    for candidate in held {
        let value = match &candidate.value {
            Value::Null => Some(String::new()),
            Value::Bool(_) | Value::Text(_) | Value::Code(_) | Value::Number(_) => {
                shown_value(&candidate.value)
            }
            Value::Unknown(_) => None,
        };
        if let Some(value) = value {
            // Two that look the same are one answer; the last to give it is named.
            shown.retain(|(other, _)| *other != value);
            shown.push((value, candidate));
        }
    }
    if shown.iter().all(|(value, _)| value.is_empty()) {
        shown.clear();
    }
    shown
}

fn shown_value(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Unknown(_) => None,
        Value::Bool(ticked) => Some(ticked.to_string()),
        // Whoever put it: signs that nobody sees or that turn a line are not shown.
        Value::Text(text) | Value::Code(text) | Value::Number(text) => Some(values::line(text)),
    }
}

/// The person's name, put together from the fields that the template names.
fn person(open: &OpenCase, templates: &[(DocForm, &FormTemplate)]) -> Option<String> {
    let (form, template) = templates.first()?;
    let parts = template.person.iter().filter_map(|name| {
        let candidates = open
            .log()
            .doc()
            .register(&FieldRef::new(*form, name.clone()));
        candidates
            .iter()
            .find_map(|candidate| shown_value(&candidate.value))
    });
    let name = parts.collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then_some(name)
}

fn acts(open: &OpenCase, context: &Context) -> (Vec<DocumentView>, Vec<MessageView>) {
    let (mut documents, mut messages) = (Vec::new(), Vec::new());
    for signed in open.acts() {
        let chain = ChainId {
            case: open.case(),
            author: signed.author,
            kind: Kind::Act,
        };
        let by = context.who(&signed.author);
        let state = context.stages.envelope(&chain, signed.index);
        if let Some(attached) = attached(&signed.act) {
            documents.push(document(attached, by, state, context));
        } else if let Act::Message(Message { at_ms, text, lang }) = signed.act {
            let id = format!("m{}-{}", signed.author, signed.index);
            messages.push(MessageView {
                id,
                text: values::shown(&text).into_owned(),
                lang,
                by,
                at_s: at_ms / 1000,
                state,
            });
        }
    }
    (documents, messages)
}

fn document(attached: Attached, by: Who, act: ItemState, context: &Context) -> DocumentView {
    let stages = &context.stages;
    let percent = |page: &PageId| stages.pages.get(page).map_or(0, |(_, percent)| *percent);
    let pages: Vec<_> = attached
        .pages
        .iter()
        .map(|page| PageView {
            turns: page.turns,
            preview: page.preview.is_some_and(|preview| percent(&preview) == 100),
            arrival: Arrival::of(percent(&page.page)),
        })
        .collect();
    let least_come = pages.iter().map(|page| page.arrival.percent()).min();
    DocumentView {
        document: attached.document,
        name: attached.name,
        media_type: attached.media_type,
        bytes: attached.bytes,
        by,
        at_s: attached.at_ms / 1000,
        state: attached
            .pages
            .iter()
            .map(|page| stages.page(&page.page))
            .fold(act, least),
        arrival: Arrival::of(least_come.unwrap_or(0)),
        pages,
    }
}

/// What the citizen takes away of a case.
pub fn receipt(case: CaseView, edits: Option<ItemState>) -> ReceiptCase {
    let mine = |by: &Who| matches!(by, Who::Me | Who::Citizen);
    let forms = case.forms.iter().map(|form| {
        let filled = filled(form);
        let what = ReceiptWhat::Form {
            title: form.title.clone(),
            filled,
            fields: fields(form).count(),
        };
        ReceiptItem {
            what,
            state: (filled > 0).then(|| edits.unwrap_or(ItemState::Saved)),
        }
    });
    let messages = case
        .messages
        .iter()
        .filter(|message| mine(&message.by))
        .map(|message| ReceiptItem {
            what: ReceiptWhat::Message {
                text: message.text.clone(),
            },
            state: Some(message.state),
        });
    let documents = case
        .documents
        .iter()
        .filter(|document| mine(&document.by))
        .map(|document| ReceiptItem {
            what: ReceiptWhat::Document {
                name: document.name.clone(),
                bytes: document.bytes,
            },
            state: Some(document.state),
        });
    let items = forms.chain(messages).chain(documents).collect();
    ReceiptCase {
        brief: case.brief,
        items,
    }
}

/// The least that any edit of a case has come.
pub fn edits(stages: &Stages) -> Option<ItemState> {
    stages.edits()
}

fn fields(form: &FormView) -> impl Iterator<Item = &FieldView> {
    form.sections.iter().flat_map(|section| &section.fields)
}

/// How many fields hold anything.
fn filled(form: &FormView) -> usize {
    let filled = fields(form).filter(|field| is_filled(&field.content));
    filled.count()
}

/// Whether a field holds anything.
pub fn is_filled(content: &FieldContent) -> bool {
    match content {
        FieldContent::Register { candidates, .. } => !candidates.is_empty(),
        FieldContent::Area(text) => !text.text.is_empty(),
    }
}
