use pkce_client::{Callback, Client};

async fn unchecked(client: Client, callback: Callback) {
    let _ = client.redeem(callback).await;
}

fn main() {}
