//! Usable by keyboard alone and by a screen reader, on a narrow screen, in both themes.

use serde_json::Value;

use crate::browser::page::{Scheme, Size};
use crate::browser::{Chromium, Page};
use crate::served::Served;
use crate::site;

const NARROW: Size = Size {
    width: 400,
    height: 800,
};
const CONTROLS: [&str; 9] = [
    "button",
    "link",
    "combobox",
    "textbox",
    "application",
    "region",
    "main",
    "navigation",
    "DisclosureTriangle",
];
/// The lowest contrast of any text with the ground behind it, and where that is.
const LOWEST_CONTRAST: &str = "(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const painted = (...colours) => {
      canvas.clearRect(0, 0, 1, 1);
      for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = rgb => rgb.map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
      .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
    let lowest = [99, ''];
    for (const one of document.querySelectorAll('body *')) {
      const hasText = [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim());
      if (!hasText || !one.checkVisibility() || one.disabled || one.closest('.visually-hidden, .skip, noscript')) continue;
      const grounds = [];
      for (let up = one; up; up = up.parentElement) grounds.unshift(getComputedStyle(up).backgroundColor);
      const [text, ground] = [painted(...grounds, getComputedStyle(one).color), painted(...grounds)].map(luminance);
      const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
      if (contrast < lowest[0]) lowest = [contrast, one.outerHTML.slice(0, 200)];
    }
    return lowest;
  })()";

fn open_with_incident(page: &mut Page<'_>, served: &Served) {
    page.open(&served.url);
    page.wait_for(
        "document.querySelector('.incident .line') && document.querySelector('#breakdown .card')",
    );
    page.evaluate("document.querySelector('.incident .line').click()");
    page.wait_for("document.querySelector('#incident-detail .steps')");
}

#[test]
fn every_control_has_a_name_and_text_has_contrast() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = site::under_attack();
    let served = Served::store(&sandbox);
    let mut page = chromium.page();
    for scheme in [Scheme::Light, Scheme::Dark] {
        page.show_as(NARROW, scheme);
        open_with_incident(&mut page, &served);
        let lowest = page.evaluate(LOWEST_CONTRAST);
        let contrast = lowest[0].as_f64().expect("a number");
        assert!(contrast >= 4.5, "{scheme:?}: {lowest}");
        let width = page.number("document.documentElement.scrollWidth");
        assert!(width <= 400.0, "{width} pixels wide");
        page.evaluate("document.querySelector('.incident .line').click()");
    }
    open_with_incident(&mut page, &served);
    let tree = page.accessibility_tree();
    let role = |node: &Value| {
        node["role"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let controls = tree
        .iter()
        .filter(|node| CONTROLS.contains(&role(node).as_str()));
    let mut count = 0;
    for control in controls {
        count += 1;
        // There is one main part, which needs no name.
        let is_named = control["name"]["value"]
            .as_str()
            .is_some_and(|name| !name.trim().is_empty());
        assert!(is_named || role(control) == "main", "no name: {control}");
    }
    assert!(count > 30, "{count} controls");
    for wanted in [
        "main",
        "navigation",
        "banner",
        "heading",
        "alert",
        "status",
        "table",
    ] {
        assert!(tree.iter().any(|node| role(node) == wanted), "no {wanted}");
    }
    let headings = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].filter(one => one.checkVisibility()).map(one => Number(one.localName[1]))");
    let levels: Vec<u64> = headings
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_u64)
        .collect();
    assert_eq!(levels.first(), Some(&1));
    assert!(
        levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
        "a level is left out: {levels:?}"
    );
    served.assert_clean(&mut page);
}

#[test]
fn the_keyboard_alone_reaches_an_incident_and_says_what_it_was() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = site::attacked();
    let served = Served::store(&sandbox);
    let mut page = served.page(&mut chromium, NARROW);
    page.wait_for(
        "document.querySelector('.incident .line') && document.querySelector('#breakdown .card')",
    );
    page.press("Tab");
    assert_eq!(focused(&mut page), "skip");
    page.press("Enter");
    assert_eq!(focused(&mut page), "main");
    tab_to(&mut page, "chart");
    page.press("ArrowLeft");
    page.wait_for("document.querySelector('#chart-spoken').textContent.includes('Requests')");
    tab_to(&mut page, "incident-");
    page.press("Enter");
    page.wait_for("document.querySelector('#incident-detail .steps')");
    page.wait_for("document.activeElement.id.startsWith('incident-')");
    assert_eq!(
        page.text("document.activeElement.getAttribute('aria-expanded')"),
        "true"
    );
    tab_to(&mut page, "say-relevant");
    page.press(" ");
    page.wait_for(
        "document.querySelector('#say-relevant').getAttribute('aria-pressed') === 'true'",
    );
    assert_eq!(focused(&mut page), "say-relevant");
    tab_to(&mut page, "take-back");
    page.press("Enter");
    page.wait_for("!document.querySelector('#take-back')");
    assert_eq!(focused(&mut page), "say-relevant");
    // Where the focus is can be seen.
    let outline = page.text("getComputedStyle(document.activeElement).outlineStyle");
    assert_eq!(outline, "solid");
    served.assert_clean(&mut page);
}

fn focused(page: &mut Page<'_>) -> String {
    page.text("document.activeElement.id")
}

fn tab_to(page: &mut Page<'_>, id: &str) {
    for _ in 0..80 {
        if focused(page).starts_with(id) {
            return;
        }
        page.press("Tab");
    }
    panic!("the Tab key does not lead to {id}");
}
