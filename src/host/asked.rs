//! Which parts of an input are counted when only some stretch of time is asked for.
//!
//! Each stretch of an input that is counted is a shard of its own, named by the input's identity and
//! the stretch. A further run counts what it is asked for without what the shards before it cover, so
//! that ranges may touch and overlap, in any order, and no record counts twice. A shard that a run left
//! unfinished is finished by the next one that asks for any of it.

use crate::ingest::TimeRanges;

/// Stands between the identity and the stretches.
const SEPARATOR: char = '@';

/// A shard: some stretches of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) shard: String,
    pub(super) wanted: TimeRanges,
}

/// The shards of the input `identity` to count when `asked` is asked for and `known` shards exist,
/// finished or not: those that hold some of it, and what is left.
pub(super) fn parts(identity: &str, asked: &TimeRanges, known: &[String]) -> Vec<Part> {
    let known = known.iter().filter_map(|shard| part_of(identity, shard));
    let known: Vec<Part> = known.collect();
    let mut rest = asked.clone();
    for part in &known {
        rest = rest.without(&part.wanted);
    }
    let mut parts: Vec<Part> = known
        .into_iter()
        .filter(|part| part.wanted.overlaps(asked))
        .collect();
    if !rest.is_empty() {
        parts.push(Part {
            shard: name(identity, &rest),
            wanted: rest,
        });
    }
    parts
}

fn name(identity: &str, wanted: &TimeRanges) -> String {
    match wanted.is_all() {
        true => identity.to_owned(),
        false => format!("{identity}{SEPARATOR}{wanted}"),
    }
}

fn part_of(identity: &str, shard: &str) -> Option<Part> {
    let behind = shard.strip_prefix(identity)?;
    let wanted = match behind.strip_prefix(SEPARATOR) {
        None if behind.is_empty() => TimeRanges::default(),
        ranges => ranges?.parse().ok()?,
    };
    Some(Part {
        shard: shard.to_owned(),
        wanted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shards(asked: &str, known: &[&str]) -> Vec<String> {
        let asked = match asked {
            "all" => TimeRanges::default(),
            asked => asked.parse().expect("ranges"),
        };
        let known: Vec<String> = known.iter().map(|&shard| shard.to_owned()).collect();
        let parts = parts("file-1", &asked, &known);
        parts.into_iter().map(|part| part.shard).collect()
    }

    #[test]
    fn everything_is_the_input_itself() {
        assert_eq!(shards("all", &[]), ["file-1"]);
        assert_eq!(shards("all", &["file-1", "file-2"]), ["file-1"]);
    }

    #[test]
    fn a_range_is_counted_without_what_others_hold() {
        assert_eq!(shards("0..10", &[]), ["file-1@0..10"]);
        assert_eq!(shards("0..10", &["file-1@10..20"]), ["file-1@0..10"]);
        let overlapping = shards("0..10", &["file-1@5..20"]);
        assert_eq!(overlapping, ["file-1@5..20", "file-1@0..5"]);
        let around = shards("0..30", &["file-1@5..20"]);
        assert_eq!(around, ["file-1@5..20", "file-1@0..5,20..30"]);
        assert_eq!(shards("0..10", &["file-1"]), ["file-1"]);
        assert_eq!(shards("5..8", &["file-1@0..10"]), ["file-1@0..10"]);
    }

    #[test]
    fn all_after_a_range_is_what_was_left_out() {
        let known = ["file-1@0..10"];
        let rest = TimeRanges::default().without(&"0..10".parse().expect("ranges"));
        let rest = format!("file-1@{rest}");
        assert_eq!(shards("all", &known), [known[0], &rest]);
        assert_eq!(shards("all", &[known[0], &rest]), [known[0], &rest]);
    }

    #[test]
    fn other_inputs_are_other_inputs() {
        assert_eq!(
            shards("0..10", &["file-12", "file-1@x", "file-1x@0..5"]),
            ["file-1@0..10"]
        );
    }
}
