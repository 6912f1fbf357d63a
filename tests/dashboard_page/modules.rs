//! The page's own arithmetic and words, module by module.

use serde_json::{Value, json};

use crate::browser::page::Size;
use crate::browser::{Chromium, Page};
use crate::common::command::Sandbox;
use crate::served::Served;

/// What `expression` gives with everything of `module` as `m`.
fn with(page: &mut Page<'_>, module: &str, expression: &str) -> Value {
    page.evaluate(&format!("import('/{module}.js').then(m => ({expression}))"))
}

#[test]
fn arithmetic_and_words_of_the_page() {
    let Some(mut chromium) = Chromium::start() else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("waf.jsonl", "");
    crate::site::replay(&sandbox);
    let served = Served::store(&sandbox);
    let mut page = served.page(
        &mut chromium,
        Size {
            width: 800,
            height: 600,
        },
    );

    for (module, expression, expected) in [
        // A range stays within what is stored, keeps its length, and shows some windows at least.
        (
            "viewport",
            "m.within({ from: -50, to: 50 }, { from: 0, to: 1000 }, 10)",
            json!({ "from": 0, "to": 100 }),
        ),
        (
            "viewport",
            "m.within({ from: 950, to: 1050 }, { from: 0, to: 1000 }, 10)",
            json!({ "from": 900, "to": 1000 }),
        ),
        (
            "viewport",
            "m.within({ from: 500, to: 501 }, { from: 0, to: 1000 }, 10)",
            json!({ "from": 475.5, "to": 525.5 }),
        ),
        (
            "viewport",
            "m.within({ from: -9, to: 9000 }, { from: 0, to: 20 }, 10)",
            json!({ "from": 0, "to": 20 }),
        ),
        (
            "viewport",
            "m.zoomed({ from: 0, to: 100 }, 0.5, 100)",
            json!({ "from": 50, "to": 100 }),
        ),
        (
            "viewport",
            "m.moved({ from: 0, to: 100 }, -0.25)",
            json!({ "from": -25, "to": 75 }),
        ),
        (
            "viewport",
            "m.indices([10, 20, 30], { from: 20, to: 30 })",
            json!([1, 1]),
        ),
        (
            "viewport",
            "[5, 10, 29, 99].map(time => m.indexAt([10, 20, 30], time))",
            json!([-1, 0, 1, 2]),
        ),
        (
            "layers",
            "m.bucketAt({ start: [10, 30] }, 25, 10)",
            json!(-1),
        ),
        (
            "layers",
            "m.bucketAt({ start: [10, 30] }, 39, 10)",
            json!(1),
        ),
        (
            "format",
            "[0, 0.25, 1.25, 12.6, 1234567, NaN].map(m.number)",
            json!(["0", "0.25", "1.3", "13", "1,234,567", "–"]),
        ),
        (
            "format",
            "[0, 0.00001, 0.0123, 0.5, 1].map(m.percent)",
            json!(["0%", "<0.01%", "1.23%", "50%", "100%"]),
        ),
        (
            "format",
            "[9e3, 59e3, 60e3, 7500e3, 90000e3].map(m.duration)",
            json!(["9 s", "59 s", "1 min", "2 h 5 min", "1 d 1 h"]),
        ),
        (
            "format",
            "m.span(1767571200000, 1767571260000)",
            json!("2026-01-05 00:00 to 00:01 UTC"),
        ),
        (
            "format",
            "m.span(1767571200000, 1767657600000)",
            json!("2026-01-05 00:00 to 2026-01-06 00:00 UTC"),
        ),
        // An address that anybody may have written.
        (
            "address",
            "m.read('#acl=a%23b&from=1&to=2&window=3&incident=x')",
            json!({ "acl": "a#b", "incident": "x", "from": 1, "to": 2, "window": 3 }),
        ),
        (
            "address",
            "m.read('#from=9&to=2&window=-1&acl=')",
            json!({ "acl": null, "incident": null, "from": null, "to": null, "window": null }),
        ),
        (
            "address",
            "m.read('#from=1e400&to=zwei')",
            json!({ "acl": null, "incident": null, "from": null, "to": null, "window": null }),
        ),
        (
            "address",
            "m.read(m.hashOf({ acl: 'a&b=\"<', from: 1, to: 2 })).acl",
            json!("a&b=\"<"),
        ),
        (
            "dom",
            "m.visible('a\\u202eb\\nc\\u2066\\u0000\\ufeff\\ud800')",
            json!("a\\u{202e}b\\u{a}c\\u{2066}\\u{0}\\u{feff}\\u{d800}"),
        ),
        (
            "dom",
            "m.visible('Grüße, 你好 😀')",
            json!("Grüße, 你好 😀"),
        ),
    ] {
        assert_eq!(
            with(&mut page, module, expression),
            expected,
            "{module}: {expression}"
        );
    }
    served.assert_clean(&mut page);
}
