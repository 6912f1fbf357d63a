//! A thousand windows of twenty Web ACLs load, and stay smooth.

use crate::browser::Chromium;
use crate::browser::page::{Scheme, Size};
use crate::common::command::Sandbox;
use crate::served::Served;
use crate::site;

const ACLS: usize = 20;
const WINDOWS: i64 = 1_000;
/// Moves the range sixty times, one frame each, and gives the times of frames and long tasks.
const PAN: &str = "(async () => {
    const tasks = [];
    const observer = new PerformanceObserver(list => tasks.push(...list.getEntries().map(entry => entry.duration)));
    observer.observe({ type: 'longtask' });
    const chart = document.querySelector('#chart');
    chart.focus();
    const press = (key, shiftKey = false) => chart.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, bubbles: true }));
    press('+'); press('+');
    const frame = () => new Promise(requestAnimationFrame);
    await frame(); await frame();
    const times = [];
    const work = [];
    for (let step = 0; step < 60; step += 1) {
      const begin = performance.now();
      press(step % 12 < 6 ? 'ArrowLeft' : 'ArrowRight', true);
      work.push(performance.now() - begin);
      await frame();
      times.push(performance.now() - begin);
    }
    await new Promise(done => setTimeout(done, 100));
    observer.disconnect();
    const sorted = times.toSorted((left, right) => left - right);
    return { median: sorted[30], worst: sorted[59], longTasks: tasks.length, longest: Math.max(0, ...tasks) };
  })()";

#[test]
fn a_thousand_windows_of_twenty_web_acls_load_and_pan() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("waf.jsonl", site::many(ACLS, WINDOWS));
    site::replay(&sandbox);
    let served = Served::store(&sandbox);
    let mut page = chromium.page();
    page.show_as(
        Size {
            width: 1280,
            height: 900,
        },
        Scheme::Light,
    );
    page.open(&served.url);
    page.wait_for(
        "document.querySelector('#chart canvas') && document.querySelector('#breakdown .card')",
    );
    let loaded = page.number("performance.now()");
    assert_eq!(
        page.number("document.querySelectorAll('#acls li').length"),
        20.0
    );
    page.wait_for("document.querySelector('#acl-about').textContent.includes('1,000 windows')");
    page.wait_for(
        "document.querySelector('#figures > div:last-child .big').textContent === '1,000'",
    );
    assert_eq!(
        page.text("document.querySelector('#figures .big').textContent"),
        "2,000"
    );

    let measured = page.evaluate(PAN);
    println!(
        "1,000 windows of 20 Web ACLs: shown {loaded:.0} ms after the start; 60 moves: {measured}"
    );
    page.wait_for("location.hash.includes('from=')");
    // Another Web ACL, with all that belongs to it.
    page.click("#acls li:nth-child(7) a");
    page.wait_for("document.querySelector('#acl-name').textContent === 'site-06'");
    served.assert_clean(&mut page);
}
