//! Encrypts signed tokens to the clients that they are for (RFC 7519 §5.2).

use oauth_types::{ContentEncryption, KeyManagement};

use super::encode::Encoder;
use crate::client_keys;
use crate::jose::{Encryption, Recipient};
use crate::reply::{Broken, Sealing};

impl Encoder<'_> {
    /// A token, encrypted as the metadata of its client says. It never leaves otherwise.
    pub(super) async fn seal(&self, token: &str, sealing: &Sealing) -> Result<String, Broken> {
        let Sealing { client, algorithm, content } = sealing;
        let unknown = |name: &str| Broken::Sealing(format!("{name} of the client is none that this server knows"));
        let managed = client.text(algorithm).and_then(KeyManagement::from_wire).ok_or_else(|| unknown(algorithm))?;
        let content = match client.member(content) {
            None => ContentEncryption::A128CbcHs256,
            Some(own) => own.as_str().and_then(ContentEncryption::from_wire).ok_or_else(|| unknown(content))?,
        };
        let ports = &self.world.ports;
        let keys = match managed.is_symmetric() {
            true => None,
            false => Some(client_keys::of(client, ports, self.now).await),
        };
        let keys = keys.transpose().map_err(|why| Broken::Sealing(why.to_string()))?;
        let recipient = match &keys {
            None => client.secret.as_ref().map(Recipient::Secret),
            Some(keys) => keys.for_encryption(managed).map(Recipient::Key),
        };
        let recipient = recipient
            .ok_or_else(|| Broken::Sealing(format!("the client has nothing to encrypt to with {managed}")))?;
        let mut random = |octets: &mut [u8]| ports.dice.fill(octets);
        let encryption = Encryption { recipient, algorithm: managed, content };
        let sealed = encryption.encrypt(token.as_bytes(), Some("JWT"), &mut random);
        sealed.map_err(|error| Broken::Sealing(error.to_string()))
    }
}
