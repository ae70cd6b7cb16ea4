# SPDX-License-Identifier: Apache-2.0
"""Turns a few words about a panel into what Grafana wants to know of it."""

import json
import re
from dataclasses import dataclass

COLUMNS = 24
LINE_COLUMNS = 100
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass
class Panel:
    """`queries`: {legend: query}. A legend may name labels: {{job}}.

    In queries, `@` after a metric's name stands for the dashboard's own service and the instances
    chosen on the page: weir_results_total@ is weir_results_total{job="aggregator",instance=~"..."},
    and weir_records_total@{fate="late"} adds to that. `@job` stands for the service alone.
    """
    title: str
    queries: dict
    unit: str = "short"
    about: str = ""
    kind: str = "timeseries"
    width: int = 8
    height: int = 7
    stacked: bool = False
    ready: bool = False  # a number that is red at 0
    signed: bool = False  # below zero, too


@dataclass
class Row:
    title: str
    panels: list


def full_query(query, service):
    """Replaces @job and @ by what they stand for."""
    query = query.replace("@job", f'{{job="{service}"}}')
    chosen = f'job="{service}",instance=~"$instance"'
    query = re.sub(r"@\{", "{" + chosen + ",", query)
    return query.replace("@", "{" + chosen + "}")


def defaults_of(panel):
    defaults = {"unit": panel.unit}
    if panel.kind == "timeseries":
        if not panel.signed:
            defaults["min"] = 0
        defaults["custom"] = {"fillOpacity": 10, "showPoints": "never"}
        if panel.stacked:
            defaults["custom"]["stacking"] = {"mode": "normal", "group": "A"}
    elif panel.ready:
        defaults["thresholds"] = {"mode": "absolute", "steps": [
            {"color": "red", "value": None}, {"color": "green", "value": 1}]}
    else:
        defaults["thresholds"] = {"mode": "absolute", "steps": [{"color": "text", "value": None}]}
    return defaults


def options_of(panel):
    if panel.kind == "timeseries":
        return {"legend": {"showLegend": True, "displayMode": "list", "placement": "bottom",
                           "calcs": []},
                "tooltip": {"mode": "multi", "sort": "none"}}
    if panel.kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "none",
                "textMode": "auto" if len(panel.queries) == 1 else "value_and_name"}
    return {}


def panel_json(panel, number, place, service):
    targets = []
    for index, (legend, query) in enumerate(panel.queries.items()):
        target = {"refId": chr(ord("A") + index), "datasource": SOURCE,
                  "expr": full_query(query, service), "legendFormat": legend or "__auto"}
        if panel.kind != "timeseries":
            target |= {"instant": True, "range": False}
        if panel.kind == "table":
            target["format"] = "table"
        targets.append(target)
    made = {"id": number, "type": panel.kind, "title": panel.title, "datasource": SOURCE,
            "gridPos": place, "targets": targets,
            "fieldConfig": {"defaults": defaults_of(panel), "overrides": []},
            "options": options_of(panel)}
    if panel.about:
        made["description"] = panel.about
    if panel.kind == "table":
        made["transformations"] = [{"id": "organize", "options": {"excludeByName": {
            "Time": True, "Value": True, "__name__": True, "alertstate": True}}}]
    return made


def panels_json(rows, service):
    """Lays the panels out from left to right, each row under its heading."""
    made, top = [], 0
    for row in rows:
        heading = {"h": 1, "w": COLUMNS, "x": 0, "y": top}
        made.append({"id": len(made) + 1, "type": "row", "title": row.title, "collapsed": False,
                     "gridPos": heading, "panels": []})
        top, left, height = top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                top, left, height = top + height, 0, 0
            place = {"h": panel.height, "w": panel.width, "x": left, "y": top}
            made.append(panel_json(panel, len(made) + 1, place, service))
            left, height = left + panel.width, max(height, panel.height)
        top += height
    return made


def variables(service):
    source = {"name": "datasource", "label": "Data source", "type": "datasource",
              "query": "prometheus", "hide": 0}
    if service == "pipeline":
        return [source]
    query = f'label_values(weir_build_info{{job="{service}"}}, instance)'
    return [source, {
        "name": "instance", "label": "Instance", "type": "query", "datasource": SOURCE,
        "refresh": 2,
        "query": {"qryType": 1, "query": query,
                  "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "multi": True, "includeAll": True, "allValue": ".*", "sort": 1, "hide": 0,
        "current": {"text": ["All"], "value": ["$__all"]}}]


def dashboard(name, rows):
    """One dashboard; `name` is that of the service it is about, or "pipeline"."""
    return {
        "uid": f"weir-{name}", "title": f"Weir: {name}", "tags": ["weir"], "editable": False,
        "schemaVersion": 39, "refresh": "10s", "time": {"from": "now-30m", "to": "now"},
        "timezone": "browser", "graphTooltip": 1,
        "links": [{"type": "dashboards", "title": "Weir", "tags": ["weir"], "asDropdown": True,
                   "icon": "external link", "tooltip": "",
                   "keepTime": True, "includeVars": False, "targetBlank": False}],
        "templating": {"list": variables(name)},
        "annotations": {"list": []},
        "panels": panels_json(rows, name),
    }


def text_of(value, indent=0, before=0):
    """JSON in which whatever fits into a line is in one; `before`: columns taken already."""
    line = json.dumps(value, ensure_ascii=False)
    if indent + before + len(line) < LINE_COLUMNS or not isinstance(value, (dict, list)):
        return line
    inner = " " * (indent + 2)
    if isinstance(value, list):
        items = [text_of(item, indent + 2) for item in value]
    else:
        items = [f"{json.dumps(key)}: {text_of(item, indent + 2, len(key) + 4)}"
                 for key, item in value.items()]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    return f"{opening}\n{inner}" + f",\n{inner}".join(items) + f"\n{' ' * indent}{closing}"
