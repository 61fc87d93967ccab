//! All pages: Leptos views rendered to HTML, and the islands that make some of them alive.
