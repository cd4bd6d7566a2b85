"""Who is calling, and what keeps an account safe: its identity, ownership, waiting, secrets."""
