//! A body and the signature over it, as manifests and receipts are made.
//!
//! ```text
//! signed = CBOR [ body: bstr, signature: bstr(64) ]
//! ```

use guichet_keys::{Signature, SigningKey};

/// Signs a body, and puts both side by side.
pub(crate) fn sign(signer: &SigningKey, domain: &str, body: &[u8]) -> Vec<u8> {
    let signature = signer.sign(domain, body);
    let mut bytes = Vec::with_capacity(body.len().saturating_add(80));
    let mut cbor = minicbor::Encoder::new(&mut bytes);
    (|| {
        cbor.array(2)?
            .bytes(body)?
            .bytes(signature.as_bytes())?
            .ok()
    })()
    .expect("encoding into memory cannot fail");
    bytes
}

/// The two parts, if there is nothing else; the signature is not checked.
pub(crate) fn split(bytes: &[u8]) -> Option<(&[u8], Signature)> {
    let mut cbor = minicbor::Decoder::new(bytes);
    if cbor.array().ok()?? != 2 {
        return None;
    }
    let body = cbor.bytes().ok()?;
    let signature: &[u8; 64] = cbor.bytes().ok()?.try_into().ok()?;
    (cbor.position() == bytes.len()).then_some((body, Signature::from(*signature)))
}
