"""The sending half of the client: what leaves, what waits until it can, and what came back."""
