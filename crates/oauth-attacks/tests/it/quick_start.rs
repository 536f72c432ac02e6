//! The test that the README shows, as it stands there.

use oauth_attacks::{PkceClientWeb, against_client};

#[tokio::test]
async fn our_login_is_not_mixed_up() {
    against_client(PkceClientWeb::default())
        .only(["rp-mixup-classic", "rp-state-other-browser"])
        .await
        .assert_all_stopped();
}
