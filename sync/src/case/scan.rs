//! The scanner: reads a change as bytes from outside, before automerge sees one of them.
//!
//! Automerge inflates without a limit, expands run lengths that can claim 2⁶² operations, and
//! panics on much that is merely wrong. So a change must first pass here: it is a single,
//! uncompressed change chunk whose checksum holds and behind which nothing follows; every column
//! claims as many rows as there are operations, and no more than allowed; and every operation is
//! one of the few that a [`CaseDoc`](super::CaseDoc) itself writes: make a map or a text, put or
//! delete a key, insert or delete a character. Whatever else automerge can express (lists,
//! counters, marks, tables, links) is refused: a later format has a later version number.
//!
//! Source of the format: automerge, "Binary Document Format", and its readers in version 0.12.

mod column;

use std::collections::BTreeSet;

use guichet_keys::limits::TIME_S_MAX;
use guichet_keys::{AuthorId, sha256};

use self::column::{Reader, booleans, deltas, runs};

/// Operations of one change.
pub(super) const OPS_MAX: usize = 10_000;
/// Bytes of one value.
pub(super) const VALUE_BYTES_MAX: usize = 64 * 1024 + 1;
/// Bytes of one key of a map.
pub(super) const KEY_BYTES_MAX: usize = 256;
/// Operations that the operations of one change replace, together.
const PREDECESSORS_MAX: usize = 2 * OPS_MAX;
/// Highest number of a change's first operation: those of its others fit in 32 bits too.
const START_OP_MAX: u64 = (u32::MAX as u64).saturating_sub(OPS_MAX as u64);

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHANGE_CHUNK: u8 = 1;

/// Why bytes are not a change we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It ends too early.
    #[error("a change ends too early")]
    Truncated,
    /// Compressed, a whole document, a bundle, or nothing of automerge's.
    #[error("not an uncompressed change chunk")]
    NotAChange,
    /// Bytes behind the end.
    #[error("bytes behind the end of a change")]
    TrailingBytes,
    /// The checksum does not hold.
    #[error("the checksum of a change does not hold")]
    Checksum,
    /// A number too large or not in its shortest form.
    #[error("a number in a change is out of range")]
    Number,
    /// Bytes that are not UTF-8.
    #[error("a text in a change is not UTF-8")]
    Utf8,
    /// A column claims more rows than are allowed.
    #[error("a change claims too many operations (at most {OPS_MAX})")]
    TooManyRows,
    /// Two columns disagree on the number of rows, or a row makes no sense.
    #[error("the columns of a change do not fit together")]
    Columns,
    /// A value that is too long.
    #[error("a value in a change is longer than {VALUE_BYTES_MAX} bytes")]
    ValueTooLong,
    /// An author id that is not 16 bytes, twice the same, or out of order.
    #[error("the authors of a change are not in order")]
    Actors,
    /// Something a case never holds.
    #[error("a change holds something no case holds: {0}")]
    Unsupported(&'static str),
}

/// A change that has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change<'a> {
    pub(super) hash: [u8; 32],
    pub(super) deps: BTreeSet<[u8; 32]>,
    /// The author of the change, then the other authors its operations refer to.
    pub(super) actors: Vec<AuthorId>,
    pub(super) seq: u64,
    pub(super) start_op: u64,
    /// When it was made, on the clock of its author: Unix seconds.
    pub(super) at_s: u64,
    pub(super) ops: Vec<Op<'a>>,
}

impl Change<'_> {
    pub(super) fn author(&self) -> AuthorId {
        self.actors[0]
    }

    pub(super) fn max_op(&self) -> u64 {
        let next = self.start_op.saturating_add(self.ops.len() as u64);
        next.saturating_sub(1)
    }
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Op<'a> {
    /// What is changed: the root, or the object this operation made.
    pub(super) object: Option<OpId>,
    pub(super) key: Key<'a>,
    pub(super) action: Action,
    /// The operations it replaces.
    pub(super) replaces: Vec<OpId>,
}

/// The place in an object that an operation changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// A key of a map.
    Name(&'a str),
    /// The beginning of a text.
    Head,
    /// A character of a text.
    Element(OpId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    MakeMap,
    MakeText,
    Put,
    Insert,
    Delete,
}

/// The name of an operation: a counter and the place of its author in [`Change::actors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct OpId {
    pub(super) counter: u64,
    pub(super) actor: usize,
}

/// Reads a change chunk.
///
/// # Errors
/// Why it is refused; nothing of it has been expanded beyond the limits.
pub(super) fn scan(chunk: &[u8]) -> Result<Change<'_>, Malformed> {
    let mut reader = Reader::new(chunk);
    if reader.array()? != MAGIC {
        return Err(Malformed::NotAChange);
    }
    let checksum: [u8; 4] = reader.array()?;
    let hashed = reader.rest();
    if reader.byte()? != CHANGE_CHUNK {
        return Err(Malformed::NotAChange);
    }
    let len = reader.length()?;
    if len < reader.rest().len() {
        return Err(Malformed::TrailingBytes);
    }
    let mut body = Reader::new(reader.take(len)?);
    let hash = *sha256(hashed).as_bytes();
    if !hash.starts_with(&checksum) {
        return Err(Malformed::Checksum);
    }

    let deps = dependencies(&mut body)?;
    let author = actor(&mut body)?;
    let seq = body.unsigned()?;
    let start_op = body.unsigned()?;
    if seq == 0 || start_op == 0 || start_op > START_OP_MAX {
        return Err(Malformed::Number);
    }
    let at_s = u64::try_from(body.signed()?).map_err(|_| Malformed::Number)?;
    if at_s > TIME_S_MAX {
        return Err(Malformed::Number);
    }
    if body.unsigned()? != 0 {
        return Err(Malformed::Unsupported("a comment"));
    }
    let actors = actors(author, &mut body)?;
    let columns = Columns::read(&mut body)?;
    if !body.is_empty() {
        return Err(Malformed::TrailingBytes);
    }
    let ops = columns.operations(start_op, actors.len())?;
    Ok(Change {
        hash,
        deps,
        actors,
        seq,
        start_op,
        at_s,
        ops,
    })
}

fn dependencies(body: &mut Reader<'_>) -> Result<BTreeSet<[u8; 32]>, Malformed> {
    let count = body.unsigned()?;
    let mut deps = BTreeSet::new();
    for _ in 0..count {
        if !deps.insert(body.array()?) {
            return Err(Malformed::Unsupported("a dependency twice"));
        }
    }
    Ok(deps)
}

fn actor(body: &mut Reader<'_>) -> Result<AuthorId, Malformed> {
    if body.unsigned()? != 16 {
        return Err(Malformed::Actors);
    }
    Ok(AuthorId::from(body.array::<16>()?))
}

fn actors(author: AuthorId, body: &mut Reader<'_>) -> Result<Vec<AuthorId>, Malformed> {
    let count = body.unsigned()?;
    let mut actors = vec![author];
    for _ in 0..count {
        let other = actor(body)?;
        let in_order = actors.len() == 1 || actors.last() < Some(&other);
        if other == author || !in_order {
            return Err(Malformed::Actors);
        }
        actors.push(other);
    }
    Ok(actors)
}

/// The columns of the operations, as they stand in the chunk; absent ones are empty.
#[derive(Debug, Default)]
struct Columns<'a> {
    object_actor: &'a [u8],
    object_counter: &'a [u8],
    key_actor: &'a [u8],
    key_counter: &'a [u8],
    key_name: &'a [u8],
    insert: &'a [u8],
    action: &'a [u8],
    value_meta: &'a [u8],
    value: &'a [u8],
    replaces_count: &'a [u8],
    replaces_actor: &'a [u8],
    replaces_counter: &'a [u8],
}

impl<'a> Columns<'a> {
    fn read(body: &mut Reader<'a>) -> Result<Self, Malformed> {
        let count = body.unsigned()?;
        let mut layout = Vec::new();
        let mut last = 0;
        for _ in 0..count {
            let spec = body.unsigned()?;
            if spec <= last {
                return Err(Malformed::Columns);
            }
            last = spec;
            layout.push((spec, body.length()?));
        }
        let mut columns = Self::default();
        for (spec, len) in layout {
            let bytes = body.take(len)?;
            *columns.place(spec)? = bytes;
        }
        Ok(columns)
    }

    /// A specification is the number of the column ‖ a bit "compressed" ‖ three bits of type.
    fn place(&mut self, spec: u64) -> Result<&mut &'a [u8], Malformed> {
        Ok(match spec {
            0x01 => &mut self.object_actor,
            0x02 => &mut self.object_counter,
            0x11 => &mut self.key_actor,
            0x13 => &mut self.key_counter,
            0x15 => &mut self.key_name,
            0x34 => &mut self.insert,
            0x42 => &mut self.action,
            0x56 => &mut self.value_meta,
            0x57 => &mut self.value,
            0x70 => &mut self.replaces_count,
            0x71 => &mut self.replaces_actor,
            0x73 => &mut self.replaces_counter,
            _ => return Err(Malformed::Unsupported("an unknown or compressed column")),
        })
    }

    fn operations(&self, start_op: u64, actors: usize) -> Result<Vec<Op<'a>>, Malformed> {
        let actions = runs(self.action, OPS_MAX, Reader::unsigned)?;
        let rows = actions.len();
        if rows == 0 {
            return Err(Malformed::Unsupported("no operation"));
        }
        let objects = Ids::read(
            column(self.object_actor, rows, Reader::unsigned)?,
            column(self.object_counter, rows, Reader::unsigned)?,
            actors,
        );
        let elements = Ids::read(
            column(self.key_actor, rows, Reader::unsigned)?,
            padded(deltas(self.key_counter, rows)?, rows)?,
            actors,
        );
        let names = column(self.key_name, rows, Reader::text)?;
        let inserts = booleans(self.insert, rows)?;
        if inserts.len() != rows {
            return Err(Malformed::Columns);
        }
        let values = self.values(rows)?;
        let mut replaces = self.replaces(rows, actors)?.into_iter();

        let mut ops = Vec::with_capacity(rows);
        for (row, action) in actions.into_iter().enumerate() {
            let op = Op {
                object: objects.at(row)?,
                key: elements.key(row, names[row])?,
                action: act(action.ok_or(Malformed::Columns)?, inserts[row], values[row])?,
                replaces: replaces.next().unwrap_or_default(),
            };
            op.check(start_op.saturating_add(row as u64), values[row])?;
            ops.push(op);
        }
        Ok(ops)
    }

    /// The values, whose lengths together are exactly the bytes of their column.
    fn values(&self, rows: usize) -> Result<Vec<Value<'a>>, Malformed> {
        let mut raw = Reader::new(self.value);
        let values = column(self.value_meta, rows, Reader::unsigned)?
            .into_iter()
            .map(|meta| {
                let meta = meta.ok_or(Malformed::Columns)?;
                let len = usize::try_from(meta >> 4).map_err(|_| Malformed::ValueTooLong)?;
                match (meta & 0x0f, len) {
                    (_, len) if len > VALUE_BYTES_MAX => Err(Malformed::ValueTooLong),
                    (0, 0) => Ok(Value::Null),
                    (1 | 2, 0) => Ok(Value::Boolean),
                    (6, len) => std::str::from_utf8(raw.take(len)?)
                        .map(Value::Text)
                        .map_err(|_| Malformed::Utf8),
                    _ => Err(Malformed::Unsupported(
                        "a value that is no text, boolean or null",
                    )),
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        if raw.is_empty() {
            Ok(values)
        } else {
            Err(Malformed::Columns)
        }
    }

    fn replaces(&self, rows: usize, actors: usize) -> Result<Vec<Vec<OpId>>, Malformed> {
        let counts = column(self.replaces_count, rows, Reader::unsigned)?;
        let mut sum = 0_usize;
        for count in &counts {
            let count = usize::try_from(count.unwrap_or(0)).map_err(|_| Malformed::TooManyRows)?;
            sum = sum.checked_add(count).ok_or(Malformed::TooManyRows)?;
        }
        if sum > PREDECESSORS_MAX {
            return Err(Malformed::TooManyRows);
        }
        let ids = Ids::read(
            column(self.replaces_actor, sum, Reader::unsigned)?,
            padded(deltas(self.replaces_counter, sum)?, sum)?,
            actors,
        );
        let mut next = 0..sum;
        counts
            .into_iter()
            .map(|count| {
                next.by_ref()
                    .take(count.unwrap_or(0) as usize)
                    .map(|row| ids.at(row)?.ok_or(Malformed::Columns))
                    .collect()
            })
            .collect()
    }
}

/// A column is absent when all its rows are null; else it has a row for each operation.
fn column<'a, T: Copy>(
    bytes: &'a [u8],
    rows: usize,
    read: impl Fn(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<Vec<Option<T>>, Malformed> {
    padded(runs(bytes, rows, read)?, rows)
}

fn padded<T: Copy>(mut column: Vec<Option<T>>, rows: usize) -> Result<Vec<Option<T>>, Malformed> {
    if column.is_empty() {
        column.resize(rows, None);
    }
    if column.len() == rows {
        Ok(column)
    } else {
        Err(Malformed::Columns)
    }
}

/// Two columns that together name operations.
struct Ids {
    actors: Vec<Option<u64>>,
    counters: Vec<Option<u64>>,
    actor_count: usize,
}

impl Ids {
    fn read(actors: Vec<Option<u64>>, counters: Vec<Option<u64>>, actor_count: usize) -> Self {
        Self {
            actors,
            counters,
            actor_count,
        }
    }

    fn key<'a>(&self, row: usize, name: Option<&'a str>) -> Result<Key<'a>, Malformed> {
        match (name, self.actors[row], self.counters[row]) {
            (Some(name), None, None) => match name.len() {
                1..=KEY_BYTES_MAX => Ok(Key::Name(name)),
                _ => Err(Malformed::Unsupported("a key of this length")),
            },
            (None, None, Some(0)) => Ok(Key::Head),
            (None, Some(_), Some(_)) => self.at(row)?.map(Key::Element).ok_or(Malformed::Columns),
            _ => Err(Malformed::Columns),
        }
    }

    fn at(&self, row: usize) -> Result<Option<OpId>, Malformed> {
        match (self.actors[row], self.counters[row]) {
            (None, None) => Ok(None),
            (Some(actor), Some(counter @ 1..)) if actor < self.actor_count as u64 => {
                Ok(Some(OpId {
                    counter,
                    actor: actor as usize,
                }))
            }
            _ => Err(Malformed::Columns),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value<'a> {
    Null,
    Boolean,
    Text(&'a str),
}

fn act(action: u64, insert: bool, value: Value<'_>) -> Result<Action, Malformed> {
    match (action, insert, value) {
        (0, false, Value::Null) => Ok(Action::MakeMap),
        (4, false, Value::Null) => Ok(Action::MakeText),
        (1, false, _) => Ok(Action::Put),
        (1, true, Value::Text(_)) => Ok(Action::Insert),
        (3, false, Value::Null) => Ok(Action::Delete),
        _ => Err(Malformed::Unsupported("an operation of another kind")),
    }
}

impl Op<'_> {
    /// Holds the parts of an operation against each other; everything it refers to is older.
    fn check(&self, counter: u64, value: Value<'_>) -> Result<(), Malformed> {
        let fits = match (self.action, self.key) {
            (Action::MakeMap | Action::MakeText | Action::Put, Key::Name(_)) => true,
            (Action::Insert, Key::Head | Key::Element(_)) => {
                let one = matches!(value, Value::Text(text) if text.chars().count() == 1);
                one && self.object.is_some() && self.replaces.is_empty()
            }
            (Action::Delete, Key::Element(_)) => self.object.is_some() && !self.replaces.is_empty(),
            (Action::Delete, Key::Name(_)) => !self.replaces.is_empty(),
            _ => false,
        };
        if !fits {
            return Err(Malformed::Unsupported(
                "an operation that does not fit its place",
            ));
        }
        let ordered = self
            .replaces
            .is_sorted_by(|a, b| a.counter <= b.counter && a != b);
        if ordered && self.references().all(|id| id.counter < counter) {
            Ok(())
        } else {
            Err(Malformed::Columns)
        }
    }

    /// The operations it refers to.
    pub(super) fn references(&self) -> impl Iterator<Item = OpId> {
        let element = match self.key {
            Key::Element(id) => Some(id),
            Key::Name(_) | Key::Head => None,
        };
        self.object
            .into_iter()
            .chain(element)
            .chain(self.replaces.iter().copied())
    }
}
