"""What each service does: moto's actions, and what they do that moto does not."""
