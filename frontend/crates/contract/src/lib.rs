//! What pages and the API show: views and parameters. Wasm-safe.
