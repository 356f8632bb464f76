//! What the panels are built from: every widget has a name for screen readers and takes its looks from `theme`.
