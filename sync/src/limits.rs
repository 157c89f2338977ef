//! Every bound on what comes from outside, in one place.
//!
//! A bound is checked before the bytes are parsed, and has a test that
//! overfills it.

/// Largest sealed and signed envelope, in bytes.
pub const ENVELOPE_BYTES_MAX: usize = 64 * 1024;
/// Highest place in a chain: with it the record of an envelope that names as many dependencies as
/// it may still fits the disk.
pub const CHAIN_INDEX_MAX: u64 = u32::MAX as u64;
/// Highest arrival number: no disk makes more things durable.
pub const ARRIVAL_MAX: u64 = (1 << 53) - 1;
/// Latest time that is one, in milliseconds of the Unix epoch.
pub const TIME_MS_MAX: u64 = (1 << 53) - 1;
/// Most dependencies one envelope may name.
pub const ENVELOPE_DEPS_MAX: usize = 16;
/// Largest page, in bytes of plain text.
pub const PAGE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Largest page that travels ahead of larger ones, as a preview does, in bytes of plain text.
pub const SMALL_PAGE_BYTES_MAX: u64 = 64 * 1024;
/// Plain bytes in every segment of a page but the last.
pub const SEGMENT_BYTES: usize = 16 * 1024;
/// Bytes that sealing adds to a segment or an envelope (the tag of AES-GCM).
pub const SEAL_BYTES: usize = 16;
/// Most segments one page can have.
pub const PAGE_SEGMENTS_MAX: u32 = (PAGE_BYTES_MAX / SEGMENT_BYTES as u64) as u32;
/// Largest signed page manifest, in bytes.
pub const MANIFEST_BYTES_MAX: usize = 32 * PAGE_SEGMENTS_MAX as usize + 512;
/// Largest network or case statement, in bytes.
pub const STATEMENT_BYTES_MAX: usize = 64 * 1024;
/// Most things one receipt may cover.
pub const RECEIPT_COVERS_MAX: usize = 24;
/// Largest signed receipt, in bytes.
pub const RECEIPT_BYTES_MAX: usize = 96 * RECEIPT_COVERS_MAX + 256;
/// Largest ephemeral draft frame, in bytes.
pub const DRAFT_BYTES_MAX: usize = 8 * 1024;
/// Largest frame between two nodes, in bytes.
pub const FRAME_BYTES_MAX: usize = 128 * 1024;
/// Most envelopes kept for one place in a chain, when a chain forks.
pub const FORKS_MAX: usize = 8;
/// Most cases a kiosk may follow at once.
pub const INTEREST_CASES_MAX: usize = 64;
/// Invalid items a peer may send in one session before it is closed.
pub const BAD_ITEMS_MAX: u32 = 16;
/// Chains or hash prefixes in one `Have` frame.
pub const HAVE_ENTRIES_MAX: usize = 1024;
/// Members named in one roster frame.
pub const ROSTER_MAX: usize = 512;
/// Most pages asked for at once from one peer.
pub const PLACES_OF_SOURCE_MAX: usize = 32;
/// Most of them that are small, and most that are large.
pub const PLACES_OF_SIZE_MAX: usize = 24;
/// Most of them that were asked for in vain before.
pub const PLACES_DOUBTFUL_MAX: usize = 8;
/// Pages made at one node hold at most each of these divided by this.
pub const PLACES_SHARE_OF_MAKER: usize = 2;
/// Pages that one peer may want at a time; the oldest wishes give way.
pub const WISHES_MAX: usize = 64;
/// How often a page that was whole may turn out to be damaged, and is fetched again.
pub const LOSSES_MAX: u32 = 3;
/// Pages made here of which is remembered who was given what of them.
pub const GIVEN_MAX: usize = 1024;
/// Members that one relay's rosters may name in a session.
pub const ROSTER_MEMBERS_MAX: usize = 8 * ROSTER_MAX;
/// Cases that one peer may follow in a session, one after the other.
pub const FOLLOWED_MAX: usize = 1024;
/// How many times the cost of a first answer it costs to follow a case that was just followed.
pub const FOLLOW_AGAIN_PRICE: usize = 20;
/// Members that one relay's rosters may name before they are known here.
pub const ROSTER_STRANGERS_MAX: usize = 64;
/// Things that a peer may have looked up beyond what time pays back.
pub const WORK_DEBT_MAX: u64 = 4_000_000;
/// Things that a second pays back.
pub const WORK_PER_SECOND: u64 = 100_000;
/// Bytes of this node's memory that may be taken of one member's things at once; honest senders
/// are asked to wait beyond it, and twice as many are the end.
pub const MEMBER_BYTES_AT_ONCE: u64 = 3 * 1024 * 1024;
/// Bytes of it that a second pays back.
pub const MEMBER_BYTES_PER_SECOND: u64 = 64 * 1024;
/// Bytes of it that may be taken of one member's things in a day.
pub const MEMBER_BYTES_PER_DAY: u64 = 512 * 1024 * 1024;
/// What others pass on of a member's things is charged with this part of its bytes.
pub const PASSED_ON_SHARE: u32 = 16;
/// Drafts of a peer that are passed on at once, at most twice as many.
pub const DRAFTS_AT_ONCE_MAX: u64 = 128;
/// Drafts of a peer that are passed on in a second, for long.
pub const DRAFTS_PER_SECOND: u64 = 32;
/// Changes of who is there that are heard of one relay at once, at most twice as many.
pub const ROSTER_CHANGES_AT_ONCE_MAX: u64 = 4 * ROSTER_MAX as u64;
/// Changes of who is there that are heard of one relay in a second, for long.
pub const ROSTER_CHANGES_PER_SECOND: u64 = 64;
/// Seconds for which a member is told to have been held back.
pub const OVERDRAWN_TOLD_S: u64 = 3600;
/// Things of a session that are held back by name; when there are more, its cursor stays until the
/// next.
pub const HELD_BACK_MAX: usize = 1024;
/// Cases of one member of which something is asked for again.
pub const ASKED_AGAIN_MAX: usize = 64;

const _: () = assert!(PLACES_OF_SOURCE_MAX <= WISHES_MAX);
