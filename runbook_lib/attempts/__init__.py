"""A refusal is data: call, and keep what was expected, predicted and observed side by side."""
