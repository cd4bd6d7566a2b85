"""The hub: the account from which others are listed, and a role in each of them is assumed."""
