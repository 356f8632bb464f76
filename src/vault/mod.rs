//! Key packages and everything else that must outlive the program: how it is written, read and checked.

pub mod files;
