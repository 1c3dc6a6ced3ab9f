import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from tools.deploy.k8s_check import Cluster, missing

DEPLOYMENT = """
kind: Deployment
metadata: { name: auth }
spec:
  template:
    metadata: { labels: { app: auth } }
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext: { runAsNonRoot: true, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: app
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          resources: { requests: { cpu: 1m, memory: 1Mi }, limits: { memory: 1Mi } }
          startupProbe: {}
          livenessProbe: {}
          readinessProbe: {}
      volumes: [{ name: secrets, secret: { secretName: auth } }]
"""
SERVICE = "{ kind: Service, metadata: { name: auth }, spec: { selector: { app: auth }, ports: [{ port: 8004 }] } }"
SETTINGS = "{ kind: ConfigMap, metadata: { name: settings }, data: { AUTH_URL: 'http://auth:8004', LOG_LEVEL: INFO } }"
POLICY = "{ kind: NetworkPolicy, metadata: { name: auth }, spec: { podSelector: { matchLabels: { app: auth } } } }"
PROGRAM = ["python", "-m", "common.db.migrate"]
MIGRATION = """
kind: Job
metadata: { name: migrate-auth }
spec: { template: { spec: { containers: [{ args: [python, -m, common.db.migrate, auth] }] } } }
"""
Change = Callable[[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]], Any]


def parts() -> list[dict[str, Any]]:
    return [copy.deepcopy(yaml.safe_load(text)) for text in (DEPLOYMENT, SERVICE, SETTINGS, POLICY)]


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


def test_what_is_as_it_should_be_gives_no_complaint() -> None:
    assert list(Cluster(parts()).complaints()) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda d, *_: d["spec"]["template"]["spec"].pop("securityContext"), "may run as root or without seccomp"),
        (lambda d, *_: d["spec"]["template"]["spec"].pop("enableServiceLinks"), "is told about the cluster"),
        (lambda d, *_: container(d)["securityContext"].pop("capabilities"), "app has more privileges than it needs"),
        (lambda d, *_: container(d)["resources"].pop("limits"), "app has no bounds"),
        (lambda d, *_: container(d).pop("livenessProbe"), "app has no livenessProbe"),
        (
            lambda d, *_: d["spec"]["template"]["spec"]["volumes"][0]["secret"].update(secretName="other"),
            "`make secrets` makes no folder other",
        ),
        (lambda _d, s, *_: s["spec"]["ports"][0].update(port=1), "no Service listens at AUTH_URL=http://auth:8004"),
        (lambda _d, s, *_: s["spec"]["selector"].update(app="other"), "Service auth: selects no pod"),
        (
            lambda _d, _s, _c, p: p["spec"]["podSelector"]["matchLabels"].update(app="other"),
            "NetworkPolicy auth: selects no pod",
        ),
    ],
)
def test_what_is_wrong_is_said(change: Change, complaint: str) -> None:
    manifests = parts()
    change(manifests[0], manifests[1], manifests[2], manifests[3])
    found = list(Cluster(manifests).complaints())
    assert len(found) == 1
    assert found[0].endswith(complaint)


def test_processes_that_nothing_starts_are_named() -> None:
    found = list(missing(Cluster(parts())))
    assert "nothing starts auth" not in found
    assert "nothing starts auth-worker" in found
    assert "nothing starts gateway" in found


def test_schemas_that_nothing_migrates_or_waits_for_are_named() -> None:
    deployment, *others = parts()
    job = yaml.safe_load(MIGRATION)
    deployment["spec"]["template"]["spec"]["initContainers"] = [{"args": [*PROGRAM, "--wait", "auth"]}]
    good = list(missing(Cluster([deployment, *others, job])))
    assert "nothing migrates auth" not in good
    assert "auth does not wait for its schema" not in good
    assert "nothing migrates strava" in good

    container(job)["args"] = [*PROGRAM, "strava"]
    deployment["spec"]["template"]["spec"]["initContainers"] = [{"args": [*PROGRAM, "auth"]}]
    bad = list(missing(Cluster([deployment, *others, job])))
    assert {"nothing migrates auth", "auth does not wait for its schema"} <= set(bad)
