"""What the Strava side of the service reports."""

from prometheus_client import Counter, Gauge

WEBHOOK_EVENTS = Counter("strava_webhook_events_total", "Events of Strava, by what became of them", ["outcome"])
FETCHES = Counter("strava_fetches_total", "Activities asked of Strava, by what became of them", ["outcome"])
REFRESHES = Counter("strava_token_refreshes_total", "Refreshes of athletes' tokens", ["outcome"])
CONNECTIONS = Gauge("strava_connections", "Athletes' connections by state", ["state"])
EVENTS_OPEN = Gauge("strava_webhook_events_open", "Events that are not worked through yet")
RECONCILED = Counter("strava_reconciled_total", "What nightly comparisons with Strava's list found", ["finding"])
PUSHES = Counter("strava_pushes_total", "What was sent to Strava, by what became of it", ["kind", "outcome"])
