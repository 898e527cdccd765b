//! Where a redirect leads.

/// Scheme, and host with port.
fn origin(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some((scheme, &rest[..end]))
}

/// Whether both lead to the same server.
pub(super) fn is_same_origin(one: &str, other: &str) -> bool {
    match (origin(one), origin(other)) {
        (Some(one), Some(other)) => one.0.eq_ignore_ascii_case(other.0) && one.1.eq_ignore_ascii_case(other.1),
        _ => false,
    }
}

/// Where a `Location` leads from `url`; `None` if that is no web address, or an unprotected one from a protected one.
pub(super) fn resolve(url: &str, location: &str) -> Option<String> {
    let (scheme, host) = origin(url)?;
    let next = if location.contains("://") && !location.starts_with('/') {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{host}{location}")
    } else {
        let path = url.split(['?', '#']).next()?;
        let directory = if path.len() > scheme.len() + 3 + host.len() { path.rsplit_once('/')?.0 } else { path };
        format!("{directory}/{location}")
    };
    let is_web = next.starts_with("https://") || (next.starts_with("http://") && scheme == "http");
    is_web.then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_location() {
        let url = "https://hub.co/o/n/resolve/main/x?y=/z";
        for (location, place) in [
            ("/api/x", Some("https://hub.co/api/x")),
            ("y", Some("https://hub.co/o/n/resolve/main/y")),
            ("//cdn.co/x", Some("https://cdn.co/x")),
            ("https://cdn.co/x?u=https://a/b", Some("https://cdn.co/x?u=https://a/b")),
            ("/x?next=http://a", Some("https://hub.co/x?next=http://a")),
            ("http://cdn.co/x", None),
            ("file:///etc/passwd", None),
        ] {
            assert_eq!(resolve(url, location).as_deref(), place, "{location}");
        }
        assert_eq!(resolve("http://a:1", "b").as_deref(), Some("http://a:1/b"));
        assert_eq!(resolve("http://a:1/x", "http://b:2/y").as_deref(), Some("http://b:2/y"));
    }

    #[test]
    fn another_port_is_another_server() {
        assert!(is_same_origin("http://a:1/x", "HTTP://A:1"));
        for other in ["http://a:2", "https://a:1", "http://a", "http://a:1@b", "a:1", "http://aa:1"] {
            assert!(!is_same_origin("http://a:1/x", other), "{other}");
        }
    }
}
