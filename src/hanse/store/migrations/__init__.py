"""Migrations of the record, one file a revision; each stands for ever as it was published."""
