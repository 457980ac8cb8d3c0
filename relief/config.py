"""Settings, read once from the environment, and the places of the files that are shipped with the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_

# In a checkout the folders lie beside the package; in a wheel they are packed inside it.
_PACKED = Path(__file__).parent / "_assets"
ROOT = _PACKED if _PACKED.is_dir() else Path(__file__).parents[1]
TEMPLATES, STATIC, GEODATA = ROOT / "templates", ROOT / "static", ROOT / "geodata"


@dataclass(frozen=True, slots=True)
class Settings:
    """What one instance is told from outside. Two instances run side by side with two instance folders."""

    instance_path: Path
    database_url: str
    # The address under which phones reach the public pages, as "relief.example.org"; without it sheets carry compact codes.
    public_address: str | None = None
    # Set where a proxy ends TLS in front: cookies are then sent over HTTPS only, and forwarded headers are believed.
    behind_proxy: bool = False

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Settings:
        """Return the settings of the RELIEF_* variables; each has a default that suits one laptop.

        Raises: InvalidInput "settings.bad_database_url".
        """
        instance = Path(environ.get("RELIEF_INSTANCE") or "instance").absolute()
        url = environ.get("RELIEF_DATABASE_URL") or f"sqlite:///{instance / 'relief.sqlite3'}"
        # Hosting platforms hand out both older spellings; psycopg 3 is the driver that is installed.
        for older in ("postgres://", "postgresql://"):
            if url.startswith(older):
                url = "postgresql+psycopg://" + url.removeprefix(older)
        if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise InvalidInput(
                "settings.bad_database_url",
                N_("RELIEF_DATABASE_URL must begin with sqlite:/// or postgresql://."),
            )
        address = (environ.get("RELIEF_PUBLIC_ADDRESS") or "").removeprefix("https://").strip("/")
        return cls(instance, url, address or None, environ.get("RELIEF_BEHIND_PROXY", "") in ("1", "true", "yes"))

    @property
    def keys_path(self) -> Path:
        """Where the keyring lies: outside the database, so that a copy of the one is useless without the other."""
        return self.instance_path / "keys"
