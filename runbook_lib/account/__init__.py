"""Who is calling, and what keeps an account safe: its lock, ownership, waiting and secrets."""
