

pub mod jwks;
