"""The preflight: what is seen to before a run, and given back as data so that the run writes it into its record.

Every finding is made; none stops another. Whether a finding that is not ok stops the run is the run's to say.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import arbitrage_core
from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services.backup import Backup
from arbitrage_core.services.home import home
from arbitrage_core.services.live_keys import clear_keys
from arbitrage_core.services.service import LOG_BYTES_MAX
from arbitrage_core.services.stores import Stores, services, status

SPACE_NEEDED_BYTES = 2 << 30
LOCK = Path(arbitrage_core.__file__).resolve().parent.parent / "requirements.lock"
NAMED_MAX = 5


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its name, whether it is as it must be, and what was seen or done."""

    name: str
    ok: bool
    detail: str


def preflight(
    stores: Stores,
    *,
    needs_prefect: bool = False,
    space_needed_bytes: int = SPACE_NEEDED_BYTES,
    folder: Path | None = None,
    lock: Path = LOCK,
) -> list[Finding]:
    """Looks at all a run depends on and clears what earlier runs left. Raises nothing but for a defect.

    `environment`: what is installed is what the lock pins. `disk`: enough space. `leftovers`: what dead servers left.
    `live_state`: this checkout's keys cleared, but those of sessions that are alive. `logs`: those that have grown are
    put into a backup, unless a session is alive. `services`: the stores, and Prefect where it is needed, are well.
    """
    place = (folder or home()).resolve()
    keys, living = _live_state(stores, place)
    return [
        environment(lock),
        _disk(place, space_needed_bytes),
        _leftovers(place),
        keys,
        _logs(place, living),
        _services(place, needs_prefect),
    ]


def environment(lock: Path) -> Finding:
    """Whether the installed packages are those of the lock, pin by pin, as far as its markers want them here."""
    try:
        pins = list(pins_of(lock))
    except (OSError, ValueError) as error:
        return Finding("environment", False, f"{lock.name} cannot be read: {error}")
    others = [
        f"{name} {found or 'missing'}, not {wanted}" for name, wanted in pins if (found := _installed(name)) != wanted
    ]
    if not others:
        return Finding("environment", bool(pins), f"{len(pins)} packages as in {lock.name}")
    more = f" and {len(others) - NAMED_MAX} more" if len(others) > NAMED_MAX else ""
    return Finding("environment", False, f"{', '.join(others[:NAMED_MAX])}{more}; delete .venv and run ./arb again")


def pins_of(lock: Path) -> Iterator[tuple[str, str]]:
    """Name and version of every package that a lock wants on this system. Raises OSError and ValueError."""
    from packaging.requirements import InvalidRequirement, Requirement

    for line in lock.read_text(encoding="utf-8").splitlines():
        if not line or line[0] in "# ":
            continue
        try:
            requirement = Requirement(line.rstrip("\\").strip())
        except InvalidRequirement as error:
            raise ValueError(f"no requirement: {line[:80]}") from error
        if requirement.marker is None or requirement.marker.evaluate():
            yield requirement.name, str(requirement.specifier).removeprefix("==")


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _disk(place: Path, needed_bytes: int) -> Finding:
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    free_bytes = shutil.disk_usage(existing).free
    detail = f"{free_bytes / 2**30:,.1f} GiB free, {needed_bytes / 2**30:,.1f} wanted"
    return Finding("disk", free_bytes >= needed_bytes, detail)


def _leftovers(place: Path) -> Finding:
    """Processes of services whose main process is gone: they are this checkout's, and serve nothing any more."""
    ended = [service.name for service in services(place) if service.folder.is_dir() and service.end_orphans()]
    return Finding("leftovers", True, f"ended what was left of {', '.join(ended)}" if ended else "none")


def _live_state(stores: Stores, place: Path) -> tuple[Finding, list[str] | None]:
    try:
        cleared, living = clear_keys(stores.redis_url, place)
    except BadInput as error:
        return Finding("live_state", False, f"not cleared: {error}"), None
    kept = f"; kept those of {', '.join(living)}, alive" if living else ""
    return Finding("live_state", True, f"{cleared} keys of earlier sessions cleared{kept}"), living


def _logs(place: Path, living: list[str] | None) -> Finding:
    if living or living is None:
        return Finding("logs", True, "left as they are: a session may be writing")
    backup = Backup(place)
    try:
        for log in sorted((place / "logs").glob("*")):
            backup.move(log, f"logs/platform/{log.name}")
        for service in services(place):
            grown = service.log.with_name(f"{service.log.name}.1")
            if grown.is_file() and grown.stat().st_size > LOG_BYTES_MAX:
                backup.move(grown, f"logs/{service.name}/{grown.name}")
    except (BadInput, OSError) as error:
        return Finding("logs", False, f"earlier logs could not be put aside: {error}")
    return Finding("logs", True, f"{len(backup.kept)} earlier logs put into {backup.folder}" if backup.kept else "none")


def _services(place: Path, needs_prefect: bool) -> Finding:
    wanted = {"postgres", "valkey", *(("prefect", "worker") if needs_prefect else ())}
    seen = [one for one in status(place) if one.service in wanted]
    detail = ", ".join(f"{one.service} {one.state}" + (f" ({one.detail})" if one.detail else "") for one in seen)
    return Finding("services", all(one.is_well for one in seen), detail)
