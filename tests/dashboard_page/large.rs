//! A thousand windows of twenty Web ACLs load, and stay smooth.

use std::io::Write;

use crate::browser::Chromium;
use crate::common::command::Sandbox;
use crate::served::{Served, WIDE};
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
    let mut page = served.page(&mut chromium, WIDE);
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
    // Past the capture of the test runner: what was measured is told, and judged by nobody.
    let told = writeln!(
        std::io::stderr(),
        "1,000 windows of 20 Web ACLs: shown {loaded:.0} ms after the start; 60 moves: {measured}"
    );
    told.expect("standard error can be written");
    page.wait_for("location.hash.includes('from=')");
    // Another Web ACL, with all that belongs to it.
    page.click("#acls li:nth-child(7) a");
    page.wait_for("document.querySelector('#acl-name').textContent === 'site-06'");
    served.assert_clean(&mut page);
}

#[test]
fn windows_older_than_the_newest_thousand_come_when_they_are_asked_for() {
    const ALL: i64 = 2_500;
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("waf.jsonl", site::many(1, ALL));
    site::replay(&sandbox);
    let served = Served::store(&sandbox);
    let mut page = served.page(&mut chromium, WIDE);
    let figure = "document.querySelector('#figures > div:last-child .big')?.textContent";
    page.wait_for(&format!("{figure} === '1,000'"));
    // All of them, in buckets of several windows.
    page.click("#presets button:last-child");
    page.wait_for(&format!("{figure} === '2,500'"));
    assert_eq!(
        page.text("document.querySelector('#figures .big').textContent"),
        "5,000"
    );
    // Near the beginning, each window by itself.
    let (from, to) = (site::START, site::START + 50 * site::WINDOW_MS);
    page.evaluate(&format!("location.hash = '#acl=' + new URLSearchParams(location.hash.slice(1)).get('acl') + '&from={from}&to={to}'"));
    page.wait_for(&format!("{figure} === '50'"));
    page.click("#table-details summary");
    page.wait_for("document.querySelectorAll('#chart-table tbody tr').length === 50");
    served.assert_clean(&mut page);
}
