"""The SDK's own chain of credentials: where it found them, and how to sign in where it cannot."""
