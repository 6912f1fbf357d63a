//! Any configuration text: settings within their ranges, or an error on one line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wafwatch::config::Settings;

fuzz_target!(|text: &str| {
    match Settings::from_toml(text) {
        Ok(settings) => {
            settings
                .check()
                .expect("settings that were loaded stay within their ranges");
            assert!(settings.windows.longest_wait_seconds >= settings.windows.lateness_seconds);
        }
        Err(error) => {
            let shown = error.to_string();
            assert!(!shown.is_empty());
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
        }
    }
});
