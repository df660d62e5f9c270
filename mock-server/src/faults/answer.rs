//! Answers that are given in the server's place.

use axum::http::StatusCode;

/// Writes an HTTP answer that pages of any origin can read.
#[must_use]
pub fn http(status: u16, retry_after: Option<u32>, body: &str, origin: Option<&str>) -> Vec<u8> {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or("Unknown"));
    if let Some(seconds) = retry_after {
        head.push_str(&format!("Retry-After: {seconds}\r\n"));
    }
    if let Some(origin) = origin {
        head.push_str(&format!(
            "Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n\
             Access-Control-Expose-Headers: Retry-After\r\nVary: Origin\r\n"
        ));
    }
    head.push_str(&format!(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    head.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_when_to_come_again_and_who_may_read_it() {
        let text = String::from_utf8(http(503, Some(5), "no", Some("http://a"))).unwrap();
        assert!(
            text.starts_with("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"),
            "{text}"
        );
        assert!(text.contains("Access-Control-Allow-Origin: http://a\r\n"), "{text}");
        assert!(text.ends_with("Content-Length: 2\r\n\r\nno"), "{text}");
        let text = String::from_utf8(http(599, None, "", None)).unwrap();
        assert!(text.starts_with("HTTP/1.1 599 Unknown\r\nContent-Type"), "{text}");
    }
}
