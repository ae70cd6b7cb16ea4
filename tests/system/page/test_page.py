# SPDX-License-Identifier: Apache-2.0
"""Goal: what is in Kafka is what people see. Method: records with known values through the real
emitter into the real page in a real browser; the page is read through its documented attributes.
Screenshots stay in build/artifacts/."""

import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ARTIFACTS = Path(__file__).resolve().parents[3] / "build" / "artifacts"
CONNECTED = '[data-role="connection"][data-state="connected"]'
RECONNECTING = '[data-role="connection"][data-state="reconnecting"]'
ROW = '[data-role="window"]'


def card(device, role=""):
    inside = f' [data-role="{role}"]' if role else ""
    return f'[data-role="device"][data-device="{device}"]{inside}'


def chart(**numbers):
    wanted = "".join(f'[data-{name}="{value}"]' for name, value in numbers.items())
    return f'[data-role="chart"]{wanted}'


def positions(browser):
    return [row["data"]["position"] for row in browser.read(ROW)]


def test_devices_appear_by_themselves_with_their_windows(cluster, emitter, browser):
    browser.open(emitter.url)
    browser.wait(CONNECTED)
    browser.wait('[data-role="empty"]', "Waiting for the first reading")
    assert browser.read('[data-role="arrivals-section"][hidden]'), "there are no readings"

    written = [cluster.window("device1", 0, 863.852), cluster.window("device2", 0, 1.0)]
    written += [cluster.window("device1", 1, 432.475), cluster.window("device2", 1, 0.2)]
    browser.wait(chart(lines=2, points=4))
    browser.wait(card("device1", "mean"), "^432.475$")
    browser.wait(card("device2", "mean"), "^0.200$")

    written.append(cluster.window("device3", 1, 26160.56, weir_count="7", weir_incomplete="cut"))
    browser.wait(chart(lines=3, points=5))
    row = browser.read(f'{ROW}[data-device="device3"]')[0]
    assert row["roles"]["mean"] == "26160.560"
    assert row["roles"]["count"] == "≥ 7"
    assert row["times"]["start"] == cluster.start_of(1)
    assert row["times"]["end"] == cluster.start_of(2)
    assert sorted(positions(browser)) == sorted(written)
    colours = {device["data"]["colour"] for device in browser.read('[data-role="device"]')}
    assert len(colours) == 3
    assert browser.problems() == []


def test_a_page_opened_late_shows_the_recent_past(cluster, emitter, browser, wait_until):
    written = [cluster.window(f"device{n}", nth, 500 + 40 * n + 9 * (nth * n % 7))
               for nth in range(18) for n in (1, 2)]
    for n in (1, 2):
        for nth in (18, 19):
            cluster.partial(f"device{n}", nth, 560.25 + 40 * n, weir_count="30")
    browser.open(emitter.url)
    browser.wait(chart(lines=2, points=36, rings=4))
    assert sorted(positions(browser)) == sorted(written)
    browser.wait(card("device2", "partial"), "^640.250$")
    browser.screenshot(ARTIFACTS / "page.png")

    browser.open(emitter.url, width=390, height=844, scheme="dark")
    browser.wait(chart(lines=2, points=36, rings=4))
    assert browser.overflow() == 0
    browser.screenshot(ARTIFACTS / "page-phone-dark.png")
    assert browser.problems() == []


def test_the_running_mean_moves_until_its_window_closes(cluster, emitter, browser):
    browser.open(emitter.url)
    browser.wait(CONNECTED)
    cluster.partial("device1", 19, 10.5, weir_count="1")
    browser.wait(card("device1", "partial"), "^10.500$")
    browser.wait(card("device1", "progress-text"), "of 15 s, 1 reading$")
    cluster.partial("device1", 19, 11.25, weir_count="2")
    browser.wait(card("device1", "partial"), "^11.250$")
    browser.wait(chart(lines=0, rings=1))
    cluster.window("device1", 19, 11.5)
    browser.wait(card("device1", "mean"), "^11.500$")
    browser.wait(card("device1", "partial"), "^–$")
    browser.wait(chart(lines=1, points=1, rings=0))


def test_a_revision_replaces_its_window(cluster, emitter, browser):
    browser.open(emitter.url)
    browser.wait(CONNECTED)
    cluster.window("device1", 3, 5.0)
    browser.wait(f'{ROW} [data-role="mean"]', "^5.000$")
    revised = cluster.window("device1", 3, 6.125, weir_revision="1")
    browser.wait(f'{ROW} [data-role="mean"]', "^6.125$")
    assert positions(browser) == [revised]


def test_a_page_of_an_older_system_gets_its_client_where_it_looks_for_it(
        cluster, page, emitter, browser):
    (page / "old.html").write_text('<!doctype html><title>old</title><p id="data"></p>'
                                   '<script src="/socket.io/socket.io.js"></script>'
                                   '<script src="/old.js"></script>')
    (page / "old.js").write_text('const show = document.getElementById("data");'
                                 'io().on("connect", () => (show.textContent = "there"))'
                                 '.on("emit", ({ data }) => (show.textContent = data));')
    emitter.restart()
    browser.open(f"{emitter.url}old.html")
    browser.wait("#data", "^there$")
    cluster.window("device1", 0, 863.852)
    browser.wait("#data", "^863.852$")

    url = f"{emitter.url}socket.io/socket.io.js"
    with urllib.request.urlopen(url) as answer:
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        etag = answer.headers["ETag"]
    with pytest.raises(urllib.error.HTTPError) as not_modified:
        urllib.request.urlopen(urllib.request.Request(url, headers={"If-None-Match": etag}))
    assert not_modified.value.status == 304


def test_a_restart_of_the_emitter_loses_and_doubles_nothing(cluster, emitter, browser):
    browser.open(emitter.url)
    browser.wait(CONNECTED)
    written = [cluster.window(f"device{n}", nth, nth + n) for nth in range(4) for n in (1, 2)]
    browser.wait(chart(lines=2, points=8))

    for stop in (emitter.stop, emitter.kill):
        stop()
        browser.wait(RECONNECTING)
        nth = len(written) // 2
        written += [cluster.window(f"device{n}", nth, nth + n) for n in (1, 2)]
        emitter.start().wait_ready()
        browser.wait(CONNECTED)
        written += [cluster.window(f"device{n}", nth + 1, nth + n) for n in (1, 2)]
        browser.wait(chart(lines=2, points=len(written)))
        assert sorted(positions(browser)) == sorted(written)


def test_broken_and_hostile_records_do_no_harm(cluster, emitter, browser):
    browser.open(emitter.url)
    browser.wait(CONNECTED)
    hostile = '<img src=x onerror="document.title=1">'
    values = [b"", b"{", b"\xff\xfe", b"null", b"[]", b"7", b'{"device_name":"device1"}',
              b'{"device_name":7,"window":{},"average":[]}', b'{"__proto__":{"x":1}}',
              b"x" * 100_000]
    for kind in cluster.topics:
        for value in values:
            cluster.raw(kind, "device1", value)
    cluster.window("device1", 0, "NaN")
    cluster.window(hostile, 0, 2.5)
    cluster.window("__proto__", 0, 3.5)
    written = cluster.window("device1", 1, 4.5)
    cluster.raw("late", "device1", b"{}", weir_late_by_ms="4321")
    cluster.raw("dead", "device1", b"8x", weir_error="payload is not a <number>")

    browser.wait(card("device1", "mean"), "^4.500$")
    browser.wait(card("__proto__", "mean"), "^3.500$")
    browser.wait(f'{ROW} [data-role="name"]', "^<img src=x")
    assert written in positions(browser)
    browser.wait('[data-role="late"]', f"^{len(values) + 1}$")
    browser.wait('[data-role="dead"]', f"^{len(values) + 1}$")
    browser.click('[data-role="rejected-details"] summary')
    browser.wait('[data-role="reject"]', "late device1 4.3 s too late for its window")
    browser.wait('[data-role="reject"]', "dead device1 payload is not a <number>")
    assert browser.problems() == []


def test_long_polling_takes_over_where_websockets_are_forbidden(cluster, emitter, browser):
    browser.open(emitter.url, websocket=False)
    browser.wait(f'{CONNECTED}[data-transport="polling"]')
    cluster.window("device1", 0, 7.0)
    browser.wait(card("device1", "mean"), "^7.000$")


def test_everybody_can_read_it(cluster, emitter, browser):
    browser.open(emitter.url)
    browser.wait(CONNECTED)
    assert browser.axe() == []
    for n in range(1, 17):
        cluster.window(f"device{n}", 0, 100 * n)
    for scheme in ("light", "dark"):
        browser.open(emitter.url, scheme=scheme)
        browser.wait(chart(lines=16))
        assert browser.axe() == []


def test_lines_can_be_switched_off(cluster, emitter, browser):
    for device in ("device1", "device2"):
        cluster.window(device, 0, 1.0)
    browser.open(emitter.url)
    browser.wait(chart(lines=2))
    browser.click(card("device1", "shown"))
    browser.wait(chart(lines=1))
    browser.click('[data-role="toggle-all"]')
    browser.wait(chart(lines=2))


def test_one_of_many_devices_is_found_by_name(cluster, emitter, browser):
    browser.open(emitter.url)
    for n in range(30):
        cluster.window(f"Device {n}", 1, 100.0 + n)
    browser.wait('[data-role="device-count"]', "^30 of 30 devices$")
    browser.press("/")
    browser.fill('[data-role="search"]:focus', "7 dev")
    browser.wait('[data-role="device-count"]', "^3 of 30 devices$")
    found = [device["data"]["device"] for device in browser.read('[data-role="device"]')]
    assert sorted(found) == ["Device 17", "Device 27", "Device 7"]
    browser.wait(chart(lines=30, points=30))
    browser.fill('[data-role="search"]', "nowhere")
    browser.wait('[data-role="search-empty"]', "No device")
    browser.press("Escape")
    browser.wait('[data-role="device-count"]', "^30 of 30 devices$")
    assert browser.axe() == [] and browser.problems() == []


def test_a_paused_page_stands_still_and_catches_up(cluster, emitter, browser):
    browser.open(emitter.url)
    cluster.window("device1", 1, 5.0)
    browser.wait(chart(lines=1, points=1))
    browser.click('[data-role="pause"]')
    browser.wait('[data-role="pause"][data-paused="true"]', "^Resume$")
    cluster.window("device1", 2, 6.0)
    cluster.window("device2", 2, 7.0)
    browser.wait('[data-role="meanwhile"]', "^Paused, [1-9][0-9]* events? since$")
    browser.wait(card("device1", "mean"), "^5.000$")
    assert browser.read(card("device2")) == [] and len(browser.read(ROW)) == 1
    browser.click('[data-role="pause"]')
    browser.wait(chart(lines=2, points=3))
    browser.wait(card("device1", "mean"), "^6.000$")


def test_what_is_above_the_threshold_is_said_in_words(cluster, emitter, browser):
    browser.open(emitter.url)
    cluster.window("device1", 1, 863.852)
    cluster.window("device2", 1, 432.475)
    browser.wait(chart(lines=2))
    browser.fill('[data-role="threshold"]', "432.475")
    browser.wait(card("device1", "above"), "^Above 432.475$")
    browser.wait('[data-role="chart"][data-threshold="432.475"]')
    assert [device["data"]["device"] for device in browser.read("[data-above]")] == ["device1"]
    assert browser.axe() == []
    browser.screenshot(ARTIFACTS / "page-threshold.png")
    cluster.window("device1", 2, 1.0)
    browser.wait(card("device1", "mean"), "^1.000$")
    assert browser.read("[data-above]") == []


def test_the_windows_shown_can_be_zoomed_into_and_downloaded(cluster, emitter, browser):
    browser.open(emitter.url)
    for nth in range(20):
        cluster.window("=1+1", nth, nth + 0.5, weir_count=str(nth))
    browser.wait(chart(points=20))
    header = "device,start,end,mean,count"
    lines = [f"'=1+1,{cluster.start_of(nth)},{cluster.start_of(nth + 1)},{nth + 0.5},{nth}"
             for nth in range(20)]
    name, text = browser.download('[data-role="export"]')
    assert name.startswith("windows-") and name.endswith("Z.csv")
    assert text == "".join(f"{line}\r\n" for line in [header, *lines])

    browser.drag('[data-role="chart"]', 0.4, 0.7)
    browser.wait('[data-role="chart"][data-zoomed]')
    zoomed = browser.download('[data-role="export"]')[1].split("\r\n")[1:-1]
    assert 0 < len(zoomed) < 20
    assert zoomed == lines[lines.index(zoomed[0]):][:len(zoomed)]
    browser.screenshot(ARTIFACTS / "page-zoomed.png")
    browser.click('[data-role="zoom-reset"]')
    browser.wait('[data-role="chart"]:not([data-zoomed])')
    assert browser.problems() == []


def test_readings_are_dots_and_those_out_of_order_stand_out(cluster, emitter, browser):
    delays_ms = {20: 4_000, 35: 2_500, 36: 900}
    browser.open(emitter.url)
    browser.wait(CONNECTED)
    for n, device in enumerate(("device1", "device2")):
        for nth in range(4):
            cluster.window(device, nth, 480 + 40 * n + 7 * nth)
        for at in range(180):
            value = 300 + 200 * n + (at * 37) % 301
            cluster.reading(device, at / 3, value, delays_ms.get(at, 5) if n == 0 else 5)
    browser.wait('[data-role="readings"]', "^360$")
    browser.wait('[data-role="disordered"]', "^3$")
    browser.wait(card("device1", "disorder"), "^Out of order 3 of 180$")
    browser.wait(card("device2", "disorder"), "^Out of order 0 of 180$")
    browser.wait('[data-role="chart"]:not([data-dots="0"])')
    assert int(browser.read(chart())[0]["data"]["dots"]) > 100
    assert int(browser.read('[data-role="arrivals"]')[0]["data"]["dots"]) > 100
    browser.screenshot(ARTIFACTS / "page-readings.png")
    assert browser.axe() == []

    browser.click('[data-role="shows-readings"]')
    browser.wait(chart(dots=0))
    browser.click(card("device1", "shown"))
    browser.wait('[data-role="disordered"]', "^0$")
    browser.wait('[data-role="readings"]', "^180$")

    # Whoever comes back gets the last one of each device again.
    emitter.restart()
    browser.wait(CONNECTED)
    cluster.reading("device2", 70, 400)
    browser.wait('[data-role="readings"]', "^181$")
    browser.open(emitter.url, width=390, height=844, scheme="dark")
    browser.wait('[data-role="readings"]', "^2$")
    assert browser.overflow() == 0 and browser.axe() == [] and browser.problems() == []


def test_the_chart_is_zoomed_by_keys_and_says_so(cluster, emitter, browser):
    browser.open(emitter.url)
    for nth in range(20):
        cluster.window("device1", nth, nth + 0.5)
    browser.wait(chart(points=20))
    focused = '[data-role="chart"]:focus'
    whole = len(browser.download('[data-role="export"]')[1].split("\r\n"))
    browser.focus('[data-role="chart"]')
    browser.press("-")
    browser.press("ArrowRight")
    assert browser.read('[data-role="chart"]:not([data-zoomed])'), "there is no more"
    browser.press("+")
    browser.wait(f"{focused}[data-zoomed]")
    shown = r"^Shown: \d\d:\d\d:\d\d – \d\d:\d\d:\d\d$"
    browser.wait('[data-role="announcement"]', shown)
    browser.screenshot(ARTIFACTS / "page-keys.png")
    assert browser.axe() == []
    before = browser.read('[data-role="announcement"]')[0]["text"]
    browser.press("ArrowLeft")
    browser.wait('[data-role="announcement"]', f"^(?!{before}$)Shown")
    assert len(browser.download('[data-role="export"]')[1].split("\r\n")) < whole
    browser.focus('[data-role="chart"]')
    browser.press("Escape")
    browser.wait('[data-role="chart"]:not([data-zoomed])')
    browser.wait('[data-role="announcement"]', "^All is shown$")
    assert len(browser.download('[data-role="export"]')[1].split("\r\n")) == whole
    assert browser.problems() == []


def test_a_threshold_far_away_does_not_flatten_the_lines(cluster, emitter, browser):
    browser.open(emitter.url)
    for nth in range(8):
        cluster.window("device1", nth, 400 + 5 * (nth % 3))
    browser.wait(chart(points=8))
    for text, place in (("430", "inside"), ("90000", "above"), ("-7", "below"), ("", "")):
        browser.fill('[data-role="threshold"]', text)
        browser.wait(f'[data-role="chart"][data-threshold-place="{place}"]')
        assert browser.read(chart(threshold=text))
        if place == "above":
            browser.screenshot(ARTIFACTS / "page-threshold-far.png")
    assert not browser.read("[data-above]") and browser.problems() == []


def stage(browser, name):
    return browser.read(f'[data-stage="{name}"]')[0]["data"]


def test_each_stage_of_the_way_is_told_whatever_the_time_here(cluster, emitter, browser):
    browser.open(emitter.url, clock_ms=-90_000)
    browser.wait('[data-role="connection"][data-state="connected"]')
    cluster.window("device1", 0, 1.0)
    browser.wait('[data-role="clock"]', "is 1.5 min behind the server's, known within [0-9]+ ms")
    assert browser.read('tbody[hidden] > [data-stage="reading-kafka"]'), "there are no readings yet"
    for n in range(20):
        cluster.reading_now("device1", n, delay_ms=5 if n % 2 else 200)
        cluster.reading_now("device2", n, weir_event_time_source="arrival")
    cluster.window("device1", 19, 2.0)
    browser.wait('[data-stage="reading-here"] [data-role="samples"]', "^40$")
    browser.wait('[data-stage="reading-kafka"] [data-role="samples"]', "^20$")
    assert 200 <= int(stage(browser, "reading-kafka")["p99"]) < 400
    assert 0 <= int(stage(browser, "reading-here")["p50"]) < 1_000
    assert 200 <= int(stage(browser, "reading-total")["p99"]) < 2_000
    ahead_ms = int(browser.read('[data-role="clock"]')[0]["data"]["aheadMs"])
    assert abs(ahead_ms - 90_000) < 100

    browser.wait('[data-stage="result-kafka"] [data-role="samples"]', "^2$")
    browser.wait('[data-stage="result-here"] [data-role="samples"]', "^[12]$")
    assert browser.axe() == [] and browser.problems() == []
    browser.open(emitter.url)
    browser.wait('[data-stage="result-kafka"] [data-role="samples"]', "^2$")
    browser.wait('[data-role="clock"]', "^The clocks here and at the server agree within")
    waited = stage(browser, "result-here")["p50"]
    assert waited == "", "what was there before has waited for the page"


@pytest.mark.alone
def test_thousands_of_readings_a_second_leave_the_page_quick(cluster, emitter, browser):
    browser.open(emitter.url)
    browser.wait(CONNECTED)
    ended = threading.Event()
    thread = threading.Thread(target=cluster.flood, args=(20, ended))
    thread.start()
    try:
        browser.wait('[data-role="device-count"]', "^20 of 20 devices$")
        browser.wait('[data-role="readings"]', r"^\d{5,}$")  # ten thousand
        for word, count in (("1", 11), ("19", 1), ("", 20)):
            began = time.monotonic()
            browser.fill('[data-role="search"]', word)
            browser.wait('[data-role="device-count"]', f"^{count} of 20 devices$")
            assert time.monotonic() - began < 5
    finally:
        ended.set()
        thread.join()
    assert browser.problems() == []
