//! What an adversary does: here the thief of an image network, who trains one of his own on what he saw the protected one give.

pub mod thief;
