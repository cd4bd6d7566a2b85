"""The HTTP side: the server on loopback, and the steps that each request goes through."""
