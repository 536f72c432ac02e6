//! What the README shows works as it stands there.

use std::process::Command;

const README: &str = include_str!("../../../../README.md");

/// The code blocks of the README in `language`.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    README.split(&opening).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_does_what_the_control_snippet_says() {
    let idp = mock_idp::MockIdp::start().await;
    let address = idp.address().expect("an address").to_string();
    let snippet = blocks("sh").into_iter().find(|block| block.contains("/_control/")).expect("a snippet");
    let (said, reset) = snippet.split_at(snippet.find("curl --silent --request POST").expect("a reset"));
    let run = |script: &str| {
        let script = script.replace("127.0.0.1:8080", &address);
        let output = Command::new("bash").args(["-euc", &script]).env("NO_PROXY", "*").output().expect("bash");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
        printed
    };
    let before = idp.clock().reading().now;
    let printed = run(said);
    assert!(printed.contains("\"id\""), "{printed}");
    assert!(idp.clock().reading().now >= before + 3600);
    let browser = crate::browser::Browser::new(&idp);
    let lied_to = crate::browser::decode(&browser.log_in().await["id_token"]).1;
    assert_eq!(lied_to["sub"], "bob");
    assert_ne!(lied_to["iss"], idp.issuer());
    run(reset);
    assert!(idp.clock().reading().now < before + 3600 && idp.journal().is_empty());
}
