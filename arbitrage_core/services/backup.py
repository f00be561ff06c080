"""The backup: what a reset or a new run puts aside, in `HOME/backups/<UTC time>`, so that nothing is lost by clearing.

Journals are linked, not copied: it takes no time and no space, and they stay where they are as well. Nothing here
deletes a backup; whoever needs the space may.
"""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from arbitrage_core.storage.disk import could_not_write


class Backup:
    """One backup; its folder is made when the first thing goes into it. Methods raise DiskRefused."""

    def __init__(self, home: Path) -> None:
        self.home = home
        stem = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
        taken = sum(1 for _ in (home / "backups").glob(f"{stem}*"))
        self.folder = home / "backups" / (f"{stem}-{taken}" if taken else stem)
        self.kept: list[str] = []

    def move(self, path: Path, name: str) -> None:
        """Puts a file or folder aside under this name; nothing if it is not there."""
        if not path.exists() and not path.is_symlink():
            return
        target = self._place(name)
        try:
            shutil.move(path, target)
        except OSError as error:
            raise could_not_write(target, error) from error
        self.kept.append(name)

    def link(self, path: Path, name: str) -> None:
        """Keeps a folder's files as they are now under this name, by links where the disk can, else by copies."""
        files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else []
        for file in files:
            target = self._place(f"{name}/{file.relative_to(path).as_posix()}")
            try:
                os.link(file, target)
            except OSError:
                self._copy(file, target)
        if files:
            self.kept.append(name)

    def _copy(self, file: Path, target: Path) -> None:
        try:
            shutil.copy2(file, target)
        except OSError as error:
            raise could_not_write(target, error) from error

    def _place(self, name: str) -> Path:
        target = self.folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise could_not_write(target.parent, error) from error
        return target
