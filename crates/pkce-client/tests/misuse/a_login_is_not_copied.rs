use pkce_client::Pending;

fn copy(pending: &Pending) -> Pending {
    pending.clone()
}

fn main() {}
