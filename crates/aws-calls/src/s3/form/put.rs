//! A form as the `PutObject` that it stands for, which every server has, and its answer as that of a form.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::escape::escape;

use super::Fields;
use crate::s3::refusal::Refusal;
use crate::s3::tags;

/// The unreserved characters of URIs stay.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// As [`ENCODED`], without the slashes of a path.
const ENCODED_IN_PATHS: &AsciiSet = &ENCODED.remove(b'/');

/// Fields that are headers of the object.
const HEADERS: &[&str] =
    &["cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"];

/// Fields that are about the signature.
const SIGNATURE: &[&str] =
    &["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-security-token", "x-amz-signature"];

/// What a form has stored.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The key.
    pub key: &'a str,
    /// The `ETag` of the upstream's answer.
    pub etag: &'a str,
    /// Where the object is, as the client reaches it.
    pub location: &'a str,
}

/// The answer to a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The HTTP status.
    pub status: u16,
    /// The `Location` header.
    pub location: String,
    /// The body, XML if there is one.
    pub body: String,
}

impl Fields {
    /// The path of the object in path style.
    ///
    /// # Errors
    /// No key, or one that S3 does not take.
    pub fn path(&self, bucket: &str) -> Result<String, Refusal> {
        let key = self.object_key()?;
        Ok(format!("/{bucket}/{}", utf8_percent_encode(&key, ENCODED_IN_PATHS)))
    }

    /// The headers that the fields stand for, by name in small letters. The file has the type `binary/octet-stream`
    /// unless the form says another one.
    ///
    /// # Errors
    /// Values that no header has, and tags that are none.
    pub fn headers(&self) -> Result<Vec<(String, String)>, Refusal> {
        let mut headers = Vec::new();
        for (name, value) in self.pairs() {
            let header = match name {
                "acl" => ("x-amz-acl".to_owned(), value.to_owned()),
                "tagging" => ("x-amz-tagging".to_owned(), tagging(value)?),
                _ if HEADERS.contains(&name) => (name.to_owned(), value.to_owned()),
                _ if name.starts_with("x-amz-") && !SIGNATURE.contains(&name) => (name.to_owned(), value.to_owned()),
                _ => continue,
            };
            if headers.iter().any(|(known, _)| *known == header.0) || header.1.contains(|c: char| c.is_control()) {
                return Err(Refusal::argument(format!("Invalid value of the field {name}.")));
            }
            headers.push(header);
        }
        if !headers.iter().any(|(name, _)| name == "content-type") {
            headers.push(("content-type".to_owned(), "binary/octet-stream".to_owned()));
        }
        Ok(headers)
    }

    /// What the browser gets for what was stored: the page that the form names, or the status that it wants, 200, 201 or
    /// 204.
    pub fn done(&self, stored: &Stored<'_>) -> Done {
        let Stored { bucket, key, etag, location } = *stored;
        let page = self.get("success_action_redirect").or_else(|| self.get("redirect"));
        let is_page = |page: &&str| {
            (page.starts_with("http://") || page.starts_with("https://"))
                && page.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if let Some(page) = page.filter(is_page) {
            let encoded = |text| utf8_percent_encode(text, ENCODED);
            let separator = if page.contains('?') { '&' } else { '?' };
            let (bucket, key, etag) = (encoded(bucket), encoded(key), encoded(etag));
            let location = format!("{page}{separator}bucket={bucket}&key={key}&etag={etag}");
            return Done { status: 303, location, body: String::new() };
        }
        let status = match self.get("success_action_status") {
            Some("200") => 200,
            Some("201") => 201,
            _ => 204,
        };
        let element = |name: &str, text: &str| format!("<{name}>{}</{name}>", escape(text));
        let body = match status {
            201 => format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse>{}{}{}{}</PostResponse>",
                element("Location", location),
                element("Bucket", bucket),
                element("Key", key),
                element("ETag", etag)
            ),
            _ => String::new(),
        };
        Done { status, location: location.to_owned(), body }
    }
}

/// The document of the field as the header wants it.
fn tagging(document: &str) -> Result<String, Refusal> {
    let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let tags = tags::document(document.as_bytes())?;
    let pairs: Vec<String> = tags.iter().map(|(key, value)| format!("{}={}", encoded(key), encoded(value))).collect();
    Ok(pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    #[test]
    fn fields_become_headers_of_the_object() {
        let form = fields(&[
            ("key", "a/ü ${filename}"),
            ("acl", "private"),
            ("Content-Type", "text/plain"),
            ("tagging", "<Tagging><TagSet><Tag><Key>a b</Key><Value>1&amp;2</Value></Tag></TagSet></Tagging>"),
            ("x-amz-meta-a", "1"),
            ("policy", "p"),
            ("x-amz-signature", "s"),
            ("x-amz-security-token", "t"),
            ("success_action_status", "201"),
            ("submit", "Upload"),
        ]);
        assert_eq!(form.path("app").unwrap(), "/app/a/%C3%BC%20f.txt");
        let headers = form.headers().unwrap();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            headers,
            [
                ("x-amz-acl", "private"),
                ("content-type", "text/plain"),
                ("x-amz-tagging", "a%20b=1%262"),
                ("x-amz-meta-a", "1"),
            ]
        );
        assert_eq!(fields(&[]).headers().unwrap(), [("content-type".to_owned(), "binary/octet-stream".to_owned())]);
        assert!(fields(&[("acl", "private"), ("x-amz-acl", "public-read")]).headers().is_err());
        assert!(fields(&[("x-amz-meta-a", "1\r\nx-amz-acl: public-read")]).headers().is_err());
    }

    #[test]
    fn forms_say_what_browsers_get() {
        let stored = Stored { bucket: "app", key: "a&b", etag: "\"e\"", location: "http://localhost/app/a%26b" };
        let done = |pairs: &[(&str, &str)]| fields(pairs).done(&stored);
        let page = done(&[("success_action_redirect", "https://example.com/?a=1")]);
        assert_eq!(
            (page.status, page.location.as_str()),
            (303, "https://example.com/?a=1&bucket=app&key=a%26b&etag=%22e%22")
        );
        assert_eq!(done(&[("success_action_redirect", "javascript:1")]).status, 204);
        assert_eq!(done(&[("success_action_status", "200")]).status, 200);
        assert_eq!(done(&[("success_action_status", "500")]).status, 204);
        let created = done(&[("success_action_status", "201")]);
        let element = "<PostResponse><Location>http://localhost/app/a%26b</Location><Bucket>app</Bucket><Key>a&amp;b</Key><ETag>&quot;e&quot;</ETag></PostResponse>";
        assert!(created.status == 201 && created.body.ends_with(element), "{}", created.body);
    }
}
