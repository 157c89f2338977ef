//! How large things may be. Each is checked before a byte is parsed or a table grows.

/// Bytes of a service's name.
pub const SERVICE_ID_BYTES_MAX: usize = 32;
/// Bytes of the name of a node or person in a credential.
pub const NAME_BYTES_MAX: usize = 200;
/// Bytes of one signed credential, so that a whole chain fits in a porch's hello.
pub const CREDENTIAL_BYTES_MAX: usize = 960;
/// Credentials from a leaf up to the one that root issued.
pub const CHAIN_LINKS_MAX: usize = 4;
/// Bytes of one signed network statement.
pub const STATEMENT_BYTES_MAX: usize = 64 * 1024;
/// Latest time that is one, in seconds since 1970 (the year 36,812).
pub const TIME_S_MAX: u64 = 1 << 40;
/// Bytes of the reason given with a revocation.
pub const REASON_BYTES_MAX: usize = 500;
/// Wraps in one statement or grant.
pub const WRAPS_MAX: usize = 512;
/// Bytes of one wrap's ciphertext.
pub const WRAP_CIPHERTEXT_BYTES_MAX: usize = 256;
/// Bytes of the purpose of a wrap.
pub const WRAP_PURPOSE_BYTES_MAX: usize = 64;
/// Case keys (uses times epochs) in one case statement or grant.
pub const CASE_KEYS_MAX: usize = 64;
/// Bytes of one signed grant.
pub const GRANT_BYTES_MAX: usize = 16 * 1024;
/// Statements of one signer beyond which somebody should look at it; they are kept all the same.
pub const STATEMENTS_PER_SIGNER_MAX: usize = 100_000;
/// Bytes of a key file.
pub const KEY_FILE_BYTES_MAX: usize = 1024;
/// Bytes of a vault file.
pub const VAULT_BYTES_MAX: usize = 64 * 1024;
/// Credential chains in a vault.
pub const VAULT_CHAINS_MAX: usize = 16;
/// Bytes of a passphrase.
pub const PASSPHRASE_BYTES_MAX: usize = 1024;
/// KiB of memory that a vault file may ask of Argon2id.
pub const ARGON2_MEMORY_KIB_MAX: u32 = 256 * 1024;
/// Passes over that memory.
pub const ARGON2_PASSES_MAX: u32 = 16;
/// Lanes of Argon2id.
pub const ARGON2_LANES_MAX: u32 = 4;
