//! An HTTP request as it arrived.

use http::HeaderMap;

/// An HTTP request as it arrived: what a signature covers, nothing decoded.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The method in capital letters.
    pub method: &'r str,
    /// The path, percent-encoded as on the wire. It begins with a slash.
    pub path: &'r str,
    /// The query string without the question mark, percent-encoded as on the wire.
    pub query: &'r str,
    /// The headers.
    pub headers: &'r HeaderMap,
    /// The body, as far as it has been read: none before it is.
    pub body: Option<&'r [u8]>,
}

impl<'r> Request<'r> {
    /// The only value of a header; none if it is absent, repeated, or not text.
    pub fn header(&self, name: &str) -> Option<&'r str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_repeated_header_has_no_value() {
        let mut headers = HeaderMap::new();
        headers.append("x-amz-target", HeaderValue::from_static("A.B"));
        let header = |headers: &HeaderMap| {
            let request = Request { method: "POST", path: "/", query: "", headers, body: None };
            request.header("x-amz-target").map(str::to_owned)
        };
        assert_eq!(header(&headers).as_deref(), Some("A.B"));
        headers.append("x-amz-target", HeaderValue::from_static("A.C"));
        assert_eq!(header(&headers), None);
    }
}
