//! What a person does in a tab: real mouse, finger and key events, not calls of handlers.

use serde_json::{Value, json};

use super::Page;

/// A point in CSS pixels of the tab.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

impl Page<'_> {
    /// Where the middle of the first element that matches `selector` is, after it is scrolled into view.
    ///
    /// # Panics
    ///
    /// When there is none, or it cannot be seen.
    pub fn middle_of(&mut self, selector: &str) -> Point {
        let expression = format!(
            "(() => {{ const found = document.querySelector({selector:?});
               if (!found) return null;
               found.scrollIntoView({{ block: 'center', behavior: 'instant' }});
               const box = found.getBoundingClientRect();
               return box.width && box.height ? [box.x + box.width / 2, box.y + box.height / 2] : null; }})()"
        );
        let place = self.evaluate(&expression);
        let (Some(x), Some(y)) = (place[0].as_f64(), place[1].as_f64()) else {
            panic!("{selector} is not there or has no size");
        };
        Point { x, y }
    }

    /// Clicks the first element that matches `selector`.
    pub fn click(&mut self, selector: &str) {
        let point = self.middle_of(selector);
        self.mouse("mouseMoved", point);
        self.mouse("mousePressed", point);
        self.mouse("mouseReleased", point);
    }

    /// Moves the mouse.
    pub fn hover(&mut self, point: Point) {
        self.mouse("mouseMoved", point);
    }

    /// Drags the mouse with its button down.
    pub fn drag(&mut self, from: Point, to: Point) {
        self.mouse("mouseMoved", from);
        self.mouse("mousePressed", from);
        for step in 1..=8 {
            let part = f64::from(step) / 8.0;
            let x = from.x + (to.x - from.x) * part;
            let y = from.y + (to.y - from.y) * part;
            self.mouse("mouseMoved", Point { x, y });
        }
        self.mouse("mouseReleased", to);
    }

    /// Presses fingers at the first points, moves them to the second ones, and lifts them.
    pub fn swipe(&mut self, fingers: &[(Point, Point)]) {
        let at = |part: f64| -> Vec<Value> {
            let points = fingers.iter().enumerate().map(|(id, (from, to))| {
                json!({ "id": id, "x": from.x + (to.x - from.x) * part, "y": from.y + (to.y - from.y) * part })
            });
            points.collect()
        };
        self.touch("touchStart", at(0.0));
        for step in 1..=8 {
            self.touch("touchMove", at(f64::from(step) / 8.0));
        }
        self.touch("touchEnd", Vec::new());
    }

    /// Presses and releases a key by its name, as `Tab`, `Enter`, `ArrowLeft` or `+`.
    pub fn press(&mut self, key: &str) {
        self.press_with(key, 0);
    }

    /// Presses and releases a key while Shift is down.
    pub fn press_with_shift(&mut self, key: &str) {
        const SHIFT: u32 = 8;
        self.press_with(key, SHIFT);
    }

    /// Puts text where the focus is.
    pub fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", &json!({ "text": text }));
    }

    fn press_with(&mut self, key: &str, modifiers: u32) {
        let (code, text) = match key {
            "Tab" => (9, None),
            "Enter" => (13, Some("\r")),
            "Escape" => (27, None),
            "End" => (35, None),
            "Home" => (36, None),
            "ArrowLeft" => (37, None),
            "ArrowUp" => (38, None),
            "ArrowRight" => (39, None),
            "ArrowDown" => (40, None),
            " " => (32, Some(" ")),
            one => (u32::from(one.as_bytes()[0]), Some(one)),
        };
        let mut down = json!({
            "type": "keyDown", "key": key, "modifiers": modifiers, "windowsVirtualKeyCode": code,
        });
        if let Some(text) = text {
            down["text"] = json!(text);
        }
        self.call("Input.dispatchKeyEvent", &down);
        self.call(
            "Input.dispatchKeyEvent",
            &json!({ "type": "keyUp", "key": key, "modifiers": modifiers, "windowsVirtualKeyCode": code }),
        );
    }

    fn mouse(&mut self, kind: &str, point: Point) {
        let is_moving = kind == "mouseMoved";
        let button = if is_moving { "none" } else { "left" };
        self.call(
            "Input.dispatchMouseEvent",
            &json!({
                "type": kind, "x": point.x, "y": point.y, "button": button,
                "clickCount": u8::from(!is_moving),
            }),
        );
    }

    fn touch(&mut self, kind: &str, points: Vec<Value>) {
        self.call(
            "Input.dispatchTouchEvent",
            &json!({ "type": kind, "touchPoints": points }),
        );
    }
}
