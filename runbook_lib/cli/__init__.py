"""What you type, and what a terminal shows."""
