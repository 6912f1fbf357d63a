//! What people say of an incident is in the store, and can be taken back.

use serde_json::Value;

use crate::browser::Chromium;
use crate::common::command::{Sandbox, wait_until};
use crate::served::{Served, WIDE};
use crate::site;

fn marks(sandbox: &Sandbox) -> Vec<Value> {
    let listed = sandbox.json(&["feedback", "list", "--store", "store.db"]);
    listed.as_array().cloned().unwrap_or_default()
}

#[test]
fn a_judgement_is_saved_and_taken_back() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = site::attacked();
    let served = Served::store(&sandbox);
    let mut page = served.page(&mut chromium, WIDE);
    page.wait_for("document.querySelector('.incident .line')");
    page.click(".incident .line");
    page.wait_for("document.querySelector('#say-irrelevant')");
    assert!(marks(&sandbox).is_empty());

    page.click("#say-irrelevant");
    page.wait_for(
        "document.querySelector('#say-irrelevant').getAttribute('aria-pressed') === 'true'",
    );
    let said = marks(&sandbox);
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0]["judgement"], "irrelevant");
    page.wait_for("document.querySelector('.incident .judged')?.textContent === 'irrelevant'");

    page.click("#say-expected");
    page.wait_for(
        "document.querySelector('#say-expected').getAttribute('aria-pressed') === 'true'",
    );
    assert_eq!(marks(&sandbox)[0]["judgement"], "expected");

    page.click("#take-back");
    page.wait_for("!document.querySelector('#take-back')");
    wait_until("nothing is said any more", || marks(&sandbox).is_empty());
    served.assert_clean(&mut page);
}
