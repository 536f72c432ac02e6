//! The control API of the program.

use crate::program::Program;

#[tokio::test]
async fn row_13_a_headless_control_plane_scripts_a_running_binary() {
    let program = Program::serve(&[]);
    crate::story::story(program.address).await;
}

#[tokio::test]
async fn the_program_takes_a_token_or_no_control_at_all() {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for (arguments, with, without) in
        [(&["--control-token", "s3cret"][..], 200, 401), (&["--no-control"], 404, 404), (&[], 200, 200)]
    {
        let program = Program::serve(arguments);
        let health = format!("http://{}/_control/health", program.address);
        assert_eq!(client.get(&health).bearer_auth("s3cret").send().await.expect("an answer").status(), with);
        assert_eq!(client.get(&health).send().await.expect("an answer").status(), without);
    }
}
