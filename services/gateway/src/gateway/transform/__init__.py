"""What the gateway does to answers on their way: fewer members, fewer bytes, and entity tags that tell them apart."""
