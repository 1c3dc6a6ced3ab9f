"""Best efforts: found per activity, ranked per athlete."""
