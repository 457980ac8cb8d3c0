"""Keys and tokens of a campaign as a page: who makes and revokes keys, who issues, and who is kept out."""

import pytest
from flask import Flask

from relief.entitlements.token_queries import count_tokens, list_keys
from relief.kernel.permissions import Role
from relief.store.work import reading
from tests.factories.campaigns import (
    Land,
    running,
)
from tests.web.conftest import Visit


def test_a_key_is_made_and_tokens_are_issued(app: Flask, land: Land, visit: Visit) -> None:
    with app.app_context():
        running(land)
    coordinator, administrator = visit(Role.COORDINATOR), visit(Role.ADMINISTRATOR)
    assert coordinator.post("/campaigns/1/tokens", data={"deed": "key"}).status_code == 403
    assert (
        "Key 1 is made" in administrator.post("/campaigns/1/tokens", data={"deed": "key"}, follow_redirects=True).text
    )
    issue = {"deed": "issue", "expires_on": "2022-12-31"}
    assert administrator.post("/campaigns/1/tokens", data=issue).status_code == 403
    part = coordinator.post("/campaigns/1/tokens", data=issue | {"area": "PK70301U1"}, follow_redirects=True)
    assert "1 tokens are issued." in part.text
    assert "2 tokens are issued." in coordinator.post("/campaigns/1/tokens", data=issue, follow_redirects=True).text
    early = coordinator.post("/campaigns/1/tokens", data=issue | {"expires_on": "2020-01-01"})
    assert early.status_code == 400 and "cannot expire before" in early.text
    assert coordinator.post("/campaigns/1/tokens", data={"deed": "nonsense"}).status_code == 400
    revoked = administrator.post("/campaigns/1/tokens", data={"deed": "revoke_key", "key": "1"}, follow_redirects=True)
    assert "Key 1 is revoked." in revoked.text
    with app.app_context(), reading(land.coordinator) as work:
        assert [key.state.value for key in list_keys(work, 1)] == ["revoked"]
        assert sum(counts.missing for counts in count_tokens(work, 1).values()) == 3


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.POINT_STAFF, Role.FINANCE])
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_is_kept_from_keys_and_tokens(app: Flask, land: Land, visit: Visit, role: Role) -> None:
    with app.app_context():
        running(land)
    assert visit(role).get("/campaigns/1/tokens").status_code == 403
