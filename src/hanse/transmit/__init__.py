"""transmit."""
