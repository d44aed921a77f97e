//! The signatures of responses (SAML 2.0 core, section 5; XML Signature).
//!
//! What is signed and what is read must be the same element: a document with a good signature somewhere else in it is
//! how such checks are deceived. So signatures are accepted only where SAML has them, each refers to the element that
//! it is in, and the algorithms and transforms are those of SAML's profile.

use bergshamra_dsig::verify::verify_all_document;
use bergshamra_dsig::{DsigContext, VerifyResult};
use bergshamra_keys::{Key, KeysManager};
use uppsala::{Document, NodeId};

use super::xml::{Element, SIGNATURE};

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const CANONICALIZATIONS: &[&str] = &[
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
];
/// Neither SHA-1 nor keys that both sides know.
const SIGNATURES: &[&str] = &[
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
];
const DIGESTS: &[&str] = &[
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
];

/// The elements among `signable` that one of the keys has signed. `None` if anything about a signature in the document
/// is wrong, be it needed or not.
pub fn signed(document: &Document<'_>, signable: &[Element<'_, '_>], keys: &[Key]) -> Option<Vec<NodeId>> {
    let own: Vec<_> =
        signable.iter().filter_map(|element| Some((element, element.child(SIGNATURE, "Signature")?))).collect();
    let everywhere = document.get_elements_by_tag_name_ns(SIGNATURE, "Signature").len();
    if own.is_empty() && everywhere == 0 {
        return Some(Vec::new());
    }
    if own.len() != everywhere || !own.iter().all(|(element, signature)| follows_profile(element, signature)) {
        return None;
    }
    let mut trusted = KeysManager::new();
    trusted.add_keys(keys.iter().cloned());
    let results = verify_all_document(&DsigContext::new(trusted), document).ok()?;
    results.iter().map(|result| covered(result, &own)).collect()
}

/// The element that a signature is good for: the one that it is in.
fn covered(result: &VerifyResult, own: &[(&Element<'_, '_>, Element<'_, '_>)]) -> Option<NodeId> {
    let VerifyResult::Valid { signature_node, references, .. } = result else { return None };
    let (parent, _) = own.iter().find(|(_, signature)| signature.node == *signature_node)?;
    let [reference] = references.as_slice() else { return None };
    (reference.digest_verified && reference.resolved_node == Some(parent.node)).then_some(parent.node)
}

/// Whether a signature has the form of SAML's profile (SAML 2.0 core, section 5.4).
fn follows_profile(element: &Element<'_, '_>, signature: &Element<'_, '_>) -> bool {
    let check = || {
        let info = signature.only_child(SIGNATURE, "SignedInfo")?;
        let reference = info.only_child(SIGNATURE, "Reference")?;
        let target = reference.attribute("URI")?.strip_prefix('#')?;
        let transforms = reference.only_child(SIGNATURE, "Transforms")?.children(SIGNATURE, "Transform");
        let transforms: Option<Vec<&str>> = transforms.map(|transform| transform.attribute("Algorithm")).collect();
        let right_transforms = match *transforms? {
            [ENVELOPED] => true,
            [ENVELOPED, canonicalization] => CANONICALIZATIONS.contains(&canonicalization),
            _ => false,
        };
        let method = |parent: Element<'_, '_>, name| {
            parent.only_child(SIGNATURE, name)?.attribute("Algorithm").map(str::to_owned)
        };
        let uses =
            |parent, name, known: &[&str]| method(parent, name).is_some_and(|used| known.contains(&used.as_str()));
        Some(
            element.attribute("ID") == Some(target)
                && !target.is_empty()
                && right_transforms
                && uses(info, "CanonicalizationMethod", CANONICALIZATIONS)
                && uses(info, "SignatureMethod", SIGNATURES)
                && uses(reference, "DigestMethod", DIGESTS),
        )
    };
    check().unwrap_or(false)
}
