//! An incident in full tells what its report tells.

use crate::browser::Chromium;
use crate::served::{Served, WIDE};
use crate::site;

#[test]
fn an_incident_in_full_tells_whether_its_requests_are_the_usual_ones() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = site::under_attack();
    let served = Served::store(&sandbox);
    let mut page = served.page(&mut chromium, WIDE);
    page.wait_for("document.querySelector('#verdict').textContent.includes('First step')");
    page.click("#verdict-open");
    page.wait_for("document.querySelector('#incident-detail .report')");
    let told = page.text(
        "[...document.querySelectorAll('#incident-detail dt')]
          .find(name => name.textContent === 'Request mix').nextSibling.textContent",
    );
    assert!(told.starts_with("changed: "), "{told}");
    let report = page.text("document.querySelector('#incident-detail pre').textContent");
    let words: Vec<&str> = report.split_whitespace().collect();
    let in_report = format!("Request mix {told}");
    assert!(words.join(" ").contains(&in_report), "{report}");
    served.assert_clean(&mut page);
}
