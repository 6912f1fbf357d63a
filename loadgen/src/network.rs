//! Ranges of addresses that clients of an event come from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::request::Address;

/// A prefix of addresses, as in `203.0.113.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    base: IpAddr,
    host_bits: u32,
}

/// Text that is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network: write an address, or one with a length, as 203.0.113.0/24")]
pub(crate) struct InvalidNetwork(String);

impl Network {
    pub(crate) const fn v4(octets: [u8; 4], prefix: u32) -> Self {
        let [a, b, c, d] = octets;
        Self {
            base: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            host_bits: 32 - prefix,
        }
    }

    /// How many addresses it has, at most 2^63.
    fn size(self) -> u64 {
        1 << self.host_bits.min(63)
    }

    /// The address numbered `number`, in an order that looks random: an odd factor makes it a
    /// permutation of a range whose size is a power of two.
    fn address(self, number: u64) -> Address {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let host = number.wrapping_mul(ODD) & (self.size() - 1);
        match self.base {
            IpAddr::V4(base) => Address::V4(Ipv4Addr::from(u32::from(base) | host as u32)),
            IpAddr::V6(base) => Address::V6(Ipv6Addr::from(u128::from(base) | u128::from(host))),
        }
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = address.parse().map_err(|_| invalid())?;
        let width = match base {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        let prefix: u32 = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| invalid())?,
            None => width,
        };
        if prefix > width {
            return Err(invalid());
        }
        let host_bits = width - prefix;
        let bits = match base {
            IpAddr::V4(base) => u128::from(u32::from(base)),
            IpAddr::V6(base) => u128::from(base),
        };
        let host_mask = 1_u128
            .checked_shl(host_bits)
            .map_or(u128::MAX, |bit| bit - 1);
        if bits & host_mask != 0 {
            return Err(invalid());
        }
        Ok(Self { base, host_bits })
    }
}

/// Networks one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Pool(Vec<Network>);

impl Pool {
    /// The list must not be empty.
    pub(crate) fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// How many addresses it has, at most 2^63.
    pub(crate) fn size(&self) -> u64 {
        let sizes = self.0.iter().map(|network| network.size());
        sizes.fold(0_u64, u64::saturating_add).min(1 << 63)
    }

    /// The address numbered `number`; different numbers below the size have different
    /// addresses.
    pub(crate) fn address(&self, number: u64) -> Address {
        let mut rest = number % self.size().max(1);
        for network in &self.0 {
            if rest < network.size() {
                return network.address(rest);
            }
            rest -= network.size();
        }
        self.0[0].address(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_pool_has_as_many_addresses_as_its_networks() {
        let networks = ["203.0.113.0/28", "198.51.100.7", "2001:db8::/122"];
        let parse = |text: &str| text.parse().expect(text);
        let pool = Pool::new(networks.into_iter().map(parse).collect());
        assert_eq!(pool.size(), 16 + 1 + 64);
        let addresses: BTreeSet<String> = (0..pool.size())
            .map(|number| pool.address(number).to_string())
            .collect();
        assert_eq!(addresses.len(), 81);
        assert!(addresses.contains("198.51.100.7"));
        assert!(addresses.contains("203.0.113.15"));
    }

    #[test]
    fn the_largest_networks_do_not_overflow() {
        let all: Network = "::/0".parse().expect("a network");
        let pool = Pool::new(vec![all, Network::v4([0, 0, 0, 0], 0)]);
        assert_eq!(pool.size(), 1 << 63);
        pool.address(u64::MAX);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "::1/64",
            "10.0.0.0/x",
            "nowhere",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
