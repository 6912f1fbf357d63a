//! One tab.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::connection::Connection;
use super::observed::Observed;

const LONGEST_WAIT: Duration = Duration::from_secs(90);

/// Whether the page is shown light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

impl Scheme {
    /// The name in CSS.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// How large the tab is, in CSS pixels.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// A tab and what was seen of it so far.
pub struct Page<'browser> {
    connection: &'browser mut Connection,
    session: String,
    observed: Observed,
}

impl<'browser> Page<'browser> {
    pub(super) fn new(connection: &'browser mut Connection, session: String) -> Self {
        let mut page = Self {
            connection,
            session,
            observed: Observed::default(),
        };
        for domain in ["Page", "Runtime", "Network", "Log", "DOM", "Accessibility"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page
    }

    /// Calls `method` of the protocol for this tab.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        let session = Some(self.session.as_str());
        let answer = self.connection.call(session, method, parameters);
        for event in self.connection.take_events() {
            self.observed.note(&event);
        }
        answer
    }

    /// Goes to `url` and waits until its document and scripts are loaded.
    pub fn open(&mut self, url: &str) {
        let answer = self.call("Page.navigate", &json!({ "url": url }));
        assert!(
            answer["errorText"].is_null(),
            "{url} cannot be opened: {answer}"
        );
        self.wait_for("document.readyState === 'complete'");
    }

    /// The value of a JavaScript expression; a promise is waited for.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let answer = self.call(
            "Runtime.evaluate",
            &json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }),
        );
        let failure = &answer["exceptionDetails"];
        assert!(failure.is_null(), "{expression} failed: {failure}");
        answer["result"]["value"].clone()
    }

    /// The text that `expression` evaluates to.
    pub fn text(&mut self, expression: &str) -> String {
        let value = self.evaluate(expression);
        let text = value.as_str();
        text.unwrap_or_else(|| panic!("{expression} is no text: {value}"))
            .to_owned()
    }

    /// The number that `expression` evaluates to.
    pub fn number(&mut self, expression: &str) -> f64 {
        let value = self.evaluate(expression);
        let number = value.as_f64();
        number.unwrap_or_else(|| panic!("{expression} is no number: {value}"))
    }

    /// Waits until `expression` is true.
    ///
    /// # Panics
    ///
    /// When it is not after a minute and a half, which only ends a test that hangs.
    pub fn wait_for(&mut self, expression: &str) {
        let asked = format!("!!({expression})");
        let deadline = Instant::now() + LONGEST_WAIT;
        while Instant::now() < deadline {
            if self.evaluate(&asked) == Value::Bool(true) {
                return;
            }
            self.listen();
        }
        let shown = self.evaluate("document.body ? document.body.innerText.slice(0, 4000) : ''");
        let problems = self.observed.problems();
        panic!("{expression} did not become true; problems: {problems:?}; the page shows: {shown}");
    }

    /// Lets the browser speak for a moment.
    pub fn listen(&mut self) {
        self.connection.listen();
        for event in self.connection.take_events() {
            self.observed.note(&event);
        }
    }

    /// What was seen of the tab so far.
    pub fn observed(&mut self) -> &mut Observed {
        self.listen();
        &mut self.observed
    }

    /// Shows the page at `size`, light or dark, without motion.
    pub fn show_as(&mut self, size: Size, scheme: Scheme) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": size.width, "height": size.height, "deviceScaleFactor": 1, "mobile": false }),
        );
        self.call("Emulation.setScrollbarsHidden", &json!({ "hidden": true }));
        self.call(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [
                { "name": "prefers-color-scheme", "value": scheme.name() },
                { "name": "prefers-reduced-motion", "value": "reduce" },
            ] }),
        );
    }

    /// A PNG of what is seen; of the whole page where `size` is asked to be as high as the page.
    pub fn screenshot(&mut self) -> Vec<u8> {
        self.wait_for("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
        let answer = self.call("Page.captureScreenshot", &json!({ "format": "png" }));
        let encoded = answer["data"].as_str().expect("a picture is base64 text");
        STANDARD.decode(encoded).expect("a picture is base64 text")
    }

    /// The nodes of the accessibility tree that assistive technology is told of.
    pub fn accessibility_tree(&mut self) -> Vec<Value> {
        let answer = self.call("Accessibility.getFullAXTree", &json!({}));
        let nodes = answer["nodes"].as_array().cloned().unwrap_or_default();
        let told = nodes
            .into_iter()
            .filter(|node| node["ignored"] != json!(true));
        told.collect()
    }
}
