"""The whole: state, tokens, limits, faults and deliveries, and what changes more than one of them."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from strava_emulator.background import Background
from strava_emulator.deliveries import Deliveries, Delivery
from strava_emulator.errors import StravaError, bad_client, bad_request, not_found
from strava_emulator.faults import FaultPlan
from strava_emulator.limits import RateLimits
from strava_emulator.models import Activity, Athlete, Json, Subscription
from strava_emulator.rendering import summary
from strava_emulator.settings import EmulatorSettings
from strava_emulator.sports import activity_type
from strava_emulator.store import Store
from strava_emulator.tokens import Tokens
from strava_emulator.tracks.recorded import Tracks
from strava_emulator.uploads import Uploads

Clock = Callable[[], float]
FIRST_SUBSCRIPTION = 200_001
READ_ALL = "activity:read_all"


class Emulator:
    """Strava as one app sees it. ``clock`` gives epoch seconds."""

    def __init__(self, settings: EmulatorSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.store = Store(settings, clock())
        self.tokens = Tokens(self.store, settings.token_lifetime_s)
        self.limits = RateLimits(settings.rate_limit, settings.read_limit, settings.windows)
        self.faults = FaultPlan()
        self.calls: Counter[str] = Counter()
        self.background = Background()
        self.deliveries = Deliveries(settings, self.background)
        self.tracks = Tracks()
        self.uploads = Uploads(self.store, clock())
        self._summaries: dict[int, Json] = {}

    def check_client(self, client_id: str | None, client_secret: str | None) -> None:
        """Refuse who is not the app."""
        if client_id != self.settings.client_id or client_secret != self.settings.client_secret.get_secret_value():
            raise bad_client()

    def athlete(self, athlete_id: int) -> Athlete:
        """The athlete; raises 404."""
        if athlete_id not in self.store.athletes:
            raise not_found("Athlete")
        return self.store.athletes[athlete_id]

    def activity(self, activity_id: int) -> Activity:
        """The activity whoever asks; raises 404."""
        found = self.store.activity(activity_id)
        if found is None:
            raise not_found("Activity")
        return found

    def summary(self, activity: Activity) -> Json:
        """The activity as in a list; remembered, as it takes some milliseconds."""
        if activity.id not in self._summaries:
            track = self.tracks.coarse(activity, self.athlete(activity.athlete_id))
            self._summaries[activity.id] = summary(activity, track)
        return self._summaries[activity.id]

    def shoe_metres(self, athlete: Athlete) -> dict[str, float]:
        """Metres by shoe."""
        found: dict[str, float] = {}
        for activity in self.store.activities(athlete.id):
            if activity.gear_id:
                found[activity.gear_id] = found.get(activity.gear_id, 0.0) + activity.distance
        return found

    def add(self, activity: Activity) -> Activity:
        """Keep a new activity and tell the app."""
        made = activity.model_copy(update={"id": self.store.next_activity(), "created_at": self.clock()})
        self._save(made)
        self.tell(made, "create")
        return made

    def change(self, activity: Activity, values: dict[str, Any]) -> Activity:
        """Change an activity and tell the app what of it events carry: title, type, private."""
        changed = Activity.model_validate(activity.model_dump() | values)
        updates = {}
        if changed.name != activity.name:
            updates["title"] = changed.name
        if changed.sport_type != activity.sport_type:
            updates["type"] = activity_type(changed.sport_type)
        if changed.private != activity.private:
            updates["private"] = str(changed.private).lower()
        self._save(changed)
        self.tell(changed, "update", updates)
        return changed

    def delete(self, activity: Activity) -> None:
        """Forget an activity and tell the app."""
        self._save(activity.model_copy(update={"deleted": True, "streams": None}))
        self.tell(activity, "delete")

    def _save(self, activity: Activity) -> None:
        self.store.save_activity(activity)
        self.tracks.forget(activity.id)
        self._summaries.pop(activity.id, None)

    def revoke(self, athlete: Athlete, *, tell: bool = True) -> None:
        """End an athlete's authorisation; the app is told while it has a subscription."""
        if athlete.grant is None:
            return
        self.tokens.revoke(athlete)
        if tell:
            self.fire([self.event("athlete", athlete.id, athlete.id, "update", {"authorized": "false"})])

    def tell(self, activity: Activity, aspect: str, updates: dict[str, str] | None = None) -> None:
        """Fire an activity's event, if its athlete lets the app see it."""
        grant = self.athlete(activity.athlete_id).grant
        reads = {READ_ALL} if activity.private and "private" not in (updates or {}) else {"activity:read", READ_ALL}
        if grant and grant.scopes & reads:
            self.fire([self.event("activity", activity.id, activity.athlete_id, aspect, updates or {})])

    def event(self, kind: str, object_id: int, owner_id: int, aspect: str, updates: dict[str, str]) -> Json:
        """An event as the app gets it."""
        subscription = self.store.app.subscription
        return {
            "aspect_type": aspect,
            "event_time": int(self.clock()),
            "object_id": object_id,
            "object_type": kind,
            "owner_id": owner_id,
            "subscription_id": subscription.id if subscription else 0,
            "updates": updates,
        }

    def fire(self, events: Iterable[Json]) -> list[Delivery]:
        """Send events to the subscription's callback, where there is one."""
        subscription, faults = self.store.app.subscription, self.faults.faults
        if subscription is None or faults.drop_webhooks:
            return []
        times = 2 * faults.webhook_times if faults.duplicate_webhooks else faults.webhook_times
        return [
            self.deliveries.send(event, subscription.callback_url, after_s=self.faults.webhook_after_s())
            for event in events
            for _ in range(times)
        ]

    async def subscribe(self, callback_url: str, verify_token: str) -> Subscription:
        """Verify a callback and keep it; one for the app. Raises ``StravaError``."""
        self._refuse_second()
        if not is_address(callback_url) or not await self.deliveries.verify(callback_url, verify_token):
            raise bad_request("PushSubscription", "callback url", "not verifiable")
        self._refuse_second()  # another may have come while this one was verified
        app = self.store.app
        app.subscription = Subscription(
            id=FIRST_SUBSCRIPTION + app.subscriptions_made, callback_url=callback_url, created_at=int(self.clock())
        )
        app.subscriptions_made += 1
        self.store.save_app()
        return app.subscription

    def _refuse_second(self) -> None:
        if self.store.app.subscription is not None:
            raise bad_request("PushSubscription", "", "already exists")

    def unsubscribe(self, subscription_id: int) -> None:
        """Forget the subscription; raises 404 for another id."""
        subscription = self.store.app.subscription
        if subscription is None or subscription.id != subscription_id:
            raise StravaError(404, "Record Not Found", ("PushSubscription", "id", "not found"))
        self.store.app.subscription = None
        self.store.save_app()

    async def aclose(self) -> None:
        """End what goes on in the background."""
        await self.background.aclose()
        await self.deliveries.aclose()


def is_address(text: str) -> bool:
    """Whether it is an absolute http(s) address."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
