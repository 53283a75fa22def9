"""Function Compute and MNS on one machine."""
