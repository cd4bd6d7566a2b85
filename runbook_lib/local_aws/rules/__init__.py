"""What AWS allows and refuses, and in which words. What exists is in `store`."""
