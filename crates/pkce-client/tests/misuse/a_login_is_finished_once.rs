use pkce_client::{Callback, Client, Pending};

async fn twice(client: Client, pending: Pending, first: Callback, second: Callback) {
    let _ = client.finish(pending, first).await;
    let _ = client.finish(pending, second).await;
}

fn main() {}
