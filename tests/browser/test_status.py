"""The status: what is served, how good it is, and what it does at this moment."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.running import Process, photo_of, processes
from tests.browser.conftest import opened
from tests.browser.shops import enter_key


def figure(page: Page, name: str) -> Any:
    return page.locator(".figure").filter(has=page.get_by_text(name, exact=True)).locator(".value")


def test_the_status_says_what_is_served_and_how_good_it_is(browser: Browser, scored: Process) -> None:
    info = scored.http.get("/info").json()
    with opened(browser, scored) as page:
        page.goto("/#status")
        expect(page.locator(".badge")).to_have_text("Ready")
        expect(figure(page, "Products")).to_have_text("100")
        expect(figure(page, "Photos")).to_have_text("300")
        expect(figure(page, "Revision")).to_have_text("0")
        expect(page.get_by_text(info["generation"])).to_have_count(2)  # served, and ready
        expect(page.get_by_text(f"{info['model']['bits']} bits")).to_be_visible()
        expect(page.get_by_text(info["model"]["backbone"])).to_be_visible()
        first = page.locator(".meters li").first
        expect(first).to_contain_text(f"{round(info['quality']['product']['recall@1'] * 100)}")
        share = first.locator(".gauge span").evaluate("own => own.offsetWidth / own.parentElement.offsetWidth")
        assert share == pytest.approx(info["quality"]["product"]["recall@1"], abs=0.02)
        expect(page.get_by_text("or more means the same product")).to_be_visible()
        expect(page.get_by_text("TWINSHOT_STATE and TWINSHOT_WRITE_KEY turn them on")).to_be_visible()
        expect(page.get_by_text("customers' own photos are harder")).to_have_count(0)  # asked with photos held out


def test_a_service_without_scores_says_why(page: Page) -> None:
    page.goto("/#status")
    expect(page.get_by_text("there were too few photos")).to_be_visible()


def test_where_indexed_photos_asked_it_is_said_that_others_are_harder(page: Page) -> None:
    page.goto("/#status")
    expect(page.get_by_text("60 indexed photos, each asked against all the others")).to_be_visible()
    expect(page.get_by_text("customers' own photos are harder")).to_be_visible()


def test_the_figures_are_of_now(browser: Browser, scored: Process) -> None:
    with opened(browser, scored) as page:
        page.goto("/#status")
        expect(figure(page, "Searches a second")).to_have_text("–")
        expect(figure(page, "Searches a second")).to_have_text("0.0")
        for product in range(6):
            for _ in range(2):
                scored.ask(photo_of(product, 70))  # which nobody else has asked
        scored.http.get("/products/P003/similar")
        expect(figure(page, "Time to answer")).to_contain_text("ms")
        expect(figure(page, "From the cache")).to_contain_text("50")
        expect(figure(page, "Searches a second")).not_to_have_text("0.0")
        assert page.locator(".spark polyline").count() == 6
        drawn = page.locator(".spark polyline").first.get_attribute("points")
        assert drawn is not None
        assert len({point.split(",")[1] for point in drawn.split()}) > 1  # it rose


def test_each_figure_says_since_when_it_counts(browser: Browser, scored: Process) -> None:
    scored.ask(photo_of(1))
    with opened(browser, scored) as page:
        page.clock.install()
        page.goto("/#status")
        # asked before the page was opened: in its table, and not said to be nobody's
        stages = page.get_by_role("table", name="Since the service started", exact=True)
        expect(stages.get_by_role("row", name="Model")).to_contain_text("ms")
        expect(page.get_by_role("heading", name="Since this page was opened")).to_be_visible()
        expect(page.get_by_text("last minute")).to_have_count(0)
        for _ in range(24):
            with page.expect_response("**/metrics"):
                page.clock.run_for(3000)
        expect(page.get_by_role("heading", name="In the last minute")).to_be_visible()
        expect(page.get_by_text("Since this page was opened")).to_have_count(0)


def test_nothing_from_before_is_among_the_figures_since_the_page_was_opened(browser: Browser, scored: Process) -> None:
    scored.ask(photo_of(1))
    with opened(browser, scored) as page:
        page.clock.install(time=0)
        page.clock.pause_at(1000)  # so that it looks once
        page.goto("/#status")
        expect(page.get_by_role("heading", name="Since this page was opened")).to_be_visible()
        for name in ("Searches a second", "Time to answer", "From the cache"):
            expect(figure(page, name)).to_have_text("–")


def test_nobody_looks_while_another_view_is_shown(page: Page) -> None:
    page.goto("/#status")
    expect(page.locator(".badge")).to_have_text("Ready")
    page.get_by_role("link", name="Search", exact=True).click()
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.wait_for_timeout(4000)
    assert [url for url in seen if "metrics" in url or "readyz" in url] == []
    with page.expect_response("**/metrics"):
        page.get_by_role("link", name="Status").click()


def test_a_key_is_asked_for_once_and_again_when_somebody_wants_to_enter_it(browser: Browser, locked: Process) -> None:
    with opened(browser, locked) as page:
        page.goto("/#status")
        page.get_by_role("dialog", name="Key").get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("alert")).to_contain_text("This service needs a key")
        expect(page.locator(".badge")).to_have_text("Ready")
        with page.expect_response("**/readyz?verbose"):
            pass
        page.wait_for_timeout(500)
        expect(page.get_by_role("dialog")).to_be_hidden()
        enter = page.get_by_role("button", name="Enter the key")
        enter.click()
        enter_key(page)
        expect(figure(page, "Products")).to_have_text("20")
        expect(figure(page, "Searches a second")).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)


def test_a_tab_that_is_seen_again_is_looked_at_only_where_it_shows_the_status(
    browser: Browser, locked: Process
) -> None:
    with opened(browser, locked) as page:
        page.goto("/#status")
        page.get_by_role("dialog", name="Key").get_by_role("button", name="Cancel").click()
        page.get_by_role("link", name="Catalogue").click()
        page.get_by_role("dialog", name="Key").get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("alert").filter(visible=True)).to_be_visible()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_timeout(500)
        assert asked == []
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.get_by_role("link", name="Status").click()
        expect(page.get_by_role("dialog", name="Key")).to_be_visible()


def test_a_service_that_is_not_well_is_shown_so(browser: Browser, scored: Process) -> None:
    checks = {"generation": "G", "revision": 3, "loading": None, "cache": "redis: does not answer", "process": "ok"}
    checks["refused"] = {"generation": "G2", "reason": "G2/model.onnx is missing"}
    with opened(browser, scored) as page:
        page.route("**/readyz?verbose", lambda route: route.fulfill(json={"status": "degraded", "checks": checks}))
        page.goto("/#status")
        expect(page.locator(".badge")).to_have_text("Ready, but something is wrong")
        expect(page.get_by_text("G2 G2/model.onnx is missing")).to_be_visible()
        expect(page.get_by_text("redis: does not answer")).to_be_visible()


@pytest.mark.parametrize("status", [403, 404])
def test_where_a_proxy_keeps_the_metrics_to_itself_all_else_is_shown(
    browser: Browser, scored: Process, status: int
) -> None:
    with opened(browser, scored, refused=[status]) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
        page.route("**/metrics", lambda route: route.fulfill(status=status))
        page.clock.install()
        page.goto("/#status")
        said = page.get_by_text("Live figures are not shown here: /metrics is not reachable at this address.")
        expect(said).to_be_visible()
        expect(page.locator(".badge")).to_have_text("Ready")
        expect(figure(page, "Products")).to_have_text("100")
        for name in ("Quality", "Generation and model", "Readiness", "Limits"):
            expect(page.get_by_role("heading", name=name)).to_be_visible()
        expect(page.get_by_role("heading", name="Time by stage")).to_be_hidden()
        expect(page.locator("#status .notice")).to_have_count(0)
        for _ in range(2):  # looks, each of which begins when the one before it is over
            with page.expect_response("**/readyz?verbose"):
                page.clock.run_for(3000)
        assert asked.count("metrics") == 1
        page.unroute("**/metrics")
        page.get_by_role("link", name="Search", exact=True).click()
        page.get_by_role("link", name="Status").click()
        expect(figure(page, "Searches a second")).to_be_visible()
        expect(said).to_have_count(0)


def test_metrics_that_fail_are_told_beside_what_is_known(browser: Browser, scored: Process) -> None:
    with opened(browser, scored, refused=[500]) as page:
        page.route("**/metrics", lambda route: route.fulfill(status=500))
        page.goto("/#status")
        expect(figure(page, "Products")).to_have_text("100")
        expect(page.locator("#status .notice")).to_contain_text("Internal Server Error")
        page.unroute("**/metrics")
        expect(figure(page, "Searches a second")).to_be_visible()
        expect(page.locator("#status .notice")).to_have_count(0)


def test_a_proxy_that_answers_for_a_service_that_is_gone_is_not_taken_for_it(page: Page) -> None:
    problem = {"type": "about:blank", "title": "Bad Gateway", "status": 502, "detail": "no replica answers"}
    page.route("**/readyz?verbose", lambda route: route.fulfill(json=problem))
    page.goto("/#status")
    expect(page.locator(".badge.unreachable")).to_have_text("The service does not answer")


def test_a_service_that_is_gone_is_shown_so_and_once_more_when_it_is_back(
    browser: Browser, tiny_bundle: Path, tmp_path: Path
) -> None:
    with processes(tiny_bundle, tmp_path) as start:
        service = start().until_ready()
        with opened(browser, service, refused=[503]) as page:
            page.goto("/#status")
            expect(page.locator(".badge")).to_have_text("Ready")
            service.stop()
            expect(page.locator(".badge")).to_have_text("The service does not answer")
            expect(page.get_by_text("Check the connection")).to_be_visible()
            start(TWINSHOT_PORT=str(service.port)).until_ready()
            expect(page.locator(".badge")).to_have_text("Ready")
            expect(page.get_by_text("Check the connection")).to_be_hidden()


BEFORE = """# HELP t_seconds Time.
t_seconds_bucket{le="0.1",stage="a"} 10.0
t_seconds_bucket{le="0.2",stage="a"} 10.0
t_seconds_bucket{le="+Inf",stage="a"} 10.0
n_total{route="/a",status="200"} 5.0
n_total{route="/b\\"c",status="429"} 1.0
process_start_time_seconds 1.7e+09
"""
AFTER = """t_seconds_bucket{le="0.1",stage="a"} 11.0
t_seconds_bucket{le="0.2",stage="a"} 14.0
t_seconds_bucket{le="+Inf",stage="a"} 15.0
t_seconds_bucket{le="0.1",stage="b"} 99.0
t_seconds_bucket{le="+Inf",stage="b"} 99.0
n_total{route="/a",status="200"} 8.0
n_total{route="/b\\"c",status="429"} 3.0
process_start_time_seconds 1.7e+09
"""


def test_figures_are_worked_out_of_the_metrics_as_prometheus_does(page: Page) -> None:
    page.goto("/")
    found = page.evaluate(
        """async ([before, after]) => {
            const { sampleOf, quantile, restarted, rise, total } = await import("/static/js/status/metrics.js");
            const [one, two] = [sampleOf(before, 0), sampleOf(after, 10)];
            const a = ({ stage }) => stage === "a";
            return {
                all: total(two, "n_total"),
                refused: rise(two, one, "n_total", ({ route, status }) => route === '/b"c' && status === "429"),
                whole: rise(two, null, "n_total"),
                none: total(two, "nothing"),
                half: quantile(0.5, two, one, "t_seconds", a),
                most: quantile(0.8, two, one, "t_seconds", a),
                beyond: quantile(0.99, two, one, "t_seconds", a),
                nothing: quantile(0.5, two, two, "t_seconds", a),
                same: restarted(one, two),
                anew: restarted(one, sampleOf(after.replace("1.7e+09", "1.8e+09"), 10)),
            };
        }""",
        [BEFORE, AFTER],
    )
    # of five: one below 0.1, three up to 0.2, one beyond the last edge
    assert found["half"] == pytest.approx(0.1 + 0.1 * 1.5 / 3)
    assert found["most"] == pytest.approx(0.2)
    assert (found["beyond"], found["nothing"]) == (pytest.approx(0.2), None)
    assert (found["all"], found["refused"], found["whole"], found["none"]) == (11, 2, 11, 0)
    assert (found["same"], found["anew"]) == (False, True)
