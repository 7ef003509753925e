//! House rules as tests: layers, file sizes, forbidden words
