//! The only way to a phone: the Gateway over HTTP and HTTPS, its guard, and what answers mean.
