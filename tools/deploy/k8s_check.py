"""`make k8s-check`: build every base and overlay below k8s/ and look at what would be sent to a cluster, offline.

Everything must fit the schemas of Kubernetes; and beyond them every pod must be as unprivileged as we mean it, every
name must lead somewhere: secrets to the folders of `make secrets`, addresses to Services, policies to pods.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from tools.deploy.make_secrets import ROOT, services

KUBERNETES = "1.37"
SERVERS = ("postgres", "valkey", "provision")
WORKLOADS = {"Deployment", "StatefulSet", "Job"}
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
Manifest = dict[str, Any]


def build(folder: Path) -> str:
    """What `kubectl apply -k` would send. Raises ``RuntimeError`` with what kustomize says."""
    kubectl = shutil.which("kubectl")
    program = [kubectl, "kustomize"] if kubectl else [shutil.which("kustomize") or "kustomize", "build"]
    done = subprocess.run([*program, str(folder)], check=False, capture_output=True, text=True)
    if done.returncode != 0 or done.stderr:
        raise RuntimeError(f"{folder.name}: {done.stderr.strip()}")
    return done.stdout


def misfits(text: str) -> Iterator[str]:
    """Where the manifests do not fit the schemas of Kubernetes."""
    command = [sys.executable, "-m", "kubernetes_validate", "--strict", "--quiet", "-k", KUBERNETES, "/dev/stdin"]
    done = subprocess.run(command, check=False, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        yield from (done.stdout + done.stderr).strip().splitlines()


@dataclass(frozen=True)
class Cluster:
    """Manifests that go together."""

    manifests: list[Manifest]

    def of(self, *kinds: str) -> Iterator[tuple[str, Manifest]]:
        """The manifests of some kinds, each with its name."""
        for each in self.manifests:
            if each["kind"] in kinds:
                yield f"{each['kind']} {each['metadata']['name']}", each

    def pods(self) -> Iterator[tuple[str, Manifest]]:
        """The templates of all pods, each with the name of what makes it."""
        for name, each in self.of(*WORKLOADS):
            yield name, each["spec"]["template"]

    def complaints(self) -> Iterator[str]:
        """Everything that is wrong."""
        for name, pod in self.pods():
            yield from (f"{name}: {text}" for text in _unhardened(pod["spec"]))
            if name.startswith("Deployment"):
                yield from (f"{name}: {text}" for text in _unwatched(pod["spec"]))
        yield from self._lost_secrets()
        yield from self._lost_addresses()
        yield from self._lost_selectors()

    def _lost_secrets(self) -> Iterator[str]:
        for name, pod in self.pods():
            for volume in pod["spec"].get("volumes", []):
                secret = volume.get("secret", {}).get("secretName")
                if secret and secret not in {*services(), *SERVERS}:
                    yield f"{name}: `make secrets` makes no folder {secret}"

    def _lost_addresses(self) -> Iterator[str]:
        listening = {
            f"{each['metadata']['name']}:{port['port']}"
            for _, each in self.of("Service")
            for port in each["spec"]["ports"]
        }
        for name, each in self.of("ConfigMap"):
            for key, value in each["data"].items():
                if key.endswith("_URL") and key != "PUBLIC_URL" and urlsplit(value).netloc not in listening:
                    yield f"{name}: no Service listens at {key}={value}"

    def _lost_selectors(self) -> Iterator[str]:
        labels = [pod["metadata"]["labels"] for _, pod in self.pods()]
        for name, each in self.of("NetworkPolicy", "Service", "PodDisruptionBudget"):
            spec = each["spec"]
            selector = spec.get("podSelector", spec.get("selector", {}))
            wanted = selector.get("matchLabels", selector if each["kind"] == "Service" else {})
            if not any(wanted.items() <= present.items() for present in labels):
                yield f"{name}: selects no pod"


def _unhardened(pod: Manifest) -> Iterator[str]:
    """What a pod may do that none of ours needs."""
    security = pod.get("securityContext", {})
    if not security.get("runAsNonRoot") or security.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "may run as root or without seccomp"
    if pod.get("automountServiceAccountToken") is not False or pod.get("enableServiceLinks") is not False:
        yield "is told about the cluster"
    for container in pod.get("initContainers", []) + pod["containers"]:
        wanted = {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        if container.get("securityContext") != wanted:
            yield f"{container['name']} has more privileges than it needs"
        resources = container.get("resources", {})
        if "memory" not in resources.get("limits", {}) or {"cpu", "memory"} - resources.get("requests", {}).keys():
            yield f"{container['name']} has no bounds"


def _unwatched(pod: Manifest) -> Iterator[str]:
    for container in pod["containers"]:
        yield from (f"{container['name']} has no {probe}" for probe in PROBES if probe not in container)


def missing(cluster: Cluster) -> Iterator[str]:
    """Processes that no manifest starts, and schemas that nothing migrates or waits for."""
    deployed = {name for name, _ in cluster.of("Deployment")}
    commands = {name: _command(pod["spec"]["containers"]) for name, pod in cluster.pods()}
    waits = {name: _command(pod["spec"].get("initContainers", [])) for name, pod in cluster.pods()}
    for service, has_database in services().items():
        has_worker = (ROOT / "services" / service / "src" / service / "worker.py").exists()
        wanted = [service, f"{service}-worker"] if has_worker else [service]
        yield from (f"nothing starts {name}" for name in wanted if f"Deployment {name}" not in deployed)
        if has_database:
            if commands.get(f"Job migrate-{service}") != ["python", "-m", "common.db.migrate", service]:
                yield f"nothing migrates {service}"
            wait = ["python", "-m", "common.db.migrate", "--wait", service]
            yield from (
                f"{name} does not wait for its schema" for name in wanted if waits.get(f"Deployment {name}") != wait
            )


def _command(containers: list[Manifest]) -> list[str]:
    return containers[0].get("args", []) if containers else []


def main() -> int:
    """Return 1 when anything is wrong, 0 also where there is nothing to build with."""
    if not (shutil.which("kubectl") or shutil.which("kustomize")):
        print("neither kubectl nor kustomize is here: the manifests were not looked at")
        return 0
    found: list[str] = []
    for folder in sorted(path.parent for path in (ROOT / "k8s").rglob("kustomization.yaml")):
        text = build(folder)
        cluster = Cluster(list(yaml.safe_load_all(text)))
        wrong = [*misfits(text)]
        if folder.parent.name == "overlays":  # the others are parts of these
            wrong += [*cluster.complaints(), *missing(cluster)]
        print(f"{folder.name}: {len(cluster.manifests)} manifests, {len(wrong)} complaints")
        found += wrong
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
