//! A server with a token asks for it once.

use crate::browser::Chromium;
use crate::browser::page::Size;
use crate::served::Served;
use crate::site;

const TOKEN: &str = "a-token-of-at-least-sixteen-characters";

#[test]
fn the_page_asks_for_the_token_and_goes_on() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = site::attacked();
    let mut command = sandbox.command(&[
        "serve",
        "127.0.0.1:0",
        "--store",
        "store.db",
        "--dashboard-token-env",
        "DASHBOARD_TOKEN",
    ]);
    command.env("DASHBOARD_TOKEN", TOKEN);
    let served = Served::run(command);
    let mut page = served.page(
        &mut chromium,
        Size {
            width: 400,
            height: 800,
        },
    );
    page.wait_for("document.activeElement.id === 'token'");
    page.type_text("not the token, but as long as one");
    page.press("Enter");
    page.wait_for("document.querySelector('#login-error').textContent.length > 10");
    page.evaluate("document.querySelector('#token').select()");
    page.type_text(TOKEN);
    page.press("Enter");
    page.wait_for(
        "document.querySelector('#login').hidden && document.querySelector('#chart canvas')",
    );
    page.wait_for("document.querySelector('#connection').dataset.state === 'live'");
    let held = page.text("document.documentElement.outerHTML + location.href + document.cookie");
    assert!(!held.contains(TOKEN));
    served.assert_nothing_left_the_host(&mut page);
    // The browser itself tells of refusals; the page says nothing on the console.
    let problems = page.observed().take_problems();
    let own: Vec<_> = problems
        .iter()
        .filter(|problem| !problem.contains("status of 40"))
        .collect();
    assert!(own.is_empty(), "{own:#?}");
}
