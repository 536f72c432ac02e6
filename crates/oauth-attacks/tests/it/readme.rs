//! What the README shows of this crate is what `quick_start.rs` runs.

#[test]
fn the_readme_shows_the_quick_start() {
    let readme = include_str!("../../../../README.md");
    let blocks = readme.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next());
    let shown = blocks.into_iter().find(|block| block.contains("oauth_attacks")).expect("a block");
    let run = include_str!("quick_start.rs");
    assert_eq!(run.split_once("\n\n").map(|(_, code)| code), Some(shown));
}
