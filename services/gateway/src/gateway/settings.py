"""Settings of the gateway."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, IPvAnyNetwork

from common.settings import Settings

_HERE_AND_PRIVATE = (
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
    "fe80::/10",
)


def _plain_http(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
        raise ValueError("must be http://host:port, as services are reached inside the private network")
    return url


UpstreamUrl = Annotated[str, AfterValidator(_plain_http)]
Networks = Annotated[tuple[IPvAnyNetwork, ...], Field(description="a JSON list")]


class GatewaySettings(Settings):
    """Lists (``CORS_ORIGINS``, ``TRUSTED_PROXIES``, ``METRICS_NETWORKS``) are JSON lists.

    A rate is per minute; a burst is how much of it may come at once.
    """

    auth_url: UpstreamUrl = "http://127.0.0.1:8004"
    trainer_url: UpstreamUrl = "http://127.0.0.1:8001"
    pdf_url: UpstreamUrl = "http://127.0.0.1:8002"
    strava_url: UpstreamUrl = "http://127.0.0.1:8003"
    analytics_url: UpstreamUrl = "http://127.0.0.1:8005"
    thumbnails_url: UpstreamUrl = "http://127.0.0.1:8006"

    cors_origins: tuple[str, ...] = ()
    trusted_proxies: Networks = Field(default=(), description="whose X-Forwarded-For and -Proto are believed")
    metrics_networks: Networks = Field(default=_HERE_AND_PRIVATE, validate_default=True)

    hsts_seconds: int = Field(default=31_536_000, ge=0, description="told to clients that come over TLS; 0: not told")

    rate_user: int = Field(default=1200, gt=0)
    rate_user_burst: int = Field(default=200, gt=0)
    rate_address: int = Field(default=120, gt=0, description="requests without a token, by client address")
    rate_signed: int = Field(default=1200, gt=0, description="signed addresses, by client address")
    rate_webhook: int = Field(default=6000, gt=0, description="webhook calls, by client address")
    rate_login: int = Field(default=10, gt=0, description="by account and client address")
    rate_login_address: int = Field(default=100, gt=0, description="by client address")
    rate_lease_share: float = Field(default=0.1, gt=0, le=1, description="part of a burst leased from Redis at once")

    revocation_poll_seconds: float = Field(default=5, gt=0)
    upstream_connections: int = Field(default=256, gt=0, description="to one service")

    def url(self, service: str) -> str:
        """Return the address of a service."""
        found: str = getattr(self, f"{service}_url")
        return found
