use pkce_client::Pending;

fn copy(pending: Pending) -> (Pending, Pending) {
    (pending.clone(), pending)
}

fn main() {}
