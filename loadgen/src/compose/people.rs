//! Clients, sources, targets and rules of a scenario file, by their names.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;

use super::error::{CompositionError, Source};
use super::file::{ClientEntry, File, SourceEntry, TargetEntry, Weights};
use super::lists::{
    MAX_ENTRIES, args_of, check_weights, target_list, unknown, unknown_client, weight_of,
};
use super::named::{Named, rule};
use super::values::{RuleAction, SiteKind, Turn};
use crate::catalog::Catalog;
use crate::crew::{Origins, Sources, Wish};
use crate::kit::{self, KITS, Kit, KitId};
use crate::network::Network;
use crate::population::{Custom, Habits, Target};
use crate::rules::{Ruling, RulingId};
use crate::scenario::{misconfiguration, website};

/// The name of what no rule ends.
const ALLOW: &str = "allow";

/// What phases can name.
pub(super) struct People {
    kits: BTreeMap<String, KitId>,
    rules: BTreeMap<String, (RuleAction, Named)>,
}

impl People {
    pub(super) fn read(
        source: &Source<'_>,
        file: &File,
        catalog: &mut Catalog,
    ) -> Result<Self, CompositionError> {
        let mut kits: BTreeMap<String, KitId> = BTreeMap::new();
        for (name, entry) in &file.clients {
            kits.insert(name.clone(), client(source, entry, catalog)?);
        }
        let mut rules = BTreeMap::new();
        for (name, entry) in &file.rules {
            rules.insert(name.clone(), (entry.action, rule(source, name, entry)?));
        }
        Ok(Self { kits, rules })
    }

    /// How the site's own people behave.
    pub(super) fn habits(
        &self,
        source: &Source<'_>,
        file: &File,
        catalog: &mut Catalog,
    ) -> Result<Arc<Habits>, CompositionError> {
        let site = &file.site;
        let mut custom: Custom<'_> = match site.kind {
            SiteKind::Website => website::CUSTOM,
            SiteKind::Api => misconfiguration::CUSTOM,
        };
        let countries = self.countries(source, "site.countries", site.countries.as_ref())?;
        if let Some(countries) = &countries {
            custom.countries = countries;
        }
        let kits = self.kits(source, "site.clients", site.clients.as_ref())?;
        if let Some(kits) = &kits {
            custom.kits = kits;
        }
        let Some(name) = &site.targets else {
            return Ok(Habits::new(&custom, catalog));
        };
        let entries = target_list(source, file, "site.targets", name)?;
        let args: Vec<Vec<&str>> = entries.iter().map(args_of).collect();
        let targets: Vec<Target<'_>> = entries
            .iter()
            .zip(&args)
            .map(|(entry, args)| Target {
                method: entry.method.unwrap_or_default().method(),
                path: entry.uri.get_ref(),
                numbers: entry.numbers.unwrap_or(0),
                args,
            })
            .collect();
        let weights: Vec<u64> = entries.iter().map(weight_of).collect();
        custom.targets = &targets;
        custom.target_weights = Some(&weights);
        Ok(Habits::new(&custom, catalog))
    }

    /// The sources that a phase names.
    pub(super) fn sources(
        &self,
        source: &Source<'_>,
        file: &File,
        name: &Spanned<String>,
        catalog: &mut Catalog,
    ) -> Result<Sources, CompositionError> {
        const KEY: &str = "phase.sources";
        let Some(entry) = file.sources.get(name.get_ref()) else {
            return Err(source.wrong(KEY, name, &unknown("[sources.NAME]", name.get_ref())));
        };
        let networks = networks(source, entry)?;
        let countries = self
            .countries(source, "sources.countries", entry.countries.as_ref())?
            .unwrap_or_else(|| vec![("US", 1)]);
        let kits = self
            .kits(source, "sources.clients", entry.clients.as_ref())?
            .unwrap_or_else(|| vec![(kit::PYTHON, 1)]);
        let origins = match entry.turn.unwrap_or_default() {
            Turn::Any => Origins::Any,
            Turn::EachAnother => Origins::EachAnother,
        };
        let count = entry.count.unwrap_or(u64::MAX);
        Ok(Sources::many(catalog, &networks, count, &countries, &kits).taking(origins))
    }

    /// The targets that a phase names, with their weights.
    pub(super) fn wishes(
        &self,
        source: &Source<'_>,
        file: &File,
        name: &Spanned<String>,
        catalog: &mut Catalog,
    ) -> Result<Vec<(u64, Wish)>, CompositionError> {
        let entries = target_list(source, file, "phase.targets", name)?;
        let wish = |entry: &TargetEntry| {
            let ruling = match &entry.rule {
                Some(name) => Some(self.ruling(source, "targets.rule", name, None, catalog)?),
                None => None,
            };
            let wish = Wish {
                method: entry.method.unwrap_or_default().method(),
                path: catalog.text(entry.uri.get_ref()),
                numbers: entry.numbers.unwrap_or(0),
                args: args_of(entry)
                    .iter()
                    .map(|text| catalog.text(text))
                    .collect(),
                arg_numbers: entry.arg_numbers.unwrap_or(0),
                ruling,
            };
            Ok((weight_of(entry), wish))
        };
        entries.iter().map(wish).collect()
    }

    /// What the rule `name` makes of a request, with `action` in place of its own.
    pub(super) fn ruling(
        &self,
        source: &Source<'_>,
        key: &str,
        name: &Spanned<String>,
        action: Option<RuleAction>,
        catalog: &mut Catalog,
    ) -> Result<RulingId, CompositionError> {
        if name.get_ref() == ALLOW {
            return Ok(catalog.ruling(Ruling::allowed()));
        }
        let Some((own, rule)) = self.rules.get(name.get_ref()) else {
            return Err(source.wrong(key, name, &unknown("[rules.NAME]", name.get_ref())));
        };
        Ok(catalog.ruling(rule.ruling(action.unwrap_or(*own))))
    }

    fn countries<'a>(
        &self,
        source: &Source<'_>,
        key: &str,
        weights: Option<&'a Spanned<Weights>>,
    ) -> Result<Option<Vec<(&'a str, u64)>>, CompositionError> {
        let Some(weights) = weights else {
            return Ok(None);
        };
        check_weights(source, key, weights)?;
        let list = weights.get_ref().iter();
        Ok(Some(
            list.map(|(name, weight)| (name.as_str(), *weight))
                .collect(),
        ))
    }

    fn kits(
        &self,
        source: &Source<'_>,
        key: &str,
        weights: Option<&Spanned<Weights>>,
    ) -> Result<Option<Vec<(KitId, u64)>>, CompositionError> {
        let Some(weights) = weights else {
            return Ok(None);
        };
        check_weights(source, key, weights)?;
        let find = |(name, weight): (&String, &u64)| {
            let own = self.kits.get(name).copied();
            let id = own.or_else(|| kit::named(name));
            let id = id.ok_or_else(|| source.wrong(key, weights, &unknown_client(name)))?;
            Ok((id, *weight))
        };
        let kits: Result<Vec<_>, _> = weights.get_ref().iter().map(find).collect();
        kits.map(Some)
    }
}

fn client(
    source: &Source<'_>,
    entry: &ClientEntry,
    catalog: &mut Catalog,
) -> Result<KitId, CompositionError> {
    let Some(like) = kit::named(entry.like.get_ref()) else {
        let message = unknown_client(entry.like.get_ref());
        return Err(source.wrong("clients.like", &entry.like, &message));
    };
    let mut own: Kit = KITS[usize::from(like.0)].clone();
    if let Some(name) = &entry.user_agent {
        own.user_agent = Some(name.clone().into());
    }
    if let Some(ja4) = &entry.ja4 {
        own.ja4 = ja4.clone().into();
    }
    Ok(catalog.kit(own))
}

fn networks(source: &Source<'_>, entry: &SourceEntry) -> Result<Vec<Network>, CompositionError> {
    const KEY: &str = "sources.networks";
    let texts = entry.networks.get_ref();
    if texts.is_empty() || texts.len() > MAX_ENTRIES {
        return Err(source.wrong(KEY, &entry.networks, "write 1 to 10000 networks"));
    }
    let parse = |text: &String| {
        text.parse()
            .map_err(|error: crate::network::InvalidNetwork| {
                source.wrong(KEY, &entry.networks, &error.to_string())
            })
    };
    texts.iter().map(parse).collect()
}
