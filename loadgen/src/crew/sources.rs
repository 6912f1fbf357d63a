//! Where the requests of a band come from.

use crate::catalog::{Catalog, TextId};
use crate::dice::{Dice, mix};
use crate::kit::KitId;
use crate::network::{Network, Pool};
use crate::request::{Address, Client};
use crate::weighted::Weighted;

/// How addresses of a pool take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origins {
    /// Any of them.
    Any,
    /// Every request has the next one.
    EachAnother,
}

/// The clients of a band.
#[derive(Debug, Clone)]
pub(crate) enum Sources {
    /// Each as often as the others.
    Few(Vec<Client>),
    /// Addresses of networks; country and software follow from the address.
    Many(Many),
}

/// See [`Sources::Many`].
#[derive(Debug, Clone)]
pub(crate) struct Many {
    pool: Pool,
    /// How many addresses of the pool are used.
    count: u64,
    origins: Origins,
    sent: u64,
    countries: Vec<TextId>,
    country_weights: Weighted,
    kits: Vec<KitId>,
    kit_weights: Weighted,
}

impl Sources {
    /// One client.
    pub(crate) fn one(catalog: &mut Catalog, octets: [u8; 4], country: &str, kit: KitId) -> Self {
        Self::few(catalog, &[octets], country, kit)
    }

    /// Clients that differ in their address only.
    pub(crate) fn few(
        catalog: &mut Catalog,
        addresses: &[[u8; 4]],
        country: &str,
        kit: KitId,
    ) -> Self {
        let country = catalog.text(country);
        let client = |octets: &[u8; 4]| Client {
            address: Address::V4((*octets).into()),
            country,
            kit,
        };
        Self::Few(addresses.iter().map(client).collect())
    }

    /// The first `count` addresses of `networks`, or all where there are fewer. No list may be
    /// empty.
    pub(crate) fn many(
        catalog: &mut Catalog,
        networks: &[Network],
        count: u64,
        countries: &[(&str, u64)],
        kits: &[(KitId, u64)],
    ) -> Self {
        let pool = Pool::new(networks.to_vec());
        Self::Many(Many {
            count: count.clamp(1, pool.size()),
            pool,
            origins: Origins::Any,
            sent: 0,
            countries: countries
                .iter()
                .map(|(country, _)| catalog.text(country))
                .collect(),
            country_weights: Weighted::new(countries.iter().map(|(_, weight)| *weight)),
            kits: kits.iter().map(|(kit, _)| *kit).collect(),
            kit_weights: Weighted::new(kits.iter().map(|(_, weight)| *weight)),
        })
    }

    /// The same, with addresses that take turns as `origins` says.
    pub(crate) fn taking(mut self, origins: Origins) -> Self {
        if let Self::Many(many) = &mut self {
            many.origins = origins;
        }
        self
    }

    pub(crate) fn pick(&mut self, dice: &mut Dice) -> Client {
        match self {
            Self::Few(clients) if clients.len() == 1 => clients[0],
            Self::Few(clients) => clients[dice.index(clients.len())],
            Self::Many(many) => {
                let number = match many.origins {
                    Origins::Any => dice.below(many.count),
                    Origins::EachAnother => many.sent % many.count,
                };
                many.sent += 1;
                many.client(number)
            }
        }
    }

    /// The addresses, where they are at most `most`.
    pub(crate) fn addresses(&self, most: u64) -> Vec<Address> {
        match self {
            Self::Few(clients) => clients.iter().map(|client| client.address).collect(),
            Self::Many(many) if many.count <= most => (0..many.count)
                .map(|number| many.pool.address(number))
                .collect(),
            Self::Many(_) => Vec::new(),
        }
    }
}

impl Many {
    fn client(&self, number: u64) -> Client {
        let identity = mix(number);
        Client {
            address: self.pool.address(number),
            country: self.countries[self.country_weights.pick_by(mix(identity ^ 1))],
            kit: self.kits[self.kit_weights.pick_by(mix(identity ^ 2))],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::Profile;
    use crate::kit;
    use std::collections::BTreeSet;

    fn many(count: u64) -> Sources {
        Sources::many(
            &mut Catalog::new(Profile::Website),
            &[Network::v4([100, 64, 0, 0], 10)],
            count,
            &[("DE", 1), ("US", 3)],
            &[(kit::CURL, 1)],
        )
    }

    #[test]
    fn each_another_repeats_no_address_before_all_were_used() {
        let mut dice = Dice::new(1, 0);
        let mut sources = many(1_000).taking(Origins::EachAnother);
        let mut draw = || sources.pick(&mut dice).address.to_string();
        let first: BTreeSet<String> = (0..1_000).map(|_| draw()).collect();
        assert_eq!(first.len(), 1_000);
        assert!(first.contains(&draw()));
    }

    #[test]
    fn a_client_is_the_same_whenever_it_comes() {
        let mut dice = Dice::new(1, 0);
        let mut sources = many(3);
        let clients: Vec<Client> = (0..100).map(|_| sources.pick(&mut dice)).collect();
        for client in &clients {
            let same = clients.iter().filter(|one| one.address == client.address);
            assert!(same.clone().all(|one| one == client));
        }
        assert_eq!(sources.addresses(10).len(), 3);
        assert!(sources.addresses(2).is_empty());
    }
}
