//! A scanner asks for whatever might be there. Most of it is not, which the site itself answers with
//! 404 and WAF allows; the rest is blocked with 403.

use std::time::Duration;

use super::{About, Scene, Story};
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Sources, Wish, Wishes};
use crate::kit;
use crate::plan::{Act, EventPlan};
use crate::rules::{Group, Verdict};

const REQUESTS: u64 = 1_500;
/// With numbers after them; the site has none of these.
const MISSING: [&str; 8] = [
    "/old/",
    "/test/",
    "/dev/",
    "/tmp/",
    "/uploads/",
    "/cgi-bin/",
    "/portal/",
    "/node/",
];
const SECRET: [&str; 4] = [
    "/.env",
    "/.git/config",
    "/.aws/credentials",
    "/.svn/entries",
];
const BACKUPS: [&str; 4] = ["/site.bak", "/db.backup", "/web.config", "/app.ini"];

pub(super) struct Scan;

impl Story for Scan {
    fn about(&self) -> About {
        About::eventful(
            "scan",
            "one address asks for 1,500 paths that might exist, a third is blocked",
            3.0,
            Duration::from_secs(10 * 60),
        )
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let sources = Sources::one(catalog, [203, 0, 113, 99], "NL", kit::CURL);
        let allowed = MISSING.map(|path| (8, Wish::get(catalog, path).with_numbers(90)));
        let secret = SECRET.map(|path| {
            let wish = Wish::get(catalog, path).ruled(catalog, Verdict::ExploitablePath);
            (5, wish)
        });
        let backups = BACKUPS.map(|path| {
            let wish = Wish::get(catalog, path).ruled(catalog, Verdict::RestrictedExtension);
            (3, wish)
        });
        let wishes = allowed.into_iter().chain(secret).chain(backups).collect();
        let band = Band {
            sources: sources.clone(),
            wishes: Wishes::weighted(wishes),
            fate: Fate::Always(catalog.ruling(Verdict::Allowed)),
        };
        let count = scene.count(REQUESTS);
        vec![EventPlan {
            addresses: sources.addresses(1),
            rule: Some(catalog.profile.rule_name(Group::KnownBadInputs)),
            inner_rule: Some("ExploitablePaths_URIPATH".to_owned()),
            acts: vec![Act::event(scene.target, scene.event, count, band)],
            ..EventPlan::new(
                "scan",
                "a scanner looks for what should not be there",
                scene.target,
                scene.event,
            )
        }]
    }
}
