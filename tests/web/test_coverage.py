"""The coverage page: one set of figures on the map, in the table and in the files; inside the reader's areas only."""

import csv
import io
import itertools
import json
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from relief.accounts.model import RoleGrant
from relief.geography.model import Area
from relief.kernel.permissions import Role
from relief.store.work import unit_of_work
from tests.coverage.world import AT, BADIN_UC, BUTT_SERAI, CASH_PAISA, GOODS_PAISA, MEHAR_UC, put_world
from tests.factories.people import SYSTEM, add_person, put_five_areas, sign_in
from tests.support.databases import Databases

HOSTILE = "${alert(1)}</script><script>alert(2)</script><img src=x onerror=alert(3)>"
FIGURES = ("registered", "entitled", "served", "percent_served", "waiting", "disbursed", "per_family", "unexplained")


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the schematic Sindh and a campaign."""
    url = databases.prepared(backend, "coverage", put_world)
    yield url
    databases.give_back(url)


def signed_in(app: Flask, role: Role, code: str = "PK7") -> FlaskClient:
    """A browser of a person with the role over one of five areas."""
    with app.app_context(), unit_of_work(SYSTEM) as work:
        areas = {area.code: area for area in vars(put_five_areas(work)).values()}
        user = add_person(work, role, areas[code])
    client = app.test_client()
    sign_in(client, user)
    return client


@pytest.fixture
def auditor(app: Flask) -> FlaskClient:
    """Somebody who sees the whole province."""
    return signed_in(app, Role.AUDITOR)


@pytest.fixture
def coordinator(app: Flask) -> FlaskClient:
    """Somebody who sees Dadu."""
    return signed_in(app, Role.COORDINATOR, "PK703")


def table_of(page: str) -> dict[str, dict[str, str]]:
    """Return the figures as shown, by area code, and by "total" and "unknown"."""
    shown: dict[str, dict[str, str]] = {}
    for row in re.findall(r"<tr(?: |>).*?</tr>", page, re.DOTALL):
        cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)]
        code = re.search(r'data-area="([^"]+)"', row)
        name = code[1] if code else "unknown" if "area-unknown" in row else "total"
        if cells:
            shown[name] = dict(zip(FIGURES, cells, strict=True))
    return shown


def map_of(page: str) -> dict[str, list[object]]:
    """Return what the map is told of each area: the class and the figure as text."""
    told = re.search(r"L\.reliefAreas\((.*)\);", page)
    assert told is not None
    areas: dict[str, list[object]] = json.loads(told[1])["areas"]
    return areas


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


# --- The same figures everywhere ---


def test_the_table_shows_each_area_what_has_none_and_the_total(auditor: FlaskClient):
    shown = table_of(auditor.get("/coverage?campaign=FLOOD22&level=uc").text)
    assert len(shown) == 973 + 2
    assert list(shown[MEHAR_UC].values()) == ["20", "16", "5", "31.2 %", "11", "209,876.48", "41,975.30", "26,234.56"]
    assert list(shown[BUTT_SERAI].values()) == ["12", "12", "0", "0 %", "12", "0", "–", "52,469.12"]
    assert list(shown["unknown"].values()) == ["1", "1", "0", "0 %", "1", "0", "–", "0"]
    assert list(shown["total"].values()) == ["47", "37", "13", "35.1 %", "24", "419,752.96", "32,288.69", "78,703.68"]


@pytest.mark.parametrize("level", ["district", "taluka", "uc"])
def test_files_have_the_figures_of_the_page(auditor: FlaskClient, level: str):
    query = f"campaign=FLOOD22&level={level}"
    shown = table_of(auditor.get(f"/coverage?{query}").text)
    written = rows_of(auditor.get(f"/coverage/areas.csv?{query}").text)
    features = json.loads(auditor.get(f"/coverage/areas.geojson?{query}").data)["features"]
    total = shown.pop("total")
    assert {row["code"] or "unknown" for row in written} == set(shown)
    for row, feature in zip(written, features, strict=True):
        page, properties = shown[row["code"] or "unknown"], feature["properties"]
        for name in ("registered", "entitled", "served", "waiting"):
            assert int(row[name]) == properties[name] == int(page[name].replace(",", ""))
        assert float(row["disbursed_pkr"]) == properties["disbursed_pkr"] == float(page["disbursed"].replace(",", ""))
        share = "–" if row["percent_served"] == "" else f"{float(row['percent_served']):g} %"
        assert share == page["percent_served"]
    for name in ("registered", "served", "waiting"):
        assert sum(int(row[name]) for row in written) == int(total[name])


def test_the_map_is_told_the_figures_of_the_table(auditor: FlaskClient):
    for indicator in FIGURES:
        page = auditor.get(f"/coverage?campaign=FLOOD22&level=taluka&area=PK703&indicator={indicator}").text
        shown = table_of(page)
        for code, (_number, text) in map_of(page).items():
            assert str(text).endswith(f": {shown[code][indicator]}")
        assert set(map_of(page)) == set(shown) - {"total", "unknown"}


def test_the_legend_has_bounds_and_counts(auditor: FlaskClient):
    page = auditor.get("/coverage?campaign=FLOOD22&level=uc&area=PK70304&indicator=waiting").text
    legend = page[page.index('<div class="legend">') :]
    assert re.findall(r'class="bounds">([^<]*)<', legend)[:2] == ["11", "12"]
    assert "Nobody entitled" in legend and "Schematic boundaries" in legend
    assert "Schematic, PCO / OCHA Pakistan 2011" in legend


def test_one_instalment_alone(auditor: FlaskClient):
    page = auditor.get("/coverage?campaign=FLOOD22&instalment=2").text
    assert table_of(page)["total"]["served"] == "3"
    assert table_of(page)["total"]["disbursed"] == f"{3 * (CASH_PAISA + GOODS_PAISA) / 100:,.2f}"


def test_rows_are_sorted_and_areas_without_a_value_come_last(auditor: FlaskClient):
    for down in ("0", "1"):
        page = auditor.get(f"/coverage?campaign=FLOOD22&sort=percent_served&down={down}").text
        shares = [row["percent_served"] for code, row in table_of(page).items() if code != "total"]
        assert shares[:2] == (["100 %", "17.2 %"] if down == "1" else ["17.2 %", "100 %"])
        assert set(shares[2:]) == {"–"}


def test_every_area_leads_further_down(auditor: FlaskClient):
    page = auditor.get("/coverage?campaign=FLOOD22&indicator=waiting").text
    assert 'href="/coverage?campaign=FLOOD22&amp;indicator=waiting&amp;area=PK703"' in page
    page = auditor.get(
        "/coverage?campaign=FLOOD22&area=PK703&level=uc&instalment=2&indicator=waiting&classes=natural"
    ).text
    link = (
        f"/coverage?campaign=FLOOD22&amp;indicator=waiting&amp;instalment=2&amp;classes=natural&amp;area={BUTT_SERAI}"
    )
    assert f'href="{link}"' in page
    page = auditor.get(f"/coverage?campaign=FLOOD22&area={BUTT_SERAI}").text
    assert set(table_of(page)) == {BUTT_SERAI, "total"}
    assert [name for name in ("Sindh", "Dadu", "Mehar") if f"<bdi>{name}</bdi></a>" in page] == [
        "Sindh",
        "Dadu",
        "Mehar",
    ]


def test_figures_lead_to_the_hand_overs_behind_them(auditor: FlaskClient):
    page = auditor.get("/coverage?campaign=FLOOD22").text
    link = re.search(r'<a href="([^"]*hand-overs[^"]*area=PK701)">8</a>', page)
    assert link is not None
    assert auditor.get(link[1].replace("&amp;", "&")).status_code == 200


def test_the_home_page_says_how_many_wait(coordinator: FlaskClient):
    home = coordinator.get("/").text
    figures = re.findall(r'<bdi class="value">([^<]*)</bdi><span class="what">(Families[^<]*)<', home)
    assert ("24", "Families still waiting") in figures and ("5", "Families served") in figures


# --- Who sees what ---


def test_a_coordinator_sees_and_counts_the_own_district_only(coordinator: FlaskClient):
    page = coordinator.get("/coverage?campaign=FLOOD22&level=uc")
    assert page.status_code == 200
    assert BADIN_UC not in page.text and "PK701" not in page.text
    assert table_of(page.text)["total"]["registered"] == "38"
    assert {
        row["code"][:5] for row in rows_of(coordinator.get("/coverage/areas.csv?level=uc").text) if row["code"]
    } == {"PK703"}
    geojson = json.loads(coordinator.get("/coverage/areas.geojson?level=uc").data)
    assert {feature["properties"]["code"][:5] for feature in geojson["features"] if "id" in feature} == {"PK703"}


def test_two_parts_are_shown_side_by_side_by_what_is_whole_in_both(app: Flask):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        areas = put_five_areas(work)
        user = add_person(work, Role.COORDINATOR, areas.khairpur)
        work.session.add(
            RoleGrant(user_id=user.id, role=Role.COORDINATOR, area_id=areas.mehar.id, granted_by=0, granted_at=AT)
        )
    client = app.test_client()
    sign_in(client, user)
    page = client.get("/coverage?campaign=FLOOD22&level=district").text
    shown = table_of(page)
    assert {code[:5] for code in shown if code != "total"} == {"PK712", "PK703"}
    assert [code for code in shown if code.startswith("PK703")] == ["PK70304"]
    assert shown["total"]["registered"] == "33"
    assert client.get(geometry_url(page)).status_code == 200


def test_foreign_and_unknown_areas_and_campaigns_are_not_there(coordinator: FlaskClient):
    wanted = ("area=PK701", f"area={BADIN_UC}", "area=PK7", "area=PK9999", "area=%00", "campaign=NONE", "campaign=%00")
    for path, query in itertools.product(("", "/areas.csv", "/areas.geojson", "/map.svg"), wanted):
        assert coordinator.get(f"/coverage{path}?{query}").status_code == 404, query


def test_what_the_address_does_not_know_falls_back(coordinator: FlaskClient):
    page = coordinator.get("/coverage?level=province&indicator=nonsense&instalment=99&classes=x&sort=y&down=z")
    assert page.status_code == 200
    assert "Percent served" in page.text and 'data-area="PK70304"' in page.text


def test_point_staff_do_not_see_coverage(app: Flask):
    assert signed_in(app, Role.POINT_STAFF, "PK703").get("/coverage").status_code == 403


def test_nobody_sees_it_without_signing_in(client: FlaskClient):
    assert client.get("/coverage").status_code == 302


def test_finance_sees_figures_without_links_to_families(app: Flask):
    page = signed_in(app, Role.FINANCE).get("/coverage?campaign=FLOOD22")
    assert page.status_code == 200 and "/hand-overs" not in page.text and "/families?" not in page.text


def test_an_instance_without_any_campaign_still_answers(auditor: FlaskClient):
    page = auditor.get("/coverage?campaign=all")
    assert table_of(page.text)["total"]["registered"] == "47"


# --- Geometry ---


def geometry_url(page: str) -> str:
    told = re.search(r'"geometry": "([^"]+)"', page)
    assert told is not None
    return told[1].replace("\\u0026", "&")


def test_boundaries_are_fetched_once_and_kept_for_ever(auditor: FlaskClient):
    url = geometry_url(auditor.get("/coverage?level=taluka&area=PK703").text)
    answer = auditor.get(url, headers={"Accept-Encoding": "identity"})
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    geometries = json.loads(answer.data)["objects"]["areas"]["geometries"]
    assert {area["properties"]["code"] for area in geometries} == {"PK70301", "PK70302", "PK70303", "PK70304"}
    packed = auditor.get(url, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "br" and len(packed.data) < len(answer.data) / 2


def test_boundaries_under_an_old_address_are_gone(auditor: FlaskClient, coordinator: FlaskClient):
    assert auditor.get("/coverage/geometry/taluka/0123456789abcdef.json").status_code == 404
    assert auditor.get("/coverage/geometry/village/0123456789abcdef.json").status_code == 404
    url = geometry_url(auditor.get("/coverage?level=taluka&area=PK701").text)
    assert coordinator.get(url).status_code == 404


def test_the_page_itself_is_not_kept(auditor: FlaskClient):
    assert auditor.get("/coverage").headers["Cache-Control"] == "no-store"


def test_the_picture_for_browsers_without_script(auditor: FlaskClient):
    answer = auditor.get("/coverage/map.svg?campaign=FLOOD22&level=uc&area=PK703")
    assert answer.mimetype == "image/svg+xml"
    assert answer.text.count("<path d=") >= 50


# --- Hostile names ---


def give_hostile_names(app: Flask) -> None:
    """Give the taluka Mehar a name that would run in three languages of the web, and a UC one that a spreadsheet would run."""
    with app.app_context(), unit_of_work(SYSTEM) as work:
        work.session.execute(
            update(Area).where(Area.code == "PK70304").values(name_en=HOSTILE, name_ur=None, name_sd=None)
        )
        work.session.execute(update(Area).where(Area.code == MEHAR_UC).values(name_en="=HYPERLINK(1)"))


def test_a_hostile_name_is_text_in_every_file(app: Flask, auditor: FlaskClient):
    give_hostile_names(app)
    page = auditor.get("/coverage?area=PK703").text
    assert "<script>alert" not in page and "<img src=x" not in page and "&lt;img src=x" in page
    names = {row["name_en"] for row in rows_of(auditor.get("/coverage/areas.csv?level=uc&area=PK703").text)}
    assert "'=HYPERLINK(1)" in names
    features = json.loads(auditor.get("/coverage/areas.geojson?area=PK703").data)["features"]
    assert HOSTILE in {feature["properties"]["name_en"] for feature in features}
    assert HOSTILE not in auditor.get("/coverage/map.svg?area=PK703").text
