//! Normal life: people with Zipf-like habits, and the noise that every address on the internet gets.
//!
//! A person is a number. Address, country and software follow from it, so that they agree in every
//! record. Addresses come from the ranges set aside for benchmarks (198.18.0.0/15), documentation
//! (198.51.100.0/24 for noise, 2001:db8::/32) and nobody.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::catalog::{Catalog, TextId};
use crate::dice::{Dice, mix};
use crate::kit::KitId;
use crate::request::{Address, Client, Draft, Method, Numbered};
use crate::rules::{RulingId, Verdict};
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
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    /// With a number from one up to this at the end of the path; zero for none.
    pub(crate) numbers: u32,
    /// Query strings, one of which is sent.
    pub(crate) args: &'a [&'a str],
}

impl<'a> Target<'a> {
    pub(crate) const fn get(path: &'a str) -> Self {
        Self {
            method: Method::Get,
            path,
            numbers: 0,
            args: &[""],
        }
    }

    pub(crate) const fn post(path: &'a str) -> Self {
        Self {
            method: Method::Post,
            ..Self::get(path)
        }
    }

    pub(crate) const fn numbered(path: &'a str, numbers: u32) -> Self {
        Self {
            numbers,
            ..Self::get(path)
        }
    }

    pub(crate) const fn with_args(path: &'a str, args: &'a [&'a str]) -> Self {
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

/// What distinguishes the visitors of one kind of site. Noise may be none, no other list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Custom<'a> {
    pub(crate) targets: &'a [Target<'a>],
    /// Of the targets; `None` for popularity that falls with their place.
    pub(crate) target_weights: Option<&'a [u64]>,
    pub(crate) kits: &'a [(KitId, u64)],
    pub(crate) countries: &'a [(&'a str, u64)],
    pub(crate) noise: &'static [Noise],
}

/// Something that people ask for, in a catalog.
#[derive(Debug)]
struct Errand {
    method: Method,
    path: TextId,
    numbers: u32,
    args: Vec<TextId>,
}

#[derive(Debug)]
struct NoiseTexts {
    ruling: RulingId,
    kit: KitId,
    paths: Vec<TextId>,
    args: TextId,
}

/// The custom with its weights worked out; shared by all ACLs of a run.
#[derive(Debug)]
pub(crate) struct Habits {
    people: Weighted,
    errands: Vec<Errand>,
    errand_weights: Weighted,
    kits: Vec<KitId>,
    kit_weights: Weighted,
    countries: Vec<TextId>,
    country_weights: Weighted,
    noise: Vec<NoiseTexts>,
    noise_weights: Weighted,
    noise_countries: [TextId; 6],
    offenders: Weighted,
    allowed: RulingId,
    counted_get: RulingId,
    counted_post: RulingId,
}

impl Habits {
    pub(crate) fn new(custom: &Custom<'_>, catalog: &mut Catalog) -> Arc<Self> {
        let errands = custom.targets.iter().map(|target| Errand {
            method: target.method,
            path: catalog.text(target.path),
            numbers: target.numbers,
            args: target.args.iter().map(|text| catalog.text(text)).collect(),
        });
        let errands = errands.collect();
        let noise = custom.noise.iter().map(|noise| NoiseTexts {
            ruling: catalog.ruling(noise.verdict),
            kit: noise.kit,
            paths: noise.paths.iter().map(|text| catalog.text(text)).collect(),
            args: catalog.text(noise.args),
        });
        Arc::new(Self {
            people: Weighted::zipf(REGULARS, 20),
            noise: noise.collect(),
            errands,
            errand_weights: match custom.target_weights {
                Some(weights) => Weighted::new(weights.iter().copied()),
                None => Weighted::zipf(custom.targets.len() as u32, 1),
            },
            kits: custom.kits.iter().map(|(kit, _)| *kit).collect(),
            kit_weights: Weighted::new(custom.kits.iter().map(|(_, weight)| *weight)),
            countries: custom
                .countries
                .iter()
                .map(|(country, _)| catalog.text(country))
                .collect(),
            country_weights: Weighted::new(custom.countries.iter().map(|(_, weight)| *weight)),
            noise_weights: Weighted::new(custom.noise.iter().map(|noise| noise.weight)),
            noise_countries: ["US", "NL", "SG", "DE", "BR", "VN"].map(|text| catalog.text(text)),
            offenders: Weighted::zipf(OFFENDERS, 4),
            allowed: catalog.ruling(Verdict::Allowed),
            counted_get: catalog.ruling(Verdict::CountedAutomation),
            counted_post: catalog.ruling(Verdict::CountedLargeBody),
        })
    }

    /// A request of the people who always come, or of the usual noise.
    pub(crate) fn regular(&self, dice: &mut Dice) -> Draft {
        if dice.chance(NOISE_PERMILLE) && !self.noise.is_empty() {
            return self.noise(dice);
        }
        self.person_at_will(dice)
    }

    /// A request of the people who always come.
    pub(crate) fn person_at_will(&self, dice: &mut Dice) -> Draft {
        let client = self.person(self.people.pick(dice) as u64);
        self.wish(client, dice)
    }

    /// A request of somebody who never came before.
    pub(crate) fn newcomer(&self, dice: &mut Dice) -> Draft {
        let number = u64::from(REGULARS) + dice.below(NEWCOMERS);
        let client = self.person(number);
        self.wish(client, dice)
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
            country: self.countries[self.country_weights.pick_by(mix(identity ^ 1))],
            kit: self.kits[self.kit_weights.pick_by(mix(identity ^ 2))],
        }
    }

    fn wish(&self, client: Client, dice: &mut Dice) -> Draft {
        let errand = &self.errands[self.errand_weights.pick(dice)];
        let number = match errand.numbers {
            0 => 0,
            numbers => 1 + dice.skewed(u64::from(numbers)) as u32,
        };
        let ruling = match (dice.chance(COUNTED_PERMILLE), errand.method.has_body()) {
            (false, _) => self.allowed,
            (true, false) => self.counted_get,
            (true, true) => self.counted_post,
        };
        Draft {
            client,
            method: errand.method,
            uri: Numbered {
                text: errand.path,
                number,
            },
            args: plain(errand.args[dice.index(errand.args.len())]),
            ruling,
        }
    }

    fn noise(&self, dice: &mut Dice) -> Draft {
        let noise = &self.noise[self.noise_weights.pick(dice)];
        let offender = self.offenders.pick(dice) as u8;
        let countries = &self.noise_countries;
        let client = Client {
            address: Address::V4(Ipv4Addr::new(198, 51, 100, offender + 1)),
            country: countries[usize::from(offender) % countries.len()],
            kit: noise.kit,
        };
        Draft {
            client,
            method: Method::Get,
            uri: plain(noise.paths[dice.index(noise.paths.len())]),
            args: plain(noise.args),
            ruling: noise.ruling,
        }
    }
}

fn plain(text: TextId) -> Numbered {
    Numbered { text, number: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::Profile;
    use crate::scenario::website;
    use std::collections::BTreeSet;

    fn habits() -> Arc<Habits> {
        website::habits(&mut Catalog::new(Profile::Website))
    }

    #[test]
    fn no_two_people_share_an_address() {
        let habits = habits();
        let count = u64::from(REGULARS) + NEWCOMERS;
        let addresses: BTreeSet<String> = (0..count)
            .map(|number| habits.person(number).address.to_string())
            .collect();
        assert_eq!(addresses.len() as u64, count);
    }

    #[test]
    fn everybody_lives_in_a_range_set_aside() {
        let habits = habits();
        let mut dice = Dice::new(1, 0);
        for _ in 0..20_000 {
            let draft = habits.regular(&mut dice);
            let text = draft.client.address.to_string();
            let is_synthetic = ["198.18.", "198.19.", "198.51.100.", "2001:db8:"]
                .iter()
                .any(|prefix| text.starts_with(prefix));
            assert!(is_synthetic, "{text}");
        }
    }
}
