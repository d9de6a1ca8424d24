"""Questions about many ratings at once: activity, agreement, one label per image."""
