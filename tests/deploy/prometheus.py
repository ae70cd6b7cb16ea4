# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus with the rules of deploy/monitoring, and what its language is made of."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request

import yaml
from support import ROOT
from weir_local import ports
from weir_local.process import Process

MONITORING = ROOT / "deploy" / "monitoring"


class Prometheus(Process):
    """Prometheus as deploy/monitoring/prometheus.yml has it, but for where its targets are.

    `targets` is {service: "host:port"}: what Docker's DNS would have answered. It scrapes and works
    the rules out every second.
    """

    def __init__(self, run_dir, targets):
        self.port = ports.free_port()
        self._config = run_dir / "prometheus.yml"
        self._targets = targets
        super().__init__("prometheus", [
            "prometheus", f"--config.file={self._config}",
            f"--storage.tsdb.path={run_dir / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{self.port}"], run_dir)

    def start(self):
        config = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
        config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s",
                             "evaluation_interval": "1s"}
        config["rule_files"] = [str(MONITORING / pattern) for pattern in config["rule_files"]]
        for scrape in config["scrape_configs"]:
            for found in scrape.pop("dns_sd_configs", []):
                scrape["static_configs"] = [
                    {"targets": [self._targets[name]], "labels": {"__meta_dns_name": name}}
                    for name in found["names"]]
            if scrape["job_name"] == "prometheus":
                scrape["static_configs"] = [{"targets": [f"127.0.0.1:{self.port}"]}]
        del config["alerting"]
        self._config.write_text(yaml.safe_dump(config))
        return super().start()

    def ready(self):
        try:
            return self.running and self._get("/-/ready", 0.25) is not None
        except OSError:
            return False

    def ask(self, path, **parameters):
        """The `data` of an answer of its HTTP API. A query it refuses is an AssertionError."""
        answer = json.loads(self._get(f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}", 10))
        assert answer["status"] == "success", f"{parameters}: {answer.get('error')}"
        return answer["data"]

    def query(self, expression):
        """[(labels, value)] of an instant query."""
        data = self.ask("query", query=expression)
        return [(sample["metric"], float(sample["value"][1])) for sample in data["result"]]

    def _get(self, path, timeout):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}",
                                        timeout=timeout) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if path.startswith("/api"):
                return error.read()
            raise


# What is no metric's name in the queries of this tree. A word missing here is taken for a metric
# that nobody shows, and reported.
_words = set("""and bool changes count delta deriv group histogram_quantile increase max min offset
                or present_over_time rate sum time unless vector""".split())


def selectors(expression):
    """The selectors of a PromQL expression: {'up', 'weir_records_total{fate="late"}', …}."""
    rest = re.sub(r"\b(by|on)\s*\([^)]*\)|\[[^\]]*\]|\boffset\s+\w+", " ", expression)
    found = re.findall(r"[a-zA-Z_:][\w:]*(?:\{[^}]*\})?", rest)
    return {each for each in found if each not in _words}


def grouping_labels(expression):
    """The labels named by its by(…) and on(…)."""
    lists = re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression)
    return {label.strip() for each in lists for label in each.split(",")}
