//! How much a window remembers.

use serde::{Deserialize, Serialize};

/// Sizes of the sketches and of what a summary lists.
///
/// Memory and encoded size follow from these figures alone, never from traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SketchSettings {
    /// Slots of the map behind every top list; three quarters of them hold values before the
    /// bounds begin to widen. Rounded up to a power of two from 8 to 65,536.
    pub dimension_map_size: usize,
    /// Slots of the map behind every pair sketch (address with URI, rule with country, ...).
    /// Rounded like `dimension_map_size`.
    pub pair_map_size: usize,
    /// Values listed per dimension.
    pub top_n: usize,
    /// Paths whose requests every summary tells, however few they are.
    pub watched_uris: Vec<String>,
    /// Addresses with a profile of their own.
    pub profiled_addresses: usize,
    /// Rules with a profile of their own.
    pub profiled_rules: usize,
    /// Values listed per field of a profile.
    pub values_per_profile: usize,
    /// Seed of the hash that places keys in maps. It changes no answer as long as no sketch had to
    /// forget; a secret one keeps attackers from choosing keys that collide. Partials with
    /// different seeds merge after encoding and decoding.
    pub hash_seed: u64,
    /// Seed of the hash behind distinct counts. A secret one keeps attackers from choosing
    /// addresses that hide or fake their number. Partials merge only under the same one.
    pub distinct_seed: u64,
    /// Most bytes that an encoded partial may take. At least [`Self::MIN_BUDGET_BYTES`].
    pub budget_bytes: usize,
}

impl SketchSettings {
    /// What counters and distinct counts need even when every sketch is trimmed away.
    pub const MIN_BUDGET_BYTES: usize = 8 * 1024;

    pub(crate) const MIN_MAP_SIZE: usize = 8;
    pub(crate) const MAX_MAP_SIZE: usize = 65_536;
}

impl Default for SketchSettings {
    fn default() -> Self {
        Self {
            dimension_map_size: 1_024,
            pair_map_size: 2_048,
            top_n: 20,
            watched_uris: Vec::new(),
            profiled_addresses: 15,
            profiled_rules: 15,
            values_per_profile: 5,
            hash_seed: 0x5dee_ce66_d1ce_4e5b,
            distinct_seed: 0x2545_f491_4f6c_dd1d,
            budget_bytes: 128 * 1024,
        }
    }
}
