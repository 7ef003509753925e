//! Signalling messages and REST bodies, exported to TypeScript
