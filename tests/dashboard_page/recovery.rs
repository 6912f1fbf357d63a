//! After a lost connection the page catches up by itself.

use crate::browser::Chromium;
use crate::common::command::Sandbox;
use crate::common::line;
use crate::served::{Served, WIDE};
use crate::site;

fn lines(windows: std::ops::Range<i64>) -> String {
    let mut lines = String::new();
    for window in windows {
        for number in 0..5 {
            let time = site::START + window * site::WINDOW_MS + number;
            lines += &line(&site::arn("shop"), time, "ALLOW", "192.0.2.1", "/");
            lines.push('\n');
        }
    }
    lines
}

#[test]
fn the_page_catches_up_after_the_server_was_away() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("waf.jsonl", lines(0..30));
    site::replay(&sandbox);
    let mut served = Served::store(&sandbox);
    let mut page = served.page(&mut chromium, WIDE);
    page.wait_for("document.querySelector('#connection').dataset.state === 'live'");
    page.wait_for("document.querySelector('#acl-about').textContent.includes('30 windows')");
    served.assert_clean(&mut page);

    served.kill();
    page.wait_for("document.querySelector('#connection').dataset.state === 'lost'");
    let told = page.text("document.querySelector('#connection').textContent");
    assert!(told.contains("Check that it still runs"), "{told}");
    // What was known stays to be seen.
    assert!(page.evaluate("document.querySelector('#chart canvas') !== null") == true);

    sandbox.write("waf.jsonl", lines(0..45));
    site::replay(&sandbox);
    let address = served.host().to_owned();
    let again = Served::start(&sandbox, &["serve", &address, "--store", "store.db"]);
    assert_eq!(again.url, served.url);
    page.wait_for("document.querySelector('#connection').dataset.state === 'live'");
    page.wait_for("document.querySelector('#acl-about').textContent.includes('45 windows')");
    page.wait_for("document.querySelector('#figures .big').textContent === '225'");
    again.assert_nothing_left_the_host(&mut page);
    // The browser itself says that it could not connect; the page says nothing on the console.
    let problems = page.observed().take_problems();
    let own: Vec<_> = problems
        .iter()
        .filter(|problem| !problem.contains("net::ERR_"))
        .collect();
    assert!(own.is_empty(), "{own:#?}");
}
