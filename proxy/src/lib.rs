//! The proxy: accept → route → forward → meter → report.
//!
//! A client sends its call to a provider here instead; the call passes on as it is, bodies
//! byte for byte as they arrive, and what it used becomes one event. Metering is never in the
//! way: nothing that happens to an event fails, delays or repeats the call it is about.

#![allow(dead_code)] // Until the parts are joined.

mod providers;
mod meter;
