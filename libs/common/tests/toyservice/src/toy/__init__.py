"""The smallest service there can be: it counts, announces each count and reads its own announcements."""
