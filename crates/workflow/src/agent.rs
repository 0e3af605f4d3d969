//! The `model` agent: one instruction, any model.
