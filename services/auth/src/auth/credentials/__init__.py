"""Passwords as people deal with them: changing, forgetting, choosing a good one; proving an address."""
