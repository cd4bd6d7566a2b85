"""What AWS refuses, and in which words. Nothing is stored here; where it is stored is `store`."""
