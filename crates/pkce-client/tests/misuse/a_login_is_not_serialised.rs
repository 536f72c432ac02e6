use pkce_client::Pending;

fn keep(pending: &Pending) -> String {
    serde_json::to_string(pending).unwrap()
}

fn main() {}
