"""`relief tokens`: the keys of campaigns, issuing, revoking and replacing tokens, print sheets, and verifying a text."""

from __future__ import annotations

import datetime as dt
import sys

import click

from relief.cli.campaigns import campaign_of
from relief.cli.console import actor_named, as_option, in_instance, json_option, report
from relief.cli.sheets import sheet
from relief.cli.users import area_of_code
from relief.distributions.queries import points_by_area
from relief.entitlements.issuing import IssueTokens, issue_tokens
from relief.entitlements.queries import entitled_by_uc
from relief.entitlements.revoking import ReplaceToken, RevokeToken, replace_token, revoke_token
from relief.entitlements.rules import Standing
from relief.entitlements.signing import make_campaign_key, revoke_campaign_key
from relief.entitlements.token_queries import TokenRow, count_tokens, get_token, list_keys, tokens_of_family
from relief.entitlements.verifying import verify_text
from relief.families.queries import find_by_code
from relief.kernel.codes import FamilyCode
from relief.kernel.dates import local_day
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.programmes.queries import find_campaign_by_number
from relief.store.work import Work, reading, unit_of_work

# So many are issued in one unit of work: while it runs, nobody else can write to an SQLite database.
_AT_ONCE = 20_000
_DAY = click.DateTime(["%Y-%m-%d"])

campaign_option = click.option(
    "--campaign", "campaign_code", metavar="CODE", required=True, help="The campaign's code."
)
family_option = click.option("--family", "family_code", metavar="CODE", required=True, help="F-00012345-67")


@click.group()
def group() -> None:
    """Keys, tokens, print sheets."""


group.add_command(sheet)


@group.command()
@campaign_option
@json_option
@as_option
@in_instance
def key(*, campaign_code: str, as_json: bool, email: str | None) -> None:
    """Make the key that signs the campaign's tokens; an earlier one is retired, and its tokens hold."""
    with unit_of_work(actor_named(email)) as work:
        key_id = make_campaign_key(work, campaign_of(work, campaign_code).id)
    report({"key": key_id}, as_json, f"Key {key_id} of {campaign_code.upper()} is made and sealed in the keyring.")


@group.command()
@campaign_option
@json_option
@as_option
@in_instance
def keys(*, campaign_code: str, as_json: bool, email: str | None) -> None:
    """List the campaign's keys with their public halves."""
    with reading(actor_named(email)) as work:
        rows = [
            {"key": row.key_id, "state": row.state.value, "made_at": row.made_at, "public_key": row.public_key.hex()}
            for row in list_keys(work, campaign_of(work, campaign_code).id)
        ]
    report({"keys": rows}, as_json, "\n".join(f"{r['key']:>3} {r['state']:<8} {r['public_key']}" for r in rows))


@group.command("revoke-key")
@campaign_option
@click.argument("key_id", type=click.IntRange(1, 255))
@json_option
@as_option
@in_instance
def revoke_key(*, campaign_code: str, key_id: int, as_json: bool, email: str | None) -> None:
    """Trust a key no longer: its tokens are refused, and the next issue replaces them."""
    with unit_of_work(actor_named(email)) as work:
        revoke_campaign_key(work, campaign_of(work, campaign_code).id, key_id)
    text = "The key is revoked. Make another, issue tokens again and print them."
    report({"key": key_id, "state": "revoked"}, as_json, text)


@group.command()
@campaign_option
@click.option("--in", "area_code", metavar="CODE", help="Only families of this area.")
@click.option("--expires", "expires_on", type=_DAY, help="The last day, 2022-12-31. Default: the campaign's last day.")
@json_option
@as_option
@in_instance
def issue(
    *, campaign_code: str, area_code: str | None, expires_on: dt.datetime | None, as_json: bool, email: str | None
) -> None:
    """Issue a token to each entitled family that has none. Send it again after a stop: it goes on."""
    actor = actor_named(email)
    with reading(actor) as work:
        campaign = campaign_of(work, campaign_code)
        area_id = area_of_code(work, area_code).id if area_code else None
        points = points_by_area(work, campaign.id)
        missing = sum(counts.missing for counts in count_tokens(work, campaign.id).values())
    last_day = expires_on.date() if expires_on else campaign.days.last_on
    command = IssueTokens(campaign.id, last_day, area_id, points, _AT_ONCE)
    total, issued = 0, _AT_ONCE
    with click.progressbar(length=missing, label="Tokens", file=sys.stderr) as bar:
        while issued == _AT_ONCE:
            with unit_of_work(actor) as work:
                issued = issue_tokens(work, command, bar.update)
            total += issued
    with reading(actor) as work:
        entitled = sum(entitled_by_uc(work, campaign.id).values())
    text = f"{total:,} tokens are issued; {entitled:,} families are entitled."
    report({"issued": total, "entitled": entitled, "expires_on": last_day}, as_json, text)


@group.command()
@campaign_option
@family_option
@click.option("--reason", required=True)
@json_option
@as_option
@in_instance
def revoke(*, campaign_code: str, family_code: str, reason: str, as_json: bool, email: str | None) -> None:
    """Revoke the token of a family; its paper is no longer honoured."""
    with unit_of_work(actor_named(email)) as work:
        token = _token_of(work, campaign_code, family_code)
        revoke_token(work, RevokeToken(token.id, reason))
    report({"serial": token.serial, "reissue": token.reissue}, as_json, f"Token {token.serial} is revoked.")


@group.command()
@campaign_option
@family_option
@click.option("--reason", required=True)
@json_option
@as_option
@in_instance
def replace(*, campaign_code: str, family_code: str, reason: str, as_json: bool, email: str | None) -> None:
    """Give a family a newer token for one that was lost or spoilt."""
    with unit_of_work(actor_named(email)) as work:
        token = _token_of(work, campaign_code, family_code)
        new = get_token(work, replace_token(work, ReplaceToken(token.id, reason)))
    text = f"Token {new.serial}-{new.reissue} replaces the older paper. Print it."
    report({"serial": new.serial, "reissue": new.reissue}, as_json, text)


@group.command()
@click.argument("text")
@json_option
@in_instance
def verify(*, text: str, as_json: bool) -> None:
    """Say whether the text of a token is genuine and what it is worth; never whose it is. Exit status 1 unless it holds."""
    with reading(actor_named(None)) as work:
        found = verify_text(work, text)
        standing = found.standing(local_day(work.at))
        campaign = find_campaign_by_number(work, found.body.campaign)
    body = found.body
    data = {
        "standing": standing.value, "genuine": found.is_genuine, "campaign_number": body.campaign,
        "campaign": campaign.code if campaign else None, "serial": body.serial, "reissue": body.reissue,
        "package": body.entitlement, "point": body.point, "key": body.key_id, "expires_on": body.expires_on,
    }  # fmt: skip
    said = f"{standing.label}: campaign {data['campaign'] or body.campaign}, serial {body.serial}, good up to {body.expires_on}."
    report(data, as_json, said)
    if standing is not Standing.VALID:
        raise click.exceptions.Exit(1)


def _token_of(work: Work, campaign_code: str, family_code: str) -> TokenRow:
    campaign = campaign_of(work, campaign_code)
    family_id = find_by_code(work, FamilyCode.parse(family_code))
    tokens = tokens_of_family(work, family_id) if family_id else []
    found = next((token for token in tokens if token.campaign_id == campaign.id), None)
    if found is None:
        raise NotFound("token.not_found", N_("There is no such token."))
    return found
