"""A run for people: one page, on paper too; for machines, JUnit."""
