//! Pictures: of every run below `target/dashboard/`, and on demand those of the documentation.

use std::fs;
use std::path::{Path, PathBuf};

use crate::browser::page::{Scheme, Size};
use crate::browser::{Chromium, Page};
use crate::served::Served;
use crate::site;

const WIDTHS: [u32; 2] = [1280, 400];
const SCHEMES: [Scheme; 2] = [Scheme::Light, Scheme::Dark];
/// The largest picture of the documentation, in bytes.
const LARGEST: usize = 150_000;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    let folder = root().join("target/dashboard");
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

fn show(page: &mut Page<'_>, served: &Served, size: Size, scheme: Scheme) {
    page.show_as(size, scheme);
    page.open("about:blank");
    page.open(&served.url);
    page.wait_for(
        "document.querySelector('#chart canvas') && document.querySelector('#breakdown .card')",
    );
    page.wait_for(
        "document.querySelector('#breakdown-panel').getAttribute('aria-busy') === 'false'",
    );
}

#[test]
fn pictures_of_both_themes_at_both_widths() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = site::under_attack();
    let served = Served::store(&sandbox);
    let mut page = chromium.page();
    let mut sizes = Vec::new();
    for width in WIDTHS {
        for scheme in SCHEMES {
            show(&mut page, &served, Size { width, height: 900 }, scheme);
            let scroll_width = page.number("document.documentElement.scrollWidth");
            assert!(
                scroll_width <= f64::from(width),
                "{scroll_width} at {width}"
            );
            page.evaluate("document.querySelector('.incident .line').click()");
            page.wait_for("document.querySelector('#incident-detail .steps')");
            page.wait_for(
                "document.querySelector('#breakdown-panel').getAttribute('aria-busy') === 'false'",
            );
            let height = page.number("document.documentElement.scrollHeight") as u32;
            page.show_as(
                Size {
                    width,
                    height: height.min(6_000),
                },
                scheme,
            );
            page.evaluate("scrollTo(0, 0)");
            let picture = page.screenshot();
            sizes.push(picture.len());
            let name = format!("{width}-{}.png", scheme.name());
            fs::write(folder().join(name), picture).expect("the picture can be written");
        }
    }
    assert!(sizes.iter().all(|size| *size > 10_000), "{sizes:?}");
    served.assert_clean(&mut page);
}

#[test]
fn the_switch_overrules_the_system_and_is_kept() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = site::attacked();
    let served = Served::store(&sandbox);
    let mut page = chromium.page();
    let theme = "document.documentElement.dataset.theme";
    let size = Size {
        width: 400,
        height: 800,
    };
    show(&mut page, &served, size, Scheme::Dark);
    assert_eq!(page.text(theme), "dark");
    page.click("#theme");
    assert_eq!(page.text(theme), "light");
    show(&mut page, &served, size, Scheme::Dark);
    assert_eq!(page.text(theme), "light");
    page.click("#theme");
    page.click("#theme");
    page.show_as(size, Scheme::Light);
    page.wait_for(&format!("{theme} === 'light'"));
    page.show_as(size, Scheme::Dark);
    page.wait_for(&format!("{theme} === 'dark'"));
    served.assert_clean(&mut page);
}

#[test]
#[ignore = "draws the pictures of the documentation anew"]
fn pictures_of_the_documentation() {
    let mut chromium = Chromium::start().expect("a browser is installed");
    let sandbox = site::under_attack();
    let served = Served::store(&sandbox);
    let mut page = chromium.page();
    for (name, size, scheme) in [
        (
            "light",
            Size {
                width: 1280,
                height: 860,
            },
            Scheme::Light,
        ),
        (
            "dark",
            Size {
                width: 1280,
                height: 860,
            },
            Scheme::Dark,
        ),
        (
            "narrow",
            Size {
                width: 400,
                height: 860,
            },
            Scheme::Light,
        ),
    ] {
        show(&mut page, &served, size, scheme);
        let picture = page.screenshot();
        assert!(
            picture.len() < LARGEST,
            "{name} has {} bytes",
            picture.len()
        );
        let path = root().join(format!("docs/dashboard-{name}.png"));
        fs::write(path, picture).expect("the picture can be written");
    }
}
