//! Composition: configuration, engine, HTTP API, metrics and the listeners
