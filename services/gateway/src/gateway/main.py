"""The web process of the gateway."""

import os

from gateway.app import Gateway
from gateway.settings import GatewaySettings


def create() -> Gateway:
    # The server would believe anybody on this machine who says for whom he calls; TRUSTED_PROXIES decides that here.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "")
    return Gateway(GatewaySettings.from_environment())
