//! The browser half of the islands.
