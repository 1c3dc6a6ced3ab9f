"""The table of error codes. A code, once given, keeps its meaning."""

from contracts.errors.activities import ACTIVITY, GEAR, RECORDING, ZONE
from contracts.errors.callers import ADDRESS, AUTH, IDEMPOTENCY, REQUEST
from contracts.errors.credentials import CREDENTIALS
from contracts.errors.domains import ANALYTICS, IMPORT, PDF, PICTURES, STREAMS
from contracts.errors.operation import JOB, WEBHOOK
from contracts.errors.people import PEOPLE, PROVIDERS
from contracts.errors.platform import DATABASE, INTERNAL, SERVICE, STORAGE, UPSTREAM
from contracts.errors.row import Family
from contracts.errors.strava import STRAVA
from contracts.errors.training import CALENDAR, PLAN, RUN, WORKOUT

FAMILIES = {
    "request": Family("Requests", "The request itself is not as it should be.", REQUEST),
    "auth": Family(
        "Sign-in and permission",
        "Who is calling, and whether they may.",
        {**AUTH, **CREDENTIALS, **PROVIDERS, **PEOPLE},
    ),
    "idempotency": Family("Idempotency keys", "A POST with an Idempotency-Key header.", IDEMPOTENCY),
    "address": Family("Signed links", "Links that work without a sign-in, for a time.", ADDRESS),
    "activity": Family("Activities", "What was run, ridden or swum.", ACTIVITY),
    "recording": Family("Recordings", "What an activity was recorded with, by a device or by hand.", RECORDING),
    "gear": Family("Gear", "Shoes and bikes.", GEAR),
    "zone": Family("Privacy zones", "Where others do not see tracks start and end.", ZONE),
    "import": Family("Imports", "What happens to a single file of an import is its reason, not an error.", IMPORT),
    "streams": Family("Streams", "The samples of an activity.", STREAMS),
    "strava": Family("Strava", "The connection to Strava, and what Strava says.", STRAVA),
    "webhook": Family("Subscriptions", "What an administrator does with the subscription at Strava.", WEBHOOK),
    "job": Family("Jobs", "What an administrator does with the queue of ingest.", JOB),
    "analytics": Family("Analytics", "Numbers made from activities.", ANALYTICS),
    "picture": Family("Pictures", "What an activity looks like on a map.", PICTURES),
    "plan": Family("Plans", "What is planned for a season.", PLAN),
    "workout": Family("Workouts", "What is planned for a day.", WORKOUT),
    "run": Family("Runs", "The training log.", RUN),
    "calendar": Family("Calendar", "Planned and done, side by side.", CALENDAR),
    "pdf": Family("Documents", "Plans as PDFs.", PDF),
    "upstream": Family("Gateway and upstream", "A service that was asked did not give an answer.", UPSTREAM),
    "storage": Family("File storage", "Originals and other files.", STORAGE),
    "database": Family("Database", "Where everything is kept.", DATABASE),
    "service": Family("Services", "What services need of each other.", SERVICE),
    "internal": Family("Faults", "What should not happen.", INTERNAL),
}
"""By the first word of the code."""

CODES = {code: row for family in FAMILIES.values() for code, row in family.codes.items()}
