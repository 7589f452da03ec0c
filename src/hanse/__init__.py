"""Hanse: an industrial internet without a platform."""
