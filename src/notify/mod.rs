//! Tells people and systems about incidents.
