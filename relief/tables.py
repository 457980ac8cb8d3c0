"""Every table of the program in one place: importing this module makes the metadata whole."""

from __future__ import annotations

from relief.accounts import model as accounts
from relief.audit import model as audit
from relief.distributions import model as distributions
from relief.entitlements import model as entitlements
from relief.families import model as families
from relief.geography import model as geography
from relief.ledger import model as ledger
from relief.programmes import model as programmes
from relief.stock import model as stock
from relief.store.db import Model
from relief.sync import model as sync

# From the ground up: the floors in which foreign keys point down.
MODELS = (audit, geography, ledger, accounts, stock, programmes, families, entitlements, distributions, sync)

metadata = Model.metadata
