//! What the README shows in Rust is what is tested here.

#[test]
fn the_readme_shows_the_quick_start_as_it_is_run() {
    let readme = include_str!("../../../../README.md");
    let shown = readme.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    let run = include_str!("quick_start.rs");
    assert_eq!(run.split_once("\n\n").map(|(_, code)| code), Some(shown));
    let lines = shown.lines().skip_while(|line| !line.starts_with("#[tokio::test]")).count();
    assert!(lines <= 12, "{lines} lines");
}
