use pkce_client::IdClaims;

fn forged() -> IdClaims {
    IdClaims { claims: Default::default(), subject: "alice".to_owned() }
}

fn main() {}
