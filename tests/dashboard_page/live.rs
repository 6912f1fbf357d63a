//! An incident appears while the page is open.

use crate::browser::Chromium;
use crate::common::command::{GIVE_UP, Sandbox};
use crate::served::{Served, WIDE};
use crate::site::Growing;
use std::time::Instant;

#[test]
fn an_incident_appears_while_the_page_is_open() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("wafwatch.toml", Growing::SETTINGS);
    sandbox.write("waf.log", "");
    let served = Served::start(
        &sandbox,
        &[
            "watch",
            "waf.log",
            "--store",
            "store.db",
            "--dashboard",
            "127.0.0.1:0",
        ],
    );
    let mut page = served.page(&mut chromium, WIDE);
    // Nothing has come in: the page says how to feed it.
    page.wait_for("!document.querySelector('#empty').hidden");
    assert!(
        page.text("document.querySelector('#empty').innerText")
            .contains("wafwatch watch")
    );
    page.wait_for("document.querySelector('#connection').textContent === 'Live'");

    let mut log = Growing::new(sandbox.path("waf.log"));
    log.grow();
    page.wait_for(
        "document.querySelector('#chart canvas') && document.querySelector('#breakdown .card')",
    );
    assert_eq!(
        page.number("document.querySelectorAll('.incident').length"),
        0.0
    );
    assert!(
        page.text("document.querySelector('#verdict').textContent")
            .contains("Nothing unusual")
    );

    log.attack();
    let deadline = Instant::now() + GIVE_UP;
    while page.evaluate("document.querySelectorAll('.incident').length > 0") == false {
        assert!(Instant::now() < deadline, "no incident appeared");
        log.grow();
        page.listen();
    }
    // It is told to screen readers, is the first thing to be seen, and opens in full.
    page.wait_for("document.querySelector('#news').textContent.includes('New incident')");
    page.wait_for("document.querySelector('#verdict-open')");
    assert!(page.text("document.title").starts_with("(1) shop"));
    page.wait_for("document.querySelector('#verdict').textContent.includes('First step')");
    page.click("#verdict-open");
    page.wait_for("document.querySelector('#incident-detail .steps')");
    let shown = page.text("document.querySelector('#incident-detail').textContent");
    assert!(shown.contains("203.0.113.99"), "{shown}");
    let health = page.text("document.querySelector('#health').textContent");
    assert!(
        health.contains("Rate in") && health.contains("Watermark"),
        "{health}"
    );
    served.assert_clean(&mut page);
}
