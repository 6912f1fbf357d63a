//! Normal life: people with Zipf-like habits, and the noise that every address on the internet gets.
//!
//! A person is a number. Address, country and software follow from it, so that they agree in every
//! record. Addresses come from the ranges set aside for benchmarks (198.18.0.0/15), documentation
//! (198.51.100.0/24 for noise, 2001:db8::/32) and nobody.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::dice::{Dice, mix};
use crate::kit::KitId;
use crate::request::{Actor, Address, Client, Draft, Method, Numbered};
use crate::rules::Verdict;
use crate::weighted::Weighted;

/// How many people a site knows.
const REGULARS: u32 = 20_000;
/// The people that come only when there is a crowd have numbers after the regulars'.
const NEWCOMERS: u64 = 60_000;
/// Addresses that send noise.
const OFFENDERS: u32 = 250;
/// Of people's requests, thousandths that a COUNT rule matches.
const COUNTED_PERMILLE: u64 = 25;
/// Of all requests, thousandths that are noise.
const NOISE_PERMILLE: u64 = 15;

/// Something that people ask for; lists of these are in order of popularity.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// With a number from one up to this at the end of the path; zero for none.
    pub(crate) numbers: u32,
    /// Query strings, one of which is sent.
    pub(crate) args: &'static [&'static str],
}

impl Target {
    pub(crate) const fn get(path: &'static str) -> Self {
        Self {
            method: Method::Get,
            path,
            numbers: 0,
            args: &[""],
        }
    }

    pub(crate) const fn post(path: &'static str) -> Self {
        Self {
            method: Method::Post,
            ..Self::get(path)
        }
    }

    pub(crate) const fn numbered(path: &'static str, numbers: u32) -> Self {
        Self {
            numbers,
            ..Self::get(path)
        }
    }

    pub(crate) const fn with_args(path: &'static str, args: &'static [&'static str]) -> Self {
        Self {
            args,
            ..Self::get(path)
        }
    }
}

/// A request that a managed rule blocks.
#[derive(Debug)]
pub(crate) struct Noise {
    pub(crate) weight: u64,
    pub(crate) verdict: Verdict,
    pub(crate) kit: KitId,
    pub(crate) paths: &'static [&'static str],
    pub(crate) args: &'static str,
}

/// What distinguishes the visitors of one kind of site.
#[derive(Debug)]
pub(crate) struct Custom {
    pub(crate) targets: &'static [Target],
    pub(crate) kits: &'static [(KitId, u64)],
    pub(crate) countries: &'static [(&'static str, u64)],
    pub(crate) noise: &'static [Noise],
}

/// The custom with its weights worked out; shared by all ACLs of a run.
#[derive(Debug)]
pub(crate) struct Habits {
    custom: Custom,
    people: Weighted,
    targets: Weighted,
    kits: Weighted,
    countries: Weighted,
    noise: Weighted,
    offenders: Weighted,
}

impl Habits {
    pub(crate) fn new(custom: Custom) -> Arc<Self> {
        Arc::new(Self {
            people: Weighted::zipf(REGULARS, 20),
            targets: Weighted::zipf(custom.targets.len() as u32, 1),
            kits: Weighted::new(custom.kits.iter().map(|(_, weight)| *weight)),
            countries: Weighted::new(custom.countries.iter().map(|(_, weight)| *weight)),
            noise: Weighted::new(custom.noise.iter().map(|noise| noise.weight)),
            offenders: Weighted::zipf(OFFENDERS, 4),
            custom,
        })
    }

    fn person(&self, number: u64) -> Client {
        let identity = mix(number);
        let address = if identity.is_multiple_of(20) {
            let network = 0x2001_0db8_u128 << 96 | u128::from(identity >> 48) << 64;
            Address::V6(Ipv6Addr::from(network | u128::from(mix(identity))))
        } else {
            // An odd factor makes this a permutation: no two people share an address.
            let host = (number.wrapping_mul(40_503) & 0x1_ffff) as u32;
            Address::V4(Ipv4Addr::from(
                u32::from(Ipv4Addr::new(198, 18, 0, 0)) + host,
            ))
        };
        Client {
            address,
            country: self.custom.countries[self.countries.pick_by(mix(identity ^ 1))].0,
            kit: self.custom.kits[self.kits.pick_by(mix(identity ^ 2))].0,
        }
    }

    fn wish(&self, client: Client, dice: &mut Dice) -> Draft {
        let target = &self.custom.targets[self.targets.pick(dice)];
        let number = match target.numbers {
            0 => 0,
            numbers => 1 + dice.skewed(u64::from(numbers)) as u32,
        };
        let verdict = match (dice.chance(COUNTED_PERMILLE), target.method) {
            (false, _) => Verdict::Allowed,
            (true, Method::Get) => Verdict::CountedAutomation,
            (true, Method::Post) => Verdict::CountedLargeBody,
        };
        Draft {
            client,
            method: target.method,
            uri: Numbered {
                text: target.path,
                number,
            },
            args: Numbered::plain(target.args[dice.index(target.args.len())]),
            verdict,
        }
    }

    fn noise(&self, dice: &mut Dice) -> Draft {
        const COUNTRIES: [&str; 6] = ["US", "NL", "SG", "DE", "BR", "VN"];
        let noise = &self.custom.noise[self.noise.pick(dice)];
        let offender = self.offenders.pick(dice) as u8;
        let country = COUNTRIES[usize::from(offender) % COUNTRIES.len()];
        Draft {
            client: Client::v4([198, 51, 100, offender + 1], country, noise.kit),
            method: Method::Get,
            uri: Numbered::plain(noise.paths[dice.index(noise.paths.len())]),
            args: Numbered::plain(noise.args),
            verdict: noise.verdict,
        }
    }
}

/// The people who always come, with the usual noise.
#[derive(Debug)]
pub(crate) struct Regulars(pub(crate) Arc<Habits>);

impl Actor for Regulars {
    fn act(&mut self, _since_ns: u64, dice: &mut Dice) -> Draft {
        if dice.chance(NOISE_PERMILLE) {
            return self.0.noise(dice);
        }
        let client = self.0.person(self.0.people.pick(dice) as u64);
        self.0.wish(client, dice)
    }
}

/// People who come only now, as many of them as requests, with the same wishes.
#[derive(Debug)]
pub(crate) struct Newcomers(pub(crate) Arc<Habits>);

impl Actor for Newcomers {
    fn act(&mut self, _since_ns: u64, dice: &mut Dice) -> Draft {
        let number = u64::from(REGULARS) + dice.below(NEWCOMERS);
        let client = self.0.person(number);
        self.0.wish(client, dice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::website;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_people_share_an_address() {
        let habits = website::habits();
        let count = u64::from(REGULARS) + NEWCOMERS;
        let addresses: BTreeSet<String> = (0..count)
            .map(|number| habits.person(number).address.to_string())
            .collect();
        assert_eq!(addresses.len() as u64, count);
    }

    #[test]
    fn everybody_lives_in_a_range_set_aside() {
        let habits = website::habits();
        let mut dice = Dice::new(1, 0);
        for _ in 0..20_000 {
            let draft = Regulars(habits.clone()).act(0, &mut dice);
            let text = draft.client.address.to_string();
            let is_synthetic = ["198.18.", "198.19.", "198.51.100.", "2001:db8:"]
                .iter()
                .any(|prefix| text.starts_with(prefix));
            assert!(is_synthetic, "{text}");
        }
    }
}
