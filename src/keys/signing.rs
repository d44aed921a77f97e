//! Keys that sign tokens.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPublicKeyUncompressedBin, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::{Algorithm, Jwk};

/// A private key and the algorithm that it signs by.
pub struct SigningKey {
    algorithm: Algorithm,
    private: Private,
    public: Jwk,
}

enum Private {
    Rsa(rsa::KeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
}

/// A key that cannot be made, read or used.
#[derive(Debug, thiserror::Error)]
#[error("the key cannot be used")]
pub struct Unusable;

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate(algorithm: Algorithm) -> Result<Self, Unusable> {
        match ec(algorithm) {
            Some((curve, _)) => Self::ec(algorithm, EcdsaKeyPair::generate(curve).map_err(|_| Unusable)?),
            None => Self::rsa(algorithm, rsa::KeyPair::generate(KeySize::Rsa2048).map_err(|_| Unusable)?),
        }
    }

    /// A key that was kept as PKCS #8.
    ///
    /// # Errors
    /// When it is none, or one for another algorithm.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, Unusable> {
        match ec(algorithm) {
            Some((curve, _)) => Self::ec(algorithm, EcdsaKeyPair::from_pkcs8(curve, der).map_err(|_| Unusable)?),
            None => Self::rsa(algorithm, rsa::KeyPair::from_pkcs8(der).map_err(|_| Unusable)?),
        }
    }

    /// The key as PKCS #8, to be kept.
    ///
    /// # Errors
    /// Never with the keys made here.
    pub fn to_pkcs8(&self) -> Result<Vec<u8>, Unusable> {
        match &self.private {
            Private::Rsa(key, _) => {
                let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| Unusable)?;
                Ok(der.as_ref().to_vec())
            }
            Private::Ec(key) => Ok(key.to_pkcs8v1().map_err(|_| Unusable)?.as_ref().to_vec()),
        }
    }

    /// The public half, with its id.
    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// A token that claims this.
    ///
    /// # Errors
    /// Never with the keys made here.
    pub fn sign(&self, claims: &Value) -> Result<String, Unusable> {
        let header = json!({"alg": self.algorithm.name(), "kid": self.public.kid, "typ": "JWT"});
        let encode = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
        let message = format!("{}.{}", encode(&header), encode(claims));
        let random = SystemRandom::new();
        let signature = match &self.private {
            Private::Rsa(key, encoding) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*encoding, &random, message.as_bytes(), &mut signature).map_err(|_| Unusable)?;
                signature
            }
            Private::Ec(key) => key.sign(&random, message.as_bytes()).map_err(|_| Unusable)?.as_ref().to_vec(),
        };
        Ok(format!("{message}.{}", BASE64URL_NOPAD.encode(&signature)))
    }

    fn rsa(algorithm: Algorithm, key: rsa::KeyPair) -> Result<Self, Unusable> {
        let encoding: &dyn RsaEncoding = match algorithm {
            Algorithm::Rs384 => &RSA_PKCS1_SHA384,
            Algorithm::Rs512 => &RSA_PKCS1_SHA512,
            Algorithm::Ps256 => &RSA_PSS_SHA256,
            _ => &RSA_PKCS1_SHA256,
        };
        let number = |bytes: &[u8]| Some(BASE64URL_NOPAD.encode(bytes));
        let public = key.public_key();
        let (n, e) = (public.modulus(), public.exponent());
        let jwk = Jwk {
            kty: "RSA".to_owned(),
            n: number(n.big_endian_without_leading_zero()),
            e: number(e.big_endian_without_leading_zero()),
            ..Jwk::default()
        };
        Ok(Self { public: jwk.published(algorithm), algorithm, private: Private::Rsa(key, encoding) })
    }

    fn ec(algorithm: Algorithm, key: EcdsaKeyPair) -> Result<Self, Unusable> {
        let (_, curve) = ec(algorithm).ok_or(Unusable)?;
        let point: EcPublicKeyUncompressedBin<'_> = key.public_key().as_be_bytes().map_err(|_| Unusable)?;
        // 04, x, y.
        let numbers = point.as_ref().get(1..).ok_or(Unusable)?;
        let (x, y) = numbers.split_at(numbers.len() / 2);
        let jwk = Jwk {
            kty: "EC".to_owned(),
            crv: Some(curve.to_owned()),
            x: Some(BASE64URL_NOPAD.encode(x)),
            y: Some(BASE64URL_NOPAD.encode(y)),
            ..Jwk::default()
        };
        Ok(Self { public: jwk.published(algorithm), algorithm, private: Private::Ec(key) })
    }
}

impl Jwk {
    /// The key for verifying signatures by this algorithm. Its id is its thumbprint (RFC 7638).
    fn published(self, algorithm: Algorithm) -> Self {
        let required = match self.kty.as_str() {
            "RSA" => json!({"e": self.e, "kty": self.kty, "n": self.n}),
            _ => json!({"crv": self.crv, "kty": self.kty, "x": self.x, "y": self.y}),
        };
        let kid = BASE64URL_NOPAD.encode(digest(&SHA256, required.to_string().as_bytes()).as_ref());
        Self { kid: Some(kid), usage: Some("sig".to_owned()), alg: Some(algorithm.name().to_owned()), ..self }
    }
}

fn ec(algorithm: Algorithm) -> Option<(&'static EcdsaSigningAlgorithm, &'static str)> {
    Some(match algorithm {
        Algorithm::Es256 => (&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
        Algorithm::Es384 => (&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
        Algorithm::Es512 => (&ECDSA_P521_SHA512_FIXED_SIGNING, "P-521"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Jwks, KeySet, Token};
    use super::*;

    fn set(keys: Vec<&Jwk>) -> KeySet {
        KeySet::read(&serde_json::to_vec(&json!({"keys": keys})).unwrap()).unwrap()
    }

    #[test]
    fn each_algorithm_verifies_what_it_signed_and_nothing_else() {
        let claims = json!({"sub": "ann"});
        let names = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256"];
        let algorithms = names.map(|name| Algorithm::parse(name).unwrap());
        let keys = algorithms.map(|algorithm| SigningKey::generate(algorithm).unwrap());
        for (key, name) in keys.iter().zip(names) {
            let text = key.sign(&claims).unwrap();
            let token = Token::read(&text).unwrap();
            assert_eq!(token.claims["sub"], "ann");
            for other in &keys {
                let same = other.public.kid == key.public.kid;
                assert_eq!(token.is_signed_by(&set(vec![&other.public])), same, "{name}");
            }
            let again = SigningKey::from_pkcs8(key.algorithm, &key.to_pkcs8().unwrap()).unwrap();
            assert_eq!(again.public.kid, key.public.kid);
        }
    }

    #[test]
    fn altered_tokens_are_not_signed() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let text = key.sign(&json!({"sub": "ann"})).unwrap();
        let keys = set(vec![&key.public]);
        let other = BASE64URL_NOPAD.encode(br#"{"sub":"root"}"#);
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts[..] else { panic!("three parts") };
        assert!(Token::read(&text).unwrap().is_signed_by(&keys));
        assert!(!Token::read(&format!("{header}.{other}.{signature}")).unwrap().is_signed_by(&keys));
        assert!(!Token::read(&format!("{header}.{claims}.")).unwrap().is_signed_by(&keys));
    }

    #[test]
    fn other_algorithms_are_no_tokens() {
        let token = |header: Value, signature: &str| {
            let encode = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
            format!("{}.{}.{signature}", encode(&header), encode(&json!({"sub": "root"})))
        };
        for alg in ["none", "None", "HS256", "HS512", "PS384", "EdDSA", "rs256", ""] {
            assert!(Token::read(&token(json!({"alg": alg}), "AAAA")).is_none(), "{alg}");
        }
        assert!(Token::read(&token(json!({}), "AAAA")).is_none());
        assert!(Token::read(&token(json!({"alg": "RS256", "crit": ["b64"]}), "AAAA")).is_none());
        assert!(Token::read(&token(json!({"alg": "RS256"}), "AA=A")).is_none());
        assert!(Token::read("a.b").is_none());
        assert!(Token::read("").is_none());
    }

    #[test]
    fn keys_that_do_not_verify_are_left_out() {
        let [good, other] = [Algorithm::Rs256, Algorithm::Es256].map(|alg| SigningKey::generate(alg).unwrap());
        let text = good.sign(&json!({})).unwrap();
        let token = Token::read(&text).unwrap();
        let with = |change: &dyn Fn(&mut Jwk)| {
            let mut jwk: Jwk = serde_json::from_value(serde_json::to_value(&good.public).unwrap()).unwrap();
            change(&mut jwk);
            token.is_signed_by(&set(vec![&other.public, &jwk]))
        };
        assert!(with(&|_| {}));
        assert!(with(&|jwk| jwk.alg = None));
        assert!(with(&|jwk| jwk.n = jwk
            .n
            .take()
            .map(|n| BASE64URL_NOPAD.encode(&[&[0], &*BASE64URL_NOPAD.decode(n.as_bytes()).unwrap()].concat()))));
        assert!(!with(&|jwk| jwk.usage = Some("enc".to_owned())));
        assert!(!with(&|jwk| jwk.alg = Some("RS512".to_owned())));
        assert!(!with(&|jwk| jwk.kid = Some("another".to_owned())));
        assert!(!with(&|jwk| jwk.n = None));
    }

    #[test]
    fn sets_of_too_many_keys_are_none() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let many = |count| {
            let jwks = Jwks {
                keys: (0..count)
                    .map(|_| serde_json::from_value(serde_json::to_value(&key.public).unwrap()).unwrap())
                    .collect(),
            };
            KeySet::read(&serde_json::to_vec(&jwks).unwrap())
        };
        assert!(many(100).is_some());
        assert!(many(101).is_none());
        assert!(KeySet::read(b"[]").is_none());
    }
}
