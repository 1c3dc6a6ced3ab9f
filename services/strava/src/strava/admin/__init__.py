"""What the operator looks at and sets going: subscriptions, jobs, streams, derived figures."""
