"""The coverage page: map and table of one campaign by area, and the same figures as files."""

from __future__ import annotations

import io
from typing import Any

import brotli
from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask_babel import gettext as _

from relief.config import Settings
from relief.coverage.classes import Classes, MapClass, Method, classes_of
from relief.coverage.drawing import draw_svg
from relief.coverage.indicators import Figures, Indicator, Unit
from relief.coverage.layers import (
    AREA_COLUMNS,
    FIGURE_COLUMNS,
    Boundaries,
    Source,
    boundaries_of,
    lay_over,
    table_rows,
    to_geojson,
)
from relief.coverage.maps import Assets, MapContent, MapParts, Shade, draw_map
from relief.coverage.queries import Coverage, Question, Row, coverage_of, levels_within, whole_area
from relief.distributions.rules import HandOverKind
from relief.files.writing import write_csv
from relief.geography.model import Level
from relief.geography.queries import AreaRecord, lineage_of, shapes_of
from relief.geography.topology import topology_etag, topology_of
from relief.kernel.actor import Actor
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.programmes.queries import list_campaigns
from relief.programmes.rules import CampaignState
from relief.store.work import Work, reading
from relief.web.access import Answer, current_actor, needs
from relief.web.coverage_view import ALL_CAMPAIGNS, View, campaign_of_choice, read_area, read_view
from relief.web.formats import area_name, format_number, format_percent, label, language
from relief.web.forms import Form
from relief.web.listing import Listing
from relief.web.security import csp_nonce
from relief.web.shell import HomeBlock, HomeFigure, HomeSection, MenuEntry

bp = Blueprint("coverage", __name__, url_prefix="/coverage")
MENU = (MenuEntry(N_("Coverage"), "coverage.index", Permission.COVERAGE_READ, order=10),)

_ONE_YEAR = 365 * 24 * 3600


@bp.get("")
@needs(Permission.COVERAGE_READ)
def index() -> Answer:
    """Show map and table."""
    listing = Listing.of_request(sorts=("name", *Indicator))
    with reading(current_actor()) as work:
        view = read_view(work)
        coverage = coverage_of(work, view.question)
        boundaries = boundaries_of(work, coverage, view.under)
        lineage = _lineage(work, view)
        etag = topology_etag(work, view.level, under_path=view.under.path if view.under else None)
    classes = classes_of(view.indicator, [row.figures for row in coverage.rows], view.method)
    return render_template(
        "coverage/index.html",
        view=view,
        form=Form(None, initial=view.arguments),
        coverage=coverage,
        rows=_sorted(coverage, listing),
        listing=listing,
        lineage=lineage,
        boundaries=boundaries,
        classes=classes,
        without_text=_("Nobody served yet") if view.indicator is Indicator.PER_FAMILY else _("Nobody entitled"),
        legend=[(shade, _bounds_text(view.indicator, shade)) for shade in classes.classes],
        map=_draw(view, coverage, classes, boundaries, etag),
        indicators=list(Indicator),
        options=_options(view),
        figure_text=figure_text,
        lists=_lists(view),
        drill_url=view.drill_url,
    )


@bp.get("/areas.csv")
@needs(Permission.COVERAGE_READ)
def csv() -> Answer:
    """Answer the table as CSV."""
    with reading(current_actor()) as work:
        view = read_view(work)
        coverage = coverage_of(work, view.question)
    stream = io.StringIO(newline="")
    write_csv(stream, (*AREA_COLUMNS, *FIGURE_COLUMNS), table_rows(coverage))
    return _file(view, stream.getvalue(), "csv", "text/csv")


@bp.get("/areas.geojson")
@needs(Permission.COVERAGE_READ)
def geojson() -> Answer:
    """Answer figures and boundaries as GeoJSON."""
    with reading(current_actor()) as work:
        view = read_view(work)
        coverage = coverage_of(work, view.question)
        shapes = shapes_of(work, view.level, view.under.path if view.under else None)
        boundaries = boundaries_of(work, coverage, view.under)
    source = Source.of(view.campaign.code if view.campaign else ALL_CAMPAIGNS, coverage, boundaries)
    return _file(view, to_geojson(lay_over(shapes, coverage), source), "geojson", "application/geo+json")


@bp.get("/map.svg")
@needs(Permission.COVERAGE_READ)
def picture() -> Answer:
    """Answer the map as a picture, for browsers without script."""
    with reading(current_actor()) as work:
        view = read_view(work)
        coverage = coverage_of(work, view.question)
        shapes = shapes_of(work, view.level, view.under.path if view.under else None)
    classes = classes_of(view.indicator, [row.figures for row in coverage.rows], view.method)
    colours = {
        row.area.code: None if number is None else classes.classes[number].colour
        for row, number in zip(coverage.rows, classes.numbers, strict=True)
    }
    shown = shapes[shapes["code"].isin(list(colours))]
    fills = [colours[code] for code in shown["code"]]
    return Response(draw_svg(shown.geometry.to_numpy(), fills, list(shown["is_schematic"])), mimetype="image/svg+xml")


@bp.get("/geometry/<level>/<tag>.json")
@needs(Permission.COVERAGE_READ)
def geometry(level: str, tag: str) -> Answer:
    """Answer the boundaries of a level as TopoJSON under the hash of their content: a browser asks once."""
    with reading(current_actor()) as work:
        under = read_area(work)
        path = under.path if under else None
        if level not in set(Level) or tag != topology_etag(work, Level(level), under_path=path):
            raise NotFound("boundary.not_found", N_("These boundaries have changed. Load the page again."))
        body = topology_of(work, Level(level), _settings().instance_path / "cache" / "boundaries", under_path=path).body
    response = Response(body, mimetype="application/json")
    if request.accept_encodings["br"]:
        response = Response(brotli.compress(body, quality=5), mimetype="application/json")
        response.headers["Content-Encoding"] = "br"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = f"private, max-age={_ONE_YEAR}, immutable"
    return response


# --- What the page is made of ----------------------------------------------------------------------------------------


def figure_text(indicator: Indicator, figures: Figures) -> str:
    """Return a figure as people read it: rupees without "PKR", which stands over the column; a dash for no value."""
    value = indicator.value_of(figures)
    if value is None:
        return "–"
    if isinstance(value, Money):
        return _rupees(value.paisa)
    return format_percent(value) if indicator.unit is Unit.SHARE else format_number(value)


def _lists(view: View) -> dict[Indicator, str]:
    """Return by indicator the address of the list behind its figures, up to the code of the area, as far as the reader may.

    Made once a page: a thousand areas have eight figures each.
    """
    about = {"campaign": view.campaign.id} if view.campaign else {}
    given = ("distributions.list", Permission.HAND_OVER_READ)
    lists: dict[Indicator, tuple[str, Permission, dict[str, Any]]] = {
        Indicator.REGISTERED: ("families.index", Permission.FAMILY_READ, {}),
        Indicator.SERVED: (*given, about | {"kind": HandOverKind.OPENING.value}),
        Indicator.DISBURSED: (*given, about),
        Indicator.UNEXPLAINED: (*given, about | {"kind": HandOverKind.CONFLICT.value}),
    }
    path = view.under.path if view.under else None
    return {
        indicator: url_for(endpoint, **arguments, area="")
        for indicator, (endpoint, permission, arguments) in lists.items()
        if endpoint in current_app.view_functions and current_actor().may(permission, path)
    }


def _options(view: View) -> dict[str, list[tuple[str, str]]]:
    """Return what the selects of the page offer."""
    instalments = view.campaign.instalments if view.campaign else 1
    return {
        "campaign": [
            *((campaign.code, campaign.name) for campaign in view.campaigns),
            (ALL_CAMPAIGNS, _("All campaigns")),
        ],
        "indicator": [(indicator.value, label(indicator)) for indicator in Indicator],
        "level": [(level.value, label(level)) for level in view.levels],
        "instalment": [(str(n), format_number(n)) for n in range(1, instalments + 1)] if instalments > 1 else [],
        # Shares have fixed classes.
        "classes": [] if view.indicator.unit is Unit.SHARE else [(method.value, label(method)) for method in Method],
    }


def _rupees(paisa: int) -> str:
    rupees, rest = divmod(abs(paisa), 100)
    return ("−" if paisa < 0 else "") + format_number(rupees) + (f".{rest:02d}" if rest else "")


def _bounds_text(indicator: Indicator, shade: MapClass) -> str:
    low, high = shade.low, shade.high
    if indicator.unit is Unit.SHARE:
        if low == high:
            return format_percent(low)
        if not low:
            return str(_("more than 0 to under %(high)s", high=_isolated(format_percent(high))))
        bounds = {"low": _isolated(format_percent(low)), "high": _isolated(format_percent(high))}
        return str(_("%(low)s to under %(high)s", **bounds))
    write = _rupees if indicator.unit is Unit.MONEY else format_number
    return write(int(low)) if low == high else f"{write(int(low))} – {write(int(high))}"


def _isolated(text: str) -> str:
    """Return the text so that a sentence from right to left does not turn "25 %" round."""
    return f"\u2068{text}\u2069"


def _sorted(coverage: Coverage, listing: Listing) -> list[Row]:
    if listing.sort == "name":
        return sorted(coverage.rows, key=lambda row: area_name(row.area), reverse=listing.descending)
    valued = [(Indicator(listing.sort).value_of(row.figures), row) for row in coverage.rows]
    known: list[tuple[Any, Row]] = [(value, row) for value, row in valued if value is not None]
    ordered = sorted(known, key=lambda pair: pair[0], reverse=listing.descending)
    return [row for _value, row in ordered] + [row for value, row in valued if value is None]


def _lineage(work: Work, view: View) -> list[AreaRecord]:
    """Return the areas from the outermost that the actor may see down to the one shown."""
    if view.under is None:
        return []
    return [area for area in lineage_of(work, view.under) if work.actor.may(Permission.COVERAGE_READ, area.path)]


def _draw(view: View, coverage: Coverage, classes: Classes, boundaries: Boundaries, etag: str) -> MapParts | None:
    if boundaries.bounds is None:
        return None
    title = label(view.indicator)
    shades = {
        row.area.code: Shade(number, f"{title}: {figure_text(view.indicator, row.figures)}")
        for row, number in zip(coverage.rows, classes.numbers, strict=True)
    }
    area = view.under.code if view.under else None
    content = MapContent(
        geometry_url=url_for("coverage.geometry", level=view.level.value, tag=etag, area=area),
        shades=shades,
        colours=[shade.colour for shade in classes.classes],
        bounds=boundaries.bounds,
        label=_("Map: %(indicator)s. The table has the same figures.", indicator=title),
        language=language(),
        texts={
            "loading": _("Loading the map…"),
            "failed": _("The map could not be loaded. The table has all figures."),
            "schematic": _("Schematic boundary"),
        },
    )
    asset = current_app.jinja_env.globals["asset"]
    assert callable(asset)
    return draw_map(content, Assets(asset("js/coverage.js"), asset("css/coverage.css")), csp_nonce())


def _file(view: View, content: str, suffix: str, kind: str) -> Response:
    names = [
        view.campaign.code if view.campaign else ALL_CAMPAIGNS,
        view.under.code if view.under else "",
        view.level.value,
    ]
    response = Response(content, content_type=f"{kind}; charset=utf-8")
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"coverage-{'-'.join(filter(None, names))}.{suffix}"
    )
    return response


def _settings() -> Settings:
    held = current_app.extensions["relief.settings"]
    assert isinstance(held, Settings)
    return held


# --- Home ------------------------------------------------------------------------------------------------------------


def _families_waiting(work: Work, _actor: Actor) -> HomeSection | None:
    campaign = campaign_of_choice(list_campaigns(work, (CampaignState.ACTIVE,)))
    if campaign is None:
        return None
    under = whole_area(work)
    total = coverage_of(work, Question(levels_within(work, under)[0], under, campaign.id)).total
    page = url_for(
        "coverage.index", campaign=campaign.code, indicator=Indicator.WAITING.value, sort="waiting", down="1"
    )
    share = format_percent(total.share_served)
    return HomeSection(
        _("Coverage: %(campaign)s", campaign=campaign.name),
        [
            HomeFigure(_("Families still waiting"), format_number(total.waiting), page, kind="waiting"),
            HomeFigure(
                _("Families served"), format_number(total.served), page, _("%(share)s of those entitled", share=share)
            ),
        ],
    )


HOME_BLOCKS = (HomeBlock(Permission.COVERAGE_READ, 50, _families_waiting),)
