//! Five addresses try SQL injection in query strings, bodies and cookies of an API.

use std::time::Duration;

use super::{About, Scene, Story, misconfiguration};
use crate::acl::Profile;
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Sources, Wish, Wishes};
use crate::kit;
use crate::plan::{Act, EventPlan};
use crate::rules::{Group, Verdict};

const REQUESTS: u64 = 300;
const PATHS: [&str; 3] = ["/prod/items", "/prod/orders", "/prod/session"];
const QUERIES: [&str; 4] = [
    "id=1%20or%201%3D1",
    "id=1%27%20union%20select%20name%2Cpassword%20from%20users--",
    "sort=price%3Bselect%20pg_sleep(5)",
    "page=1%27%20and%20%271%27%3D%271",
];

pub(super) struct Sqli;

impl Story for Sqli {
    fn about(&self) -> About {
        About::eventful(
            "sqli",
            "300 requests with SQL injection from 5 addresses, blocked by a managed rule group",
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
        let hosts = [11, 12, 13, 14, 15].map(|host| [203, 0, 113, host]);
        let sources = Sources::few(catalog, &hosts, "CN", kit::PYTHON);
        let query = Wish::get(catalog, PATHS[0])
            .with_args(catalog, &QUERIES)
            .ruled(catalog, Verdict::SqlInjection);
        let body = Wish::post(catalog, PATHS[1]).ruled(catalog, Verdict::SqlInjectionBody);
        let cookie = Wish::get(catalog, PATHS[2]).ruled(catalog, Verdict::SqlInjectionCookie);
        let band = Band {
            sources: sources.clone(),
            wishes: Wishes::weighted(vec![(6, query), (3, body), (1, cookie)]),
            fate: Fate::Always(catalog.ruling(Verdict::SqlInjection)),
        };
        let count = scene.count(REQUESTS);
        vec![EventPlan {
            addresses: sources.addresses(5),
            rule: Some(catalog.profile.rule_name(Group::SqlInjection)),
            inner_rule: Some("SQLi_QUERYARGUMENTS".to_owned()),
            uris: PATHS.map(str::to_owned).to_vec(),
            acts: vec![Act::event(scene.target, scene.event, count, band)],
            ..EventPlan::new(
                "sqli",
                "a few addresses try SQL injection and are blocked",
                scene.target,
                scene.event,
            )
        }]
    }
}
