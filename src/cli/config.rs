//! `wafwatch config check`.

use serde_json::json;

use super::arguments::CommonArguments;
use super::exit::Outcome;
use super::{print, print_json, setup};
use crate::notify::terminal::{Detail, Terminal};
use crate::report::Style;

pub(super) fn check(common: &CommonArguments) -> anyhow::Result<Outcome> {
    let (settings, warnings) = setup::settings(common, None)?;
    // Channels are made, though nothing is sent: a bad address or a missing secret shows here. So does
    // a calendar that cannot be.
    setup::channels(&settings, &|| {
        Box::new(Terminal::new(std::io::stdout(), Style::Plain, Detail::Full))
    })?;
    setup::calendar(&settings)?;
    if common.json {
        let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        let shown: toml::Table = settings.effective().parse()?;
        print_json(&json!({ "warnings": warnings, "settings": shown }))?;
        return Ok(Outcome::Done);
    }
    match setup::config_path(common) {
        Some(path) => print(&format!(
            "# from {}, the environment and defaults\n",
            path.display()
        ))?,
        None => print("# from the environment and defaults; there is no wafwatch.toml\n")?,
    }
    for warning in &warnings {
        print(&format!("# warning: {warning}\n"))?;
    }
    print(&settings.effective())?;
    Ok(Outcome::Done)
}
