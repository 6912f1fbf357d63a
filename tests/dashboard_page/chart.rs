//! The chart is drawn, and can be zoomed, moved and read with mouse, fingers and keys.

use crate::browser::Chromium;
use crate::browser::page::Scheme;
use crate::browser::{Page, input::Point};
use crate::served::{Served, WIDE};
use crate::site;

/// How many pixels of the canvas have the colour that the theme gives `name`.
const PIXELS: &str = "(name => {
    const probe = document.createElement('div');
    probe.style.color = getComputedStyle(document.documentElement).getPropertyValue('--' + name);
    document.body.append(probe);
    const wanted = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    const canvas = document.querySelector('#chart canvas');
    const copy = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height })
      .getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
      if (wanted.every((part, place) => Math.abs(data[at + place] - part) < 3) && data[at + 3] > 250) count += 1;
    return count;
  })";

fn pixels(page: &mut Page<'_>, colour: &str) -> f64 {
    page.number(&format!("{PIXELS}('{colour}')"))
}

/// The range in the address, in milliseconds; nothing where it is the newest windows.
///
/// The address follows when the chart rests.
fn range(page: &mut Page<'_>) -> Option<(f64, f64)> {
    page.evaluate("new Promise(done => setTimeout(done, 400))");
    let range = page.evaluate(
        "['from', 'to'].map(name => Number(new URLSearchParams(location.hash.slice(1)).get(name)))",
    );
    let part = |index: usize| range[index].as_f64().filter(|time| *time > 0.0);
    Some((part(0)?, part(1)?))
}

fn length(page: &mut Page<'_>) -> f64 {
    let (from, to) = range(page).expect("the address has a range");
    to - from
}

/// A point of the plot by parts of its width.
fn at(page: &mut Page<'_>, part: f64) -> Point {
    page.middle_of("#chart .u-over");
    let x = page.number(&format!(
        "(box => box.left + box.width * {part})(document.querySelector('#chart .u-over').getBoundingClientRect())"
    ));
    let y = page.number("(box => box.top + box.height / 2)(document.querySelector('#chart .u-over').getBoundingClientRect())");
    Point { x, y }
}

#[test]
fn layers_are_drawn_and_zoomed_and_moved_in_every_way() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = site::attacked();
    let served = Served::store(&sandbox);
    let mut page = served.page(&mut chromium, WIDE);
    page.wait_for(
        "document.querySelector('#chart canvas') && document.querySelector('#breakdown .card')",
    );

    for scheme in [Scheme::Light, Scheme::Dark] {
        page.show_as(WIDE, scheme);
        page.wait_for(&format!(
            "document.documentElement.dataset.theme === '{}'",
            scheme.name()
        ));
        page.screenshot();
        for layer in ["allowed", "blocked", "expected"] {
            let count = pixels(&mut page, layer);
            assert!(count > 20.0, "{count} pixels of {layer}, {scheme:?}");
        }
    }
    assert!(page.number("document.querySelectorAll('#chart .mark').length") >= 1.0);
    let before = pixels(&mut page, "allowed");
    page.click("#layer-allowed");
    page.wait_for(
        "document.querySelector('#layer-allowed').getAttribute('aria-pressed') === 'false'",
    );
    page.screenshot();
    assert!(pixels(&mut page, "allowed") < before / 10.0);
    page.click("#layer-allowed");

    // The values under the mouse.
    let middle = at(&mut page, 0.5);
    page.hover(middle);
    page.wait_for("!document.querySelector('.readout').hidden");
    let readout = page.text("document.querySelector('.readout').textContent");
    assert!(
        readout.contains("UTC") && readout.contains("Requests"),
        "{readout}"
    );

    // A drag zooms, Shift and a drag move.
    let (from, to) = (at(&mut page, 0.3), at(&mut page, 0.6));
    page.drag(from, to);
    page.wait_for("location.hash.includes('from=')");
    let dragged = length(&mut page);
    page.press("Tab");
    page.evaluate("document.querySelector('#chart').focus()");
    page.press_with_shift("ArrowLeft");
    let earlier = range(&mut page).expect("a range");
    page.press_with_shift("ArrowRight");
    let later = range(&mut page).expect("a range");
    assert!(earlier.0 < later.0, "{earlier:?} {later:?}");
    assert!((length(&mut page) - dragged).abs() < 10.0);
    // Keys zoom, and buttons do the same.
    page.press("+");
    let nearer = length(&mut page);
    assert!(nearer < dragged * 0.6, "{nearer} of {dragged}");
    page.click("#zoom-out");
    let farther = length(&mut page);
    assert!(farther > nearer * 1.8, "{farther} of {nearer}");
    // A finger moves, two fingers zoom.
    let (left, right) = (at(&mut page, 0.3), at(&mut page, 0.6));
    let before = range(&mut page).expect("a range");
    page.swipe(&[(left, right)]);
    let swiped = range(&mut page).expect("a range");
    assert!(swiped.0 < before.0, "{swiped:?} {before:?}");
    let (one, other) = (at(&mut page, 0.45), at(&mut page, 0.55));
    let (far_left, far_right) = (at(&mut page, 0.2), at(&mut page, 0.8));
    page.swipe(&[(one, far_left), (other, far_right)]);
    assert!(length(&mut page) < farther * 0.6);
    // Keys go by windows, and read them out.
    page.evaluate("document.querySelector('#chart').focus()");
    page.press("ArrowLeft");
    page.press("ArrowLeft");
    let spoken = page.text("document.querySelector('#chart-spoken').textContent");
    assert!(
        spoken.contains("Blocked") && spoken.contains("UTC"),
        "{spoken}"
    );
    page.press("Enter");
    page.wait_for("location.hash.includes('window=')");
    page.wait_for("document.querySelector('#breakdown-about').textContent.includes('1 window,')");
    page.click("#clear-window");
    page.wait_for("!location.hash.includes('window=')");
    page.click("#reset");
    page.wait_for("!location.hash.includes('from=')");

    // The same as a table.
    page.click("#table-details summary");
    page.wait_for("document.querySelectorAll('#chart-table tbody tr').length > 50");
    served.assert_clean(&mut page);
}

#[test]
fn top_values_have_bounds_and_changes_and_filter() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = site::attacked();
    let served = Served::store(&sandbox);
    let mut page = served.page(&mut chromium, WIDE);
    page.wait_for("document.querySelector('#breakdown .card')");
    // The incident's stretch of time: its address is new against the time before.
    page.click("#chart .mark");
    page.wait_for("location.hash.includes('incident=') && document.querySelector('#breakdown-panel').getAttribute('aria-busy') === 'false'");
    page.wait_for("document.querySelector('#dimension-client_address') && document.querySelector('#breakdown .up')");
    let shown = page.text("document.querySelector('#breakdown').textContent");
    assert!(shown.contains("/admin"), "{shown}");
    page.click("#breakdown button.link");
    page.wait_for("!document.querySelector('#filter').hidden");
    let filter = page.text("document.querySelector('#filter').textContent");
    assert!(
        filter.contains("requests") && filter.contains("profile"),
        "{filter}"
    );
    page.click("#clear-filter");
    page.wait_for("document.querySelector('#filter').hidden");
    // The link shows another person the same.
    let link = page.text("location.href");
    let range = page.text("document.querySelector('#chart-range').textContent");
    page.open("about:blank");
    page.open(&link);
    page.wait_for("document.querySelector('#incident-detail .steps')");
    assert_eq!(
        page.text("document.querySelector('#chart-range').textContent"),
        range
    );
    served.assert_clean(&mut page);
}
