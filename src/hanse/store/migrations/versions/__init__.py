"""The revisions, in order of their names."""
