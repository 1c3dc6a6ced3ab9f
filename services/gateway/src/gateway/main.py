"""The web process of the gateway."""

import gc
import os

from gateway.app import Gateway
from gateway.settings import GatewaySettings


def create() -> Gateway:
    # The server would believe anybody on this machine who says for whom he calls; TRUSTED_PROXIES decides that here.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "")
    gateway = Gateway(GatewaySettings.from_environment())
    # What is loaded now stays for good: looking it through for garbage again and again would be wasted.
    gc.collect()
    gc.freeze()
    return gateway
