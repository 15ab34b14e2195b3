//! The program of the README is `examples/hello.rs`, has at most 25 lines, and does what it says.
mod environment;

use std::process::Command;

#[test]
fn the_readme_is_true() {
    let readme = include_str!("../README.md");
    let block = readme.split("```rust,no_run\n").nth(1).and_then(|rest| rest.split("```\n").next());
    assert_eq!(block, Some(include_str!("../examples/hello.rs")));
    assert!(block.into_iter().flat_map(str::lines).filter(|line| !line.trim().is_empty()).count() <= 25);

    let Some(world) = environment::world() else { return };
    // chatd as the npm package installs it.
    let folder = tempfile::TempDir::with_prefix("chat").expect("a folder");
    let modules = folder.path().join("node_modules/.bin");
    std::fs::create_dir_all(&modules).expect("folders");
    std::os::unix::fs::symlink(&world.chatd, modules.join("chatd")).expect("a link");
    let test = std::env::current_exe().expect("a path");
    let program = test.parent().and_then(|deps| deps.parent()).expect("a folder").join("examples/hello");
    let output = Command::new(program).args(&world.peers).current_dir(folder.path()).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "raya reads: hello\nsaro sees: delivered\n");
    assert!(output.status.success());
}
