"""What exists in the embedded AWS, kept in moto's backends. moto is imported in this room only."""
