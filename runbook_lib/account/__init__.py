"""Who is calling, and what keeps an account safe: the account, ownership, waiting, secrets."""
